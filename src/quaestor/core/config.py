"""The shape of `quaestor.yaml`: every key a user may write, typed and defaulted."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal

from msgspec import Meta, structs
from msgspec import field as defaulted

from quaestor.core.documents import (
    Document,
    convert,
    parse_document,
    read_document,
    with_environment,
)
from quaestor.core.errors import ConfigurationError
from quaestor.core.notifiers import Notifier, refuse_on
from quaestor.core.notifiers import check as check_notifiers
from quaestor.core.sources import (
    BillSource,
    FileSchema,
    FilesSource,
    GcpExportSource,
    MlflowSource,
    ModelGovSource,
    Source,
)
from quaestor.core.sources.common import Currency, Fault, Name, Strict
from quaestor.core.sources.mapping import faults

__all__ = [
    "BillSource",
    "Config",
    "FileSchema",
    "FilesSource",
    "MlflowSource",
    "ModelGovSource",
    "Source",
    "read_config",
]

Stage = Literal["data", "training", "evaluation", "inference", "experimentation", "platform"]
Driver = Literal[
    "even", "cost", "fixed", "requests", "tokens", "execution_seconds", "gpu_hours", "storage"
]

_MOST_MONEY = 10**18  # the ledger's money has 18 digits before the point


class TagKeys(Strict, frozen=True, kw_only=True):
    """Which tag keys name what, the first that is present and not blank wins."""

    team: tuple[str, ...] = ("gov.team", "team", "owner_team")
    model: tuple[str, ...] = ("gov.model", "model", "ml_model", "model_name")
    model_version: tuple[str, ...] = ("gov.model_version", "model_version")
    environment: tuple[str, ...] = ("environment", "env", "stage")
    lifecycle_stage: tuple[str, ...] = ("gov.lifecycle_stage", "lifecycle_stage", "ml_stage")


class LabelKeys(Strict, frozen=True, kw_only=True):
    """Which label keys of a pod name what, the first that is present and not blank wins."""

    team: tuple[str, ...] = ("gov.team", "team", "app.kubernetes.io/part-of")
    model: tuple[str, ...] = ("gov.model", "model", "serving.kserve.io/inferenceservice")
    model_version: tuple[str, ...] = ("gov.model_version", "model_version", "model-version")
    environment: tuple[str, ...] = ("environment", "env")
    lifecycle_stage: tuple[str, ...] = ("gov.lifecycle_stage", "lifecycle_stage", "ml_stage")


class AttributionRule(Strict, frozen=True, kw_only=True):
    """Charges and pods that match all of `match` belong to what the rule names.

    A name may hold `{1}` or `{group}`: what a group of the rule's regular expression found.
    """

    name: Name
    match: dict[str, str | int]
    team: str | None = None
    model: str | None = None
    model_version: str | None = None
    environment: str | None = None
    lifecycle_stage: Stage | None = None
    since: date | None = None
    until: date | None = None


class SharedRule(Strict, frozen=True, kw_only=True):
    """Cost that matches all of `match` is divided, month by month, over models or teams."""

    name: Name
    match: dict[str, str | int]
    by: Driver
    among: Literal["model", "team"] = "model"
    shares: dict[str, Decimal] = defaulted(default_factory=dict)

    def __post_init__(self) -> None:
        """Refuse what is no part of anything; that parts make up a whole is checked later."""
        for who, share in self.shares.items():
            if not share.is_finite() or share > 1:
                raise ValueError(f"the share of '{who}' is {share}, not between 0 and 1")


class Renaming(Strict, frozen=True, kw_only=True):
    """What is called `old` in a bill, a label or a registry is `new` throughout."""

    field: Literal["team", "model", "environment"]
    old: str
    new: str


class Overhead(Strict, frozen=True, kw_only=True):
    """Which pods keep a cluster running, for nobody in particular; `*` stands for any text."""

    namespaces: tuple[str, ...] = (
        "kube-*",
        "openshift-*",
        "gatekeeper-system",
        "gpu-operator",
        "istio-system",
        "knative-serving",
        "monitoring",
    )


class Budget(Strict, frozen=True, kw_only=True):
    """Money a team or a model may spend in a calendar month, in the reporting currency."""

    name: Name
    amount: Decimal
    team: str | None = None
    model: str | None = None
    environment: str | None = None
    starts: date | None = None


class SparkSettings(Strict, frozen=True, kw_only=True):
    """Where Apache Spark computes the ledger: in a process of its own, or on a server."""

    master: str | None = None  # local[*] and the like
    remote: str | None = None  # a server of Spark Connect, sc://...
    exchange: str | None = None  # a folder that the server sees under the same path
    options: dict[str, str] = defaulted(default_factory=dict)  # Spark's own, such as its memory


class Anomaly(Strict, frozen=True, kw_only=True):
    """What makes a day's cost unusual: all of the three have to be passed.

    Args:
        change_ratio: The change, as a share of what was expected.
        amount: The change, in the reporting currency.
        deviations: The change, in standard deviations of the four weeks before.
        days: How many of the last complete days are judged.
    """

    change_ratio: Annotated[float, Meta(gt=0)] = 0.2
    amount: Decimal = Decimal(50)
    deviations: Annotated[float, Meta(ge=0)] = 3.5
    days: Annotated[int, Meta(ge=1)] = 92


class Exclusion(Strict, frozen=True, kw_only=True):
    """Objects for which no advice is wanted; `*` stands for any text, what is left out for all."""

    name: Name
    reason: Annotated[str, Meta(min_length=1)]
    kinds: tuple[str, ...] = ()
    subject: str | None = None
    team: str | None = None
    model: str | None = None
    environment: str | None = None

    def __post_init__(self) -> None:
        """Refuse what would exclude everything; `skip` turns a kind off."""
        if (self.subject, self.team, self.model, self.environment) == (None,) * 4:
            raise ValueError(f"'{self.name}' names no subject, team, model or environment")


class Advice(Strict, frozen=True, kw_only=True):
    """What is advised, and by which thresholds.

    Args:
        params: Values of the parameters of a kind, or of maturity, carbon and cost_of_no_mlops.
        exclude: What is left alone.
        skip: Kinds that are not asked at all.
        least_saving: What advice has to save a month, in the reporting currency.
        dismissals: A folder; None: dismissals/ beside the file, if there is one.
    """

    params: dict[str, dict[str, Any]] = defaulted(default_factory=dict)
    exclude: tuple[Exclusion, ...] = ()
    skip: tuple[str, ...] = ()
    least_saving: Decimal = Decimal(1)
    dismissals: str | None = None


class Config(Strict, frozen=True, kw_only=True):
    """`quaestor.yaml`, read. Paths are relative to the file (`base`)."""

    sources: tuple[Source, ...] = ()
    warehouse: str = "quaestor.duckdb"
    landing: str = "landing"
    reports: str = "quaestor-reports"
    currency: Currency = "USD"
    rates: str | None = None
    tags: TagKeys = defaulted(default_factory=TagKeys)
    labels: LabelKeys = defaulted(default_factory=LabelKeys)
    attribution: tuple[AttributionRule, ...] = ()
    shared: tuple[SharedRule, ...] = ()
    names: tuple[Renaming, ...] = ()
    overhead: Overhead = defaulted(default_factory=Overhead)
    prices: str | None = None
    carbon: str | None = None  # a CSV of factors: grids, overhead, watts
    budgets: tuple[Budget, ...] = ()
    anomaly: Anomaly = defaulted(default_factory=Anomaly)
    advice: Advice = defaulted(default_factory=Advice)
    spark: SparkSettings | None = None
    policies: tuple[str, ...] = ("builtin",)
    params: dict[str, dict[str, Any]] = defaulted(default_factory=dict)
    waivers: str | None = None  # a folder; None: waivers/ beside the file, if there is one
    attestations: str | None = None  # a file or folder; None: attestations.yaml, if there is one
    notify: tuple[Notifier, ...] = ()
    metrics: str | None = None  # a file of OpenMetrics that each audit writes
    base: str = "."
    file: str = "quaestor.yaml"  # which was read, of `base`

    def resolve(self, path: str) -> Path:
        """Return a configured path, taken relative to the configuration file."""
        return Path(self.base, path)


def read_config(path: Path, environment: Mapping[str, str]) -> Config:
    """Read and check `quaestor.yaml`.

    Args:
        path: The file.
        environment: Where `${NAME}` is looked up; the caller's os.environ.

    Raises:
        ConfigurationError: Missing file, unknown key, wrong value, or two sources of one name.
    """
    document = read_document(path, absent="Check the path; `quaestor init` writes a new one.")
    value = with_environment(document.value or {}, environment, str(path))
    if not isinstance(value, dict):
        raise ConfigurationError(
            "is no mapping of keys to values", where=str(path), fix="See `quaestor init`."
        )
    for key in sorted({"base", "file"} & value.keys()):
        where = f"{path}:{document.line_of((key,))}"
        raise ConfigurationError(f"unknown key '{key}'", where=where, fix="Remove it.")
    refuse_on(value.get("notify"), document)
    config = convert(document, Config, {**value, "base": str(path.parent), "file": path.name})
    _check_names("source", [source.name for source in config.sources], str(path))
    _check_names("attribution rule", [rule.name for rule in config.attribution], str(path))
    _check_names("shared rule", [rule.name for rule in config.shared], str(path))
    _check_names("budget", [budget.name for budget in config.budgets], str(path))
    _check_names("exclusion", [one.name for one in config.advice.exclude], str(path))
    check_notifiers(config.notify, document)
    _check_spark(config.spark, document)
    _check_renamings(config.names, document)
    for number, source in enumerate(config.sources):
        _check_filled(source, number, document)
        _check_days(source, number, document)
        _check_mapping(source, number, document)
        fault = source.fault() if isinstance(source, GcpExportSource) else None
        if fault:
            raise _faulty(source, number, fault, document)
    _check_budgets(config.budgets, document)
    _check_anomaly(config.anomaly, document)
    return config


def parse_config(text: str, base: Path, environment: Mapping[str, str]) -> Config:
    """Read configuration from text, as `read_config` does from a file."""
    document = parse_document(text, base / "quaestor.yaml")
    value = with_environment(document.value or {}, environment, str(document.path))
    return convert(document, Config, {**value, "base": str(base)})


def _check_anomaly(anomaly: Anomaly, document: Document) -> None:
    if not anomaly.amount.is_finite() or not 0 <= anomaly.amount < _MOST_MONEY:
        raise ConfigurationError(
            f"a change of {anomaly.amount} makes no day unusual",
            where=f"{document.path}:{document.line_of(('anomaly', 'amount'))}",
            fix="Write an amount of zero or more, and below 10^18.",
        )


def _check_budgets(budgets: tuple[Budget, ...], document: Document) -> None:
    for number, budget in enumerate(budgets):
        if not budget.amount.is_finite() or not 0 < budget.amount < _MOST_MONEY:
            raise ConfigurationError(
                f"the budget '{budget.name}' has the amount {budget.amount}",
                where=f"{document.path}:{document.line_of(('budgets', str(number), 'amount'))}",
                fix="Write an amount above zero and below 10^18, or remove the budget.",
            )


def _check_renamings(names: tuple[Renaming, ...], document: Document) -> None:
    """Refuse a name that has two new ones, or whose new one is called otherwise itself."""
    new = {(one.field, one.old): one.new for one in names}
    for number, one in enumerate(names):
        where = f"{document.path}:{document.line_of(('names', str(number)))}"
        if sum((other.field, other.old) == (one.field, one.old) for other in names) > 1:
            raise ConfigurationError(
                f"the {one.field} '{one.old}' is renamed twice",
                where=where,
                fix="Keep the name it has today.",
            )
        if one.old == one.new:
            raise ConfigurationError(
                f"the {one.field} '{one.old}' is renamed to itself",
                where=where,
                fix="Write the name it had as `old:`, or remove the line.",
            )
        if (one.field, one.new) in new:
            raise ConfigurationError(
                f"the {one.field} '{one.old}' is now '{one.new}', which is itself called otherwise",
                where=where,
                fix=f"Write `new: {new[one.field, one.new]}`, if that is its name today.",
            )


def _check_spark(spark: SparkSettings | None, document: Document) -> None:
    """Refuse settings of which nobody knows where Spark runs, or where files are handed over."""
    if spark is None:
        return
    where = f"{document.path}:{document.line_of(('spark',))}"
    if (spark.master is None) == (spark.remote is None):
        raise ConfigurationError(
            "`spark:` needs either `master:` or `remote:`",
            where=where,
            fix="Write `spark: {master: 'local[*]'}`, or the address of a server: "
            "`spark: {remote: 'sc://host', exchange: /a/folder/it/sees}`.",
        )
    if spark.remote and not spark.exchange:
        raise ConfigurationError(
            "`spark:` with `remote:` needs `exchange:`",
            where=where,
            fix="Name a folder that this machine and the server see under the same path.",
        )


def _check_mapping(source: Source, number: int, document: Document) -> None:
    if not isinstance(source, FilesSource):
        return
    found = list(faults(source.mapping)) if source.mapping is not None else []
    if source.mapping is None and source.schema == "mapped":
        found = [Fault((), "schema: mapped without a mapping", "Add `mapping:`.")]
    elif source.mapping is not None and source.schema not in (None, "mapped"):
        fix = "Remove `schema:`, or the mapping."
        found = [Fault((), f"a mapping beside schema: {source.schema}", fix)]
    if source.mapping is None and source.leave_out is not None:
        fix = "Remove `leave_out:`, or add a mapping."
        found = [Fault((), "leave_out without a mapping", fix)]
    for fault in found:
        part = ("mapping", *fault.part)
        raise _faulty(source, number, Fault(part, fault.what, fault.fix), document)


def _check_filled(source: Source, number: int, document: Document) -> None:
    """Refuse a key that is needed and says nothing, such as `bucket: ''` of an unset variable."""
    for key in structs.fields(source):
        if key.required and getattr(source, key.name) == "":
            name = key.encode_name
            fault = Fault((name,), f"the key '{name}' is empty", f"Say what `{name}:` is.")
            raise _faulty(source, number, fault, document)


def _check_days(source: Source, number: int, document: Document) -> None:
    """Refuse a window without a day, which would read as if there were nothing."""
    since, until = getattr(source, "since", None), getattr(source, "until", None)
    if since and until and since > until:
        fault = Fault(("since",), f"since {since} is after until {until}", "Correct them.")
        raise _faulty(source, number, fault, document)


def _faulty(source: Source, number: int, fault: Fault, document: Document) -> ConfigurationError:
    line = document.line_of(("sources", str(number), *fault.part))
    where = f"{document.path}:{line}"
    return ConfigurationError(f"source {source.name}: {fault.what}", where=where, fix=fault.fix)


def _check_names(kind: str, names: list[str], where: str) -> None:
    for name in names:
        if names.count(name) > 1:
            raise ConfigurationError(
                f"two {kind}s are named '{name}'",
                where=where,
                fix=f"Give each {kind} a name of its own; rows are kept apart by it.",
            )

"""The landed file of an MLflow registry: its shape, and what it says in our words.

Unknown keys are left alone, because the REST API grows. What the file says stays verbatim in
`tags`; a value that must be a number or a time and is not becomes an `Unreadable`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from quaestor.core.errors import IncompleteError
from quaestor.normalise.registry_values import MODEL_VALUES, VERSION_VALUES, milliseconds

Text = str | int | float | bool | None
PREFIX = "gov."
OTHER_KEYS = {"fin.cost_center": "cost_center"}  # also known under another name


class Pair(Struct, frozen=True):
    """A tag, a parameter or a metric."""

    key: str
    value: Text = None


class Alias(Struct, frozen=True):
    """A name that points at a version."""

    alias: str
    version: str | int


class RegisteredModel(Struct, frozen=True):
    """A model as MLflow's REST API writes it."""

    name: str
    creation_timestamp: Text = None
    last_updated_timestamp: Text = None
    description: str | None = None
    tags: tuple[Pair, ...] = ()
    aliases: tuple[Alias, ...] = ()


class ModelVersion(Struct, frozen=True):
    """A model version as MLflow's REST API writes it."""

    name: str
    version: str | int
    creation_timestamp: Text = None
    last_updated_timestamp: Text = None
    user_id: str | None = None
    current_stage: str | None = None
    description: str | None = None
    source: str | None = None
    run_id: str | None = None
    tags: tuple[Pair, ...] = ()
    aliases: tuple[str, ...] = ()


class RunInfo(Struct, frozen=True):
    """What a run was."""

    run_id: str
    run_name: str | None = None
    experiment_id: str | int | None = None
    user_id: str | None = None
    status: str | None = None
    start_time: Text = None
    end_time: Text = None


class RunData(Struct, frozen=True):
    """What a run wrote down."""

    metrics: tuple[Pair, ...] = ()
    params: tuple[Pair, ...] = ()
    tags: tuple[Pair, ...] = ()


class Dataset(Struct, frozen=True):
    """What a run read."""

    name: str
    digest: str | None = None
    source_type: str | None = None
    source: str | None = None


class DatasetInput(Struct, frozen=True):
    """A dataset, and what it was read for (the tag mlflow.data.context)."""

    dataset: Dataset
    tags: tuple[Pair, ...] = ()


class RunInputs(Struct, frozen=True):
    """Everything a run read."""

    dataset_inputs: tuple[DatasetInput, ...] = ()


class Run(Struct, frozen=True):
    """A run as MLflow's REST API writes it."""

    info: RunInfo
    data: RunData = msgspec.field(default_factory=RunData)
    inputs: RunInputs = msgspec.field(default_factory=RunInputs)


class Export(Struct, frozen=True):
    """One landed file."""

    registered_models: tuple[RegisteredModel, ...]
    model_versions: tuple[ModelVersion, ...] = ()
    runs: tuple[Run, ...] = ()


@dataclass(frozen=True)
class Unreadable:
    """A value that is not what its column needs; the column stays empty.

    Args:
        row: Place of the model, version or run in its list, the first is 1.
        subject: `model churn`, `version churn:7`, `run 4f...`.
        field: The column, such as `model.risk_tier`.
        key: What the value was called where it stands: the tag, or MLflow's own field.
        value: The value as it stands.
        wanted: What it should have been.
    """

    row: int
    subject: str
    field: str
    key: str
    value: str
    wanted: str

    @property
    def reason(self) -> str:
        """Return the sentence for the quarantine and the blind spot."""
        return f"{self.subject}: the value of {self.key} is '{self.value[:80]}', not {self.wanted}"


@dataclass
class Rows:
    """What one file says, as rows for the SELECTs in sql/mlflow_*.sql."""

    models: list[dict[str, Any]] = field(default_factory=list)
    versions: list[dict[str, Any]] = field(default_factory=list)
    runs: list[dict[str, Any]] = field(default_factory=list)
    unreadable: list[Unreadable] = field(default_factory=list)


def read_export(path: Path, scope: str) -> Export:
    """Read a landed file.

    Raises:
        IncompleteError: It is empty, cut, no JSON, or of another shape.
    """
    try:
        return msgspec.json.decode(path.read_bytes(), type=Export)
    except (msgspec.MsgspecError, UnicodeDecodeError) as problem:
        raise IncompleteError(
            f"is no export of an MLflow registry ({problem})",
            where=scope,
            fix="Export it again: one JSON object with registered_models, model_versions and "
            "runs, as `quaestor collect` lands it from a server.",
        ) from None


def rows_of(export: Export) -> Rows:
    """Say in our words what a file says. The order of the file is kept."""
    rows = Rows()
    aliases: dict[tuple[str, str], set[str]] = {}
    for model in export.registered_models:
        for alias in model.aliases:
            aliases.setdefault((model.name, str(alias.version)), set()).add(alias.alias)
    for number, model in enumerate(export.registered_models, 1):
        rows.models.append(_model(model, number, rows.unreadable))
    for number, version in enumerate(export.model_versions, 1):
        named = aliases.get((version.name, str(version.version)), set()) | set(version.aliases)
        rows.versions.append(_version(version, sorted(named), number, rows.unreadable))
    for number, run in enumerate(export.runs, 1):
        rows.runs.append(_run(run, number, rows.unreadable))
    return rows


def _model(model: RegisteredModel, number: int, unreadable: list[Unreadable]) -> dict[str, Any]:
    tags = _object(model.tags)
    take = _reader("model", f"model {model.name}", number, unreadable)
    said = _governance(tags)
    return {
        "row": number,
        "model": model.name,
        "description": _filled(model.description),
        "created_ms": take("created_at", "creation_timestamp", model.creation_timestamp),
        "updated_ms": take("updated_at", "last_updated_timestamp", model.last_updated_timestamp),
        "said": said,
        **_values(MODEL_VALUES, said, take),
        "tags": tags,
    }


def _version(
    version: ModelVersion, aliases: list[str], number: int, unreadable: list[Unreadable]
) -> dict[str, Any]:
    tags = _object(version.tags)
    take = _reader("model_version", f"version {version.name}:{version.version}", number, unreadable)
    said = _governance(tags)
    values = _values(VERSION_VALUES, said, take)
    return {
        "row": number,
        "model": version.name,
        "version": str(version.version),
        "aliases": aliases,
        "stage": version.current_stage,
        "run_id": _filled(version.run_id),
        "description": _filled(version.description),
        "created_ms": take("created_at", "creation_timestamp", version.creation_timestamp),
        "updated_ms": take("updated_at", "last_updated_timestamp", version.last_updated_timestamp),
        "created_by": _filled(version.user_id),
        "artifact_uri": _filled(version.source),
        "said": said,
        **values,
        "lifecycle_unreadable": "lifecycle" in said and values["lifecycle"] is None,
        "tags": tags,
    }


def _run(run: Run, number: int, unreadable: list[Unreadable]) -> dict[str, Any]:
    info, tags = run.info, _object(run.data.tags)
    take = _reader("run", f"run {info.run_id}", number, unreadable)
    return {
        "row": number,
        "run_id": info.run_id,
        "name": info.run_name,
        "experiment": None if info.experiment_id is None else str(info.experiment_id),
        "status": info.status,
        "started_by": _filled(info.user_id or tags.get("mlflow.user")),
        "started_ms": take("started_at", "start_time", info.start_time),
        "ended_ms": take("ended_at", "end_time", info.end_time),
        "metrics": {pair.key: _metric(pair.value) for pair in _by_key(run.data.metrics)},
        "params": _object(run.data.params),
        "git_commit": _filled(tags.get("mlflow.source.git.commit")),
        "git_repo": _filled(tags.get("mlflow.source.git.repoURL")),
        "pipeline": _filled(tags.get("gov.pipeline")),
        "tags": tags,
        "datasets": [
            {
                "dataset": each.dataset.name,
                "digest": _filled(each.dataset.digest),
                "source_type": each.dataset.source_type,
                "source_uri": _address(each.dataset.source),
                "context": _object(each.tags).get("mlflow.data.context"),
            }
            for each in run.inputs.dataset_inputs
        ],
    }


def _by_key(pairs: Iterable[Pair]) -> list[Pair]:
    return sorted(pairs, key=lambda pair: pair.key)


def _object(pairs: Iterable[Pair]) -> dict[str, str]:
    return {pair.key: _text(pair.value) for pair in _by_key(pairs)}


def _filled(text: str | None) -> str | None:
    r"""Return a text as it stands, or None where it is blank.

    >>> _filled(" a "), _filled(" \t")
    (' a ', None)
    """
    return text if text and text.strip() else None


def _text(value: Text) -> str:
    if isinstance(value, str):
        return value
    return "" if value is None else msgspec.json.encode(value).decode()


def _metric(value: Text) -> float | None:
    """Return a metric; what is no finite number is unknown, and never compares as great.

    >>> _metric(0.91), _metric("NaN"), _metric("Infinity")
    (0.91, None, None)
    """
    try:
        number = float(value) if value is not None else math.nan
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _address(source: str | None) -> str | None:
    """Return where a dataset came from; MLflow wraps most addresses in a JSON object.

    >>> _address('{"uri": "s3://lake/churn.parquet"}'), _address("plain text")
    ('s3://lake/churn.parquet', 'plain text')
    """
    if not source or not source.startswith("{"):
        return source
    try:
        wrapped = msgspec.json.decode(source)
    except msgspec.MsgspecError:
        return source
    for key in ("uri", "url", "path", "table_name", "delta_table_name"):
        if isinstance(address := wrapped.get(key), str) and address:
            return address
    return source


def _governance(tags: Mapping[str, str]) -> dict[str, str]:
    """Return what gov.* tags say, by column; blank is not said, and gov. wins over fin."""
    other = {column: tags.get(key, "") for key, column in OTHER_KEYS.items()}
    ours = {
        key.removeprefix(PREFIX): value for key, value in tags.items() if key.startswith(PREFIX)
    }
    said = {key: value for key, value in other.items() if value.strip()}
    return said | {key: value for key, value in ours.items() if value.strip()}


Take = Callable[[str, str, Text], int | None]


def _reader(table: str, subject: str, row: int, unreadable: list[Unreadable]) -> Any:
    """Return a function that reads one value of a row and notes what it cannot read."""

    def take(column: str, key: str, value: Text, read: Any = milliseconds) -> Any:
        if value is None or value == "":
            return None
        try:
            return read.function(str(value))
        except ValueError:
            name = f"{table}.{column}"
            unreadable.append(Unreadable(row, subject, name, key, str(value), read.wanted))
            return None

    return take


def _values(readers: Mapping[str, Any], said: Mapping[str, str], take: Any) -> dict[str, Any]:
    return {
        column: take(column, f"{PREFIX}{column}", said.get(column), reader)
        for column, reader in readers.items()
    }

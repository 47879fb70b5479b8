"""The gate's targets that are files: what they deploy, and what it would cost."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click
from msgspec import Struct, field, structs

from quaestor.cli.output import plain
from quaestor.core.blind_spot import BlindSpot
from quaestor.core.errors import (
    ConfigurationError,
    IncompleteError,
    NothingEvaluatedError,
    QuaestorError,
)

if TYPE_CHECKING:
    from quaestor.audit.manifest import Deploy
    from quaestor.audit.policies import Policy
    from quaestor.audit.target import Asked
    from quaestor.cli.options import Call
    from quaestor.core.deploy import Deployed, DeployObject
    from quaestor.core.finding import Finding
    from quaestor.core.run_summary import PricedChange
    from quaestor.normalise import manifest
    from quaestor.warehouse.duckdb import Warehouse
    from quaestor.warehouse.overlay import Overlay

Version = tuple[str, str]  # model and version; "" is for the model alone
_FILES = (".yaml", ".yml", ".json")
_NAME_IT = {
    "sagemaker-endpoint": "Add the tags gov.model and gov.model_version to the configuration, or "
    "the CreateModel request of a registered model package to the file.",
}
_LABEL_IT = "Add the labels gov.model and gov.model_version to metadata.labels of the manifest."


class Deploying(Struct, frozen=True):
    """What files deploy, beside the warehouse.

    Args:
        found: The model versions to be judged.
        missing: What of the files there is no verdict on.
        spots: What is not known of a version that is deployed.
        overlays: What counts before the warehouse's own rows.
        priced: What each deployment changes of the cost.
        places: Where each deployment and model stands, by table and name.
        deployments: The names of what each version's manifests deploy; a version that a
            `model.gov.yaml` names is none of these.
    """

    found: tuple[Version, ...] = ()
    missing: tuple[QuaestorError, ...] = ()
    spots: Mapping[Version, tuple[BlindSpot, ...]] = field(default_factory=dict)
    overlays: tuple[Overlay, ...] = ()
    priced: tuple[PricedChange, ...] = ()
    places: Mapping[tuple[str, str], str] = field(default_factory=dict)
    deployments: Mapping[Version, frozenset[str]] = field(default_factory=dict)


def name_of(version: Version) -> str:
    """Return what a version is called, the model alone where no version is meant.

    >>> name_of(("churn", "7")), name_of(("churn", ""))
    ('churn:7', 'churn')
    """
    return ":".join(part for part in version if part)


def targets_of(texts: Sequence[str]) -> tuple[tuple[Asked, ...], Deploy | None]:
    """Tell names of model versions from files, and read the files.

    A text that names a file or a folder is one; `-` is standard input.

    Raises:
        QuaestorError: Neither, or a file that cannot be read or holds nothing for the gate.
    """
    from quaestor.audit.target import parse

    asked: list[Asked] = []
    files: list[tuple[str, bytes | None]] = []
    for text in dict.fromkeys(texts):
        if text == "-":
            from quaestor.audit.manifest import MOST_BYTES

            files.append((text, sys.stdin.buffer.read(MOST_BYTES + 1)))
        elif _exists(text):
            files.append((text, None))
        elif text.lower().endswith(_FILES) or text.endswith("/"):
            raise ConfigurationError(
                "no such file", where=plain(text), fix="Check the path of the target."
            )
        else:
            asked.append(parse(text))
    if not files:
        return tuple(asked), None
    from quaestor.audit.manifest import is_target, read_deploy

    deploy = read_deploy(files)
    if not asked and not any(is_target(one) for one in deploy.objects):
        raise min(deploy.problems, key=lambda problem: problem.exit_code)
    return tuple(asked), deploy


def _exists(text: str) -> bool:
    try:
        return bool(text.strip()) and Path(text).exists()
    except (OSError, ValueError):  # a name of 300 characters, or with a zero byte, is no path
        return False


def deploying(
    warehouse: Warehouse,
    deploy: Deploy | None,
    *,
    environment: str,
    unseen: Sequence[BlindSpot] = (),
) -> Deploying:
    """Read what files deploy, and price it; nothing is written to the warehouse.

    Args:
        warehouse: A built warehouse.
        deploy: What the files hold; None: there are none.
        environment: Where it is to run.
        unseen: What of the registries could not be seen: it may have what is missing.
    """
    if deploy is None:
        return Deploying()
    from quaestor.ledger import deploy_cost
    from quaestor.normalise import manifest

    read = manifest.read(warehouse, deploy.objects, environment=environment)
    priced = deploy_cost.price(warehouse, read.deployments)
    deploy_cost.lay_over(warehouse, manifest.CATALOG, read.deployments, priced)
    answer = Deploying(
        missing=(*deploy.problems, *_empty(deploy, read.deployments, read.models)),
        overlays=tuple(_overlays()),
        priced=priced,
        places={
            **{("registry.deployment", one.deployment): one.place for one in read.deployments},
            **{("registry.model", model): place for place, (model, _) in read.models.items()},
        },
    )
    return _with_versions(warehouse, answer, read, unseen)


def _overlays() -> Iterable[Overlay]:
    """Yield what counts before each table once a deploy was read."""
    from quaestor.ledger.deploy_cost import BUDGET_KEY
    from quaestor.normalise.manifest import CATALOG, KEYS, REPLACED, REPLACED_BY, REPLACED_IN
    from quaestor.warehouse.overlay import Overlay

    for table, key in {**KEYS, "ledger.budget": BUDGET_KEY}.items():
        if table in REPLACED_IN:
            yield Overlay(table, f"{CATALOG}.{table}", key, REPLACED, REPLACED_BY)
        else:
            yield Overlay(table, f"{CATALOG}.{table}", key)


def _with_versions(
    warehouse: Warehouse, answer: Deploying, read: manifest.Read, unseen: Sequence[BlindSpot]
) -> Deploying:
    """Add the versions that are to be judged, and what is missing of them."""
    from quaestor.normalise.manifest import known_version

    found: dict[Version, set[str]] = {}
    spots: dict[Version, list[BlindSpot]] = {}
    missing = list(answer.missing)
    for one in read.deployments:
        if one.model is None:
            missing.append(_nobody_says(one))
        elif one.version is None:
            found.setdefault((one.model, ""), set()).add(one.deployment)
            spots.setdefault((one.model, ""), []).append(_no_version(one))
        elif known_version(warehouse, one.model, one.version):
            found.setdefault((one.model, one.version), set()).add(one.deployment)
        else:
            missing.append(_not_registered(one, unseen))
    stated = {
        (model, version): None
        for model, versions in read.models.values()
        for version in versions or ("",)
    }
    for version in found:
        spots.setdefault(version, []).extend(read.blind_spots)
    return structs.replace(
        answer,
        found=tuple(dict.fromkeys((*found, *stated))),
        missing=tuple(missing),
        spots={version: tuple(each) for version, each in spots.items()},
        deployments={
            version: frozenset(names) for version, names in found.items() if version not in stated
        },
    )


def _empty(
    deploy: Deploy, deployed: Sequence[Deployed], models: Mapping[str, object]
) -> Iterable[QuaestorError]:
    """Yield an error for each target whose manifests name no model."""
    from quaestor.audit.manifest import is_target

    judged = {one.target for one in deployed}
    judged |= {one.target for one in deploy.objects if one.place in models}
    serving: dict[str, DeployObject] = {}
    for one in deploy.objects:
        if one.target not in judged and is_target(one):
            serving.setdefault(one.target, one)
    for one in serving.values():
        name = one.text("metadata", "name")
        what = f"{one.text('kind')} {plain(name)}" if name else "the manifest"
        yield NothingEvaluatedError(f"{what} names no model", where=plain(one.place), fix=_LABEL_IT)


def _nobody_says(one: Deployed) -> QuaestorError:
    uri = f"; no registry has {plain(one.artifact_uri)}" if one.artifact_uri else ""
    return IncompleteError(
        f"nobody says which model {plain(one.deployment)} serves{uri}",
        where=plain(one.place),
        fix=_NAME_IT.get(one.kind, _LABEL_IT),
    )


def _not_registered(one: Deployed, unseen: Sequence[BlindSpot]) -> QuaestorError:
    what = (
        f"no registry has {plain(one.model)}:{plain(one.version)}, "
        f"which {plain(one.deployment)} serves"
    )
    if unseen:
        spot = unseen[0]
        return IncompleteError(
            f"{what}, and not every registry could be seen",
            where=f"{plain(spot.source)}: {plain(spot.reason)}",
            fix=spot.fix,
        )
    return NothingEvaluatedError(
        what,
        where=plain(one.place),
        fix="Register the version, or correct the manifest; collect first if it is new "
        "(--collect).",
    )


def _no_version(one: Deployed) -> BlindSpot:
    return BlindSpot(
        source=one.source,
        scope=one.deployment,
        reason=f"it does not say which version of {one.model} it serves ({one.place})",
        fix=_NAME_IT.get(one.kind, "Add the label gov.model_version to metadata.labels."),
    )


def of_deploy(
    warehouse: Warehouse,
    findings: Mapping[Version, Sequence[Finding]],
    deployed: Mapping[Version, frozenset[str]],
    policies: Sequence[Policy],
) -> dict[Version, tuple[Finding, ...]]:
    """Leave out what is said of other deployments of a version: they are not what is deployed.

    Args:
        warehouse: A built warehouse.
        findings: By version.
        deployed: The deployments of the versions that manifests deploy; of others all count.
        policies: Those that were asked.
    """
    about = {
        policy.id for policy in policies if policy.says.subject in (None, "registry.deployment")
    }
    kept = {version: tuple(each) for version, each in findings.items()}
    for version, names in deployed.items():
        if version not in kept:
            continue
        rows = warehouse.rows(
            "select deployment from registry.deployment where model = ?", [version[0]]
        )
        others = {name for (name,) in rows} - names
        kept[version] = tuple(
            one for one in kept[version] if one.policy not in about or one.subject not in others
        )
    return kept


def say_ignored(call: Call, deploy: Deploy | None) -> None:
    """Say what of folders was not looked at."""
    if deploy is None or call.quiet or call.json_errors:
        return
    if deploy.ignored:
        count = f"{deploy.ignored:,} file{'s' if deploy.ignored != 1 else ''}"
        holds = "holds" if deploy.ignored == 1 else "hold"
        click.echo(f"{count} of the folders {holds} nothing for the gate", err=True)
    for chart in deploy.charts:
        click.echo(
            f"not looked at: the templates of {plain(chart)}; "
            f"try `helm template {plain(chart)} | quaestor gate -`",
            err=True,
        )

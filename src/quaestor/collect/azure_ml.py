"""Land what a workspace of Azure Machine Learning ran and knows; a registry beside it, too.

Each part is asked for by itself: one that is denied or fails is a gap, and what was landed of it
before stays in force. Batch endpoints are not asked for: what they run are jobs. How Azure is
asked: `azure_ml_rest.py`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import datetime
from functools import cache, partial
from typing import TYPE_CHECKING, Any

from quaestor.collect import (
    azure_ml_fields,
    azure_ml_hours,
    azure_ml_jobs,
    azure_ml_registry,
    azure_ml_rest,
)
from quaestor.collect.objects import land_objects
from quaestor.core.errors import PartlyReadError, QuaestorError
from quaestor.core.landed import Gap

if TYPE_CHECKING:
    from quaestor.collect.azure_ml_rest import Arm
    from quaestor.collect.landing import Landing
    from quaestor.core.config import Config
    from quaestor.core.landed import LandedFile
    from quaestor.core.sources import AzureMlSource

    Part = tuple[str, tuple[str, ...], Callable[[], list[LandedFile]]]

_MODELS = ("models", "model-versions")


def collect(
    source: AzureMlSource,
    config: Config,
    landing: Landing,
    *,
    now: datetime,
    progress: Callable[[str], None],
) -> None:
    """Land every part that can be read (see `Collector.collect`)."""
    del config  # an address needs no base folder
    current = landing.current()
    gaps: list[Gap] = []
    with azure_ml_rest.opened(source, progress) as arm:
        workspace = arm.taken(azure_ml_fields.workspace, arm.one(arm.workspace))
        files = [land_objects(landing, source.workspace, "workspace", [workspace])]
        for place, kinds, land in _parts(arm, landing, workspace, now):
            progress(f"{source.name}: {place}, {kinds[0]}")
            try:
                files += land()
            except QuaestorError as problem:
                gaps.append(Gap(scope=f"{place}/{kinds[0]}", reason=problem.what, fix=problem.fix))
                files += [
                    file
                    for file in (current.files if current else ())
                    if file.scope.startswith(f"{place}/") and file.scope.rpartition("/")[2] in kinds
                ]
    landing.snapshot(files, kind="azure-ml", schema="azure-ml", now=now)
    if gaps:
        raise PartlyReadError(gaps, where=f"{arm.place} (source {source.name})")


def doctor(source: AzureMlSource, config: Config) -> str:
    """Count the models and endpoints that can be seen (see `Collector.doctor`)."""
    del config
    with azure_ml_rest.opened(source, lambda _: None) as arm:
        arm.one(arm.workspace)
        told = []
        for what, noun in (("models", "model"), ("onlineEndpoints", "online endpoint")):
            found = sum(1 for _ in arm.items(f"{arm.workspace}/{what}"))
            told.append(f"{found:,} {noun}{'s' if found != 1 else ''}")
        if source.registry:
            found = sum(1 for _ in arm.items(f"{arm.registry}/models"))
            told.append(f"{found:,} in the registry {source.registry}")
    return f"{source.workspace}: {', '.join(told)}"


def permissions(source: AzureMlSource) -> str:
    """Return a role for the workspace (see `Collector.permissions`)."""
    group = f"/subscriptions/{source.subscription}/resourceGroups/"
    scopes = {source.resource_group, source.registry_resource_group or source.resource_group}
    workspaces = "Microsoft.MachineLearningServices/workspaces"
    role = {
        "Name": "Quaestor machine learning reader",
        "IsCustom": True,
        "Description": (
            "Reads jobs, computes, online endpoints, models, their metrics and role assignments; "
            "no keys, no data, no artifacts. Sizes of machines are the subscription's: assign "
            "Microsoft.Compute/skus/read there, or GPUs stay unknown."
        ),
        "Actions": [
            f"{workspaces}/read",
            f"{workspaces}/computes/read",
            f"{workspaces}/experiments/read",
            f"{workspaces}/experiments/runs/read",
            f"{workspaces}/jobs/read",
            f"{workspaces}/models/read",
            f"{workspaces}/models/versions/read",
            f"{workspaces}/onlineEndpoints/read",
            f"{workspaces}/onlineEndpoints/deployments/read",
            "Microsoft.MachineLearningServices/registries/read",
            "Microsoft.MachineLearningServices/registries/models/read",
            "Microsoft.MachineLearningServices/registries/models/versions/read",
            "Microsoft.Authorization/roleAssignments/read",
            "Microsoft.Authorization/roleDefinitions/read",
            "Microsoft.Compute/skus/read",
            "Microsoft.Insights/metrics/read",
        ],
        "NotActions": [],
        "DataActions": [],
        "NotDataActions": [],
        "AssignableScopes": sorted(f"{group}{scope}" for scope in scopes),
    }
    return json.dumps(role, indent=2)


def _parts(arm: Arm, landing: Landing, workspace: dict[str, Any], now: datetime) -> Iterator[Part]:
    """Yield each part: its place, the kinds of files it is landed as, and how it is landed."""
    place = arm.source.workspace
    location = str(workspace.get("location") or "")
    yield place, ("jobs",), partial(azure_ml_jobs.land_jobs, arm, landing, now)
    runs = partial(azure_ml_jobs.land_runs, arm, landing, workspace, now)
    yield place, ("runs", "child-jobs"), runs
    yield place, ("computes",), partial(azure_ml_registry.computes, arm, landing)
    yield place, ("sizes",), partial(azure_ml_registry.sizes, arm, landing, location, now)
    listed = cache(partial(azure_ml_registry.endpoints, arm))  # for two parts
    yield (
        place,
        ("endpoints", "deployments"),
        lambda: azure_ml_registry.land_endpoints(arm, landing, *listed()),
    )
    yield place, ("hours",), lambda: azure_ml_hours.land(arm, landing, *listed(), now)
    yield place, _MODELS, partial(azure_ml_registry.models, arm, landing, arm.workspace, place)
    yield (
        place,
        ("role-assignments", "role-definitions"),
        partial(azure_ml_registry.grants, arm, landing),
    )
    if arm.source.registry:
        of_registry = f"registries/{arm.source.registry}"
        yield (
            of_registry,
            _MODELS,
            partial(azure_ml_registry.models, arm, landing, arm.registry, of_registry),
        )

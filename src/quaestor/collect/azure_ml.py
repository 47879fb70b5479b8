"""Land what a workspace of Azure Machine Learning ran and knows; a registry beside it, too.

Batch endpoints are not asked for: what they run are jobs. How Azure is asked: `azure_ml_rest.py`;
what becomes of a part that is denied: `cloud_ml.py`.
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
from quaestor.collect.cloud_ml import Part, land_parts
from quaestor.collect.objects import land_objects
from quaestor.core.errors import PartlyReadError

if TYPE_CHECKING:
    from quaestor.collect.azure_ml_rest import Arm
    from quaestor.collect.landing import Landing
    from quaestor.core.config import Config
    from quaestor.core.sources import AzureMlSource

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
    with azure_ml_rest.opened(source, progress) as arm:
        workspace = arm.taken(azure_ml_fields.workspace, arm.one(arm.workspace))
        files = [land_objects(landing, source.workspace, "workspace", [workspace])]
        parts = _parts(arm, landing, workspace, now)
        found, gaps = land_parts(landing, parts, lambda what: progress(f"{source.name}: {what}"))
        files += found
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
    """Yield what is asked for: of the workspace, then of the registry beside it."""
    place = arm.source.workspace
    location = str(workspace.get("location") or "")
    yield Part(place, ("jobs",), partial(azure_ml_jobs.land_jobs, arm, landing, now))
    runs = partial(azure_ml_jobs.land_runs, arm, landing, workspace, now)
    yield Part(place, ("runs", "child-jobs"), runs)
    yield Part(place, ("computes",), partial(azure_ml_registry.computes, arm, landing))
    yield Part(place, ("sizes",), partial(azure_ml_registry.sizes, arm, landing, location, now))
    listed = cache(partial(azure_ml_registry.endpoints, arm))  # for two parts
    yield Part(
        place,
        ("endpoints", "deployments"),
        lambda: azure_ml_registry.land_endpoints(arm, landing, *listed()),
    )
    yield Part(place, ("hours",), lambda: azure_ml_hours.land(arm, landing, *listed(), now))
    models = partial(azure_ml_registry.models, arm, landing)
    yield Part(place, _MODELS, partial(models, arm.workspace, place))
    grants = partial(azure_ml_registry.grants, arm, landing)
    yield Part(place, ("role-assignments", "role-definitions"), grants)
    if arm.source.registry:
        of_registry = f"registries/{arm.source.registry}"
        yield Part(of_registry, _MODELS, partial(models, arm.registry, of_registry))

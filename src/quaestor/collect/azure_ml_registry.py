"""Land a workspace's endpoints, computes and sizes, its models and a registry's, and its roles.

Role assignments are those at the workspace and above it, so that what a subscription grants is
seen too. Principals are ids: their names stand in Microsoft Graph, which is not asked.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import TYPE_CHECKING, Any

from quaestor.collect import azure
from quaestor.collect import azure_ml_fields as fields
from quaestor.collect.azure_ml_rest import segment
from quaestor.collect.objects import land_objects

if TYPE_CHECKING:
    from quaestor.collect.azure_ml_rest import Arm
    from quaestor.collect.landing import Landing
    from quaestor.core.landed import LandedFile

Found = dict[str, Any]
_AUTHORIZATION = "2022-04-01"  # of Microsoft.Authorization
_COMPUTE = "2021-07-01"  # of Microsoft.Compute/skus


def endpoints(arm: Arm) -> tuple[list[Found], list[Found]]:
    """Return the online endpoints, and their deployments, each with its endpoint's name."""
    path = f"{arm.workspace}/onlineEndpoints"
    found = [arm.taken(fields.endpoint, one) for one in arm.items(path)]
    deployed = [
        {**arm.taken(fields.deployment, one), "endpoint": str(endpoint.get("name"))}
        for endpoint in found
        for one in arm.items(f"{path}/{segment(endpoint.get('name'))}/deployments")
    ]
    return found, deployed


def land_endpoints(
    arm: Arm, landing: Landing, found: list[Found], deployed: list[Found]
) -> list[LandedFile]:
    """Return the files of endpoints and deployments."""
    place = arm.source.workspace
    return [
        _land(landing, place, "endpoints", found),
        _land(landing, place, "deployments", deployed),
    ]


def computes(arm: Arm, landing: Landing) -> list[LandedFile]:
    """Return the file of the workspace's computes."""
    listed = arm.items(f"{arm.workspace}/computes")
    found = [arm.taken(fields.compute, one) for one in listed]
    return [_land(landing, arm.source.workspace, "computes", found)]


def sizes(arm: Arm, landing: Landing, location: str, now: datetime) -> list[LandedFile]:
    """Return the file of what machines of a location have, asked for once a month."""
    place = f"{arm.source.workspace}/{location}"
    month = f"{now:%Y-%m}"
    if have := landing.known().get((f"{place}/sizes", month)):
        return [have]
    listed = arm.items(
        f"/subscriptions/{arm.source.subscription}/providers/Microsoft.Compute/skus",
        _COMPUTE,
        filter_=f"location eq '{location}'",
    )
    found = [
        arm.taken(fields.size, one)
        for one in listed
        if one.get("resourceType") == "virtualMachines"
    ]
    return [land_objects(landing, place, "sizes", sorted(found, key=_text), version=month)]


def models(arm: Arm, landing: Landing, resource: str, place: str) -> list[LandedFile]:
    """Return the files of the models of a workspace or a registry, and of their versions."""
    path = f"{resource}/models"
    query = {"listViewType": "All"} if "/workspaces/" in resource else {}
    found = [arm.taken(fields.model, one) for one in arm.items(path, **query)]
    names = sorted(str(one.get("name")) for one in found)

    def versions(name: str) -> list[Found]:
        listed = arm.items(f"{path}/{segment(name)}/versions", **query)
        return [{**arm.taken(fields.model_version, one), "model": name} for one in listed]

    with ThreadPoolExecutor(azure.THREADS) as pool:
        of_models = list(pool.map(versions, names))
    return [
        _land(landing, place, "models", found),
        _land(landing, place, "model-versions", [one for some in of_models for one in some]),
    ]


def grants(arm: Arm, landing: Landing) -> list[LandedFile]:
    """Return the files of the role assignments, and of what those roles permit."""
    place = arm.source.workspace
    path = f"{arm.workspace}/providers/Microsoft.Authorization/roleAssignments"
    listed = arm.items(path, _AUTHORIZATION, filter_="atScope()")
    found = [arm.taken(fields.assignment, one) for one in listed]
    named = sorted({str(one["properties"].get("roleDefinitionId")) for one in found})
    roles = [arm.taken(fields.role, arm.one(one, _AUTHORIZATION)) for one in named]
    return [
        _land(landing, place, "role-assignments", found),
        _land(landing, place, "role-definitions", roles),
    ]


def _land(landing: Landing, place: str, kind: str, found: list[Found]) -> LandedFile:
    return land_objects(landing, place, kind, sorted(found, key=_text))


def _text(one: Found) -> str:
    """Return what an order that stays goes by."""
    return "\n".join(str(one.get(part)) for part in ("id", "endpoint", "model", "name"))

"""What of Azure Machine Learning's answers is landed: evidence. Commands and variables are not.

They may hold secrets, and so do keys, addresses of consoles and the settings of SSH. Fields that
change at each look without telling anything (`lastModifiedAt` of a job that runs) stay away too.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Fields = Mapping[str, Any]
_CODE = ("azureml.git.", "mlflow.source.git.")  # the properties of a job that name its code


def only(told: Fields | None, *names: str) -> dict[str, Any]:
    """Return some fields; one that is absent, or null, stays away.

    >>> only({"name": "a", "keys": {"primary": "x"}, "tags": None}, "name", "tags")
    {'name': 'a'}
    """
    return {name: told[name] for name in names if told and told.get(name) is not None}


def _resource(told: Fields, *properties: str) -> dict[str, Any]:
    """Return the frame that all resources have, and some of its properties."""
    return {
        **only(told, "id", "name", "kind", "location", "tags", "sku"),
        "systemData": only(told.get("systemData"), "createdAt", "createdBy", "createdByType"),
        "properties": only(told.get("properties"), *properties),
    }


def workspace(told: Fields) -> dict[str, Any]:
    """Return what is landed of the workspace."""
    return _resource(told, "workspaceId", "publicNetworkAccess", "mlFlowTrackingUri")


def job(told: Fields) -> dict[str, Any]:
    """Return what is landed of a job of any type."""
    kept = _resource(
        told,
        *("jobType", "displayName", "experimentName", "status", "computeId", "tags"),
        *("isArchived", "environmentId", "description"),
    )
    properties = told.get("properties") or {}
    trial = properties.get("trial") or {}
    machines = properties.get("resources") or trial.get("resources")
    inputs = properties.get("inputs") or {}
    kept["properties"] |= {
        "resources": only(machines, "instanceCount", "instanceType"),
        "limits": only(properties.get("limits"), "timeout"),
        "code": {
            key: value
            for key, value in (properties.get("properties") or {}).items()
            if key.startswith(_CODE)
        },
        "inputs": [
            {"name": name, **only(one, "jobInputType", "uri")}
            for name, one in sorted(inputs.items())
            if isinstance(one, Mapping) and one.get("uri")
        ],
    }
    return kept


def run(told: Fields) -> dict[str, Any]:
    """Return what is landed of a run, as MLflow's API tells it."""
    data = told.get("data") or {}
    return {
        "name": told["info"]["run_id"],
        "info": only(told["info"], "run_id", "status", "start_time", "end_time", "user_id"),
        "metrics": {one["key"]: one.get("value") for one in data.get("metrics") or ()},
        "tags": {one["key"]: one.get("value") for one in data.get("tags") or ()},
    }


def compute(told: Fields) -> dict[str, Any]:
    """Return what is landed of a compute: its type, the size of its machines, what stops it."""
    kept = _resource(told, "computeType", "computeLocation", "provisioningState", "createdOn")
    inside = (told.get("properties") or {}).get("properties")
    kept["properties"]["properties"] = only(
        inside,
        *("vmSize", "vmPriority", "agentVmSize", "scaleSettings", "state"),
        *("idleTimeBeforeShutdown", "lastOperation"),
    )
    owner = (inside or {}).get("personalComputeInstanceSettings") or {}
    if assigned := only(owner.get("assignedUser"), "objectId"):
        kept["properties"]["properties"]["assignedUser"] = assigned
    return kept


def size(told: Fields) -> dict[str, Any]:
    """Return what is landed of a size of machines."""
    able = {one["name"]: one.get("value") for one in told.get("capabilities") or ()}
    return {"name": told["name"], **only(able, "GPUs", "vCPUs", "MemoryGB")}


def endpoint(told: Fields) -> dict[str, Any]:
    """Return what is landed of an online endpoint."""
    return _resource(
        told,
        *("authMode", "description", "publicNetworkAccess", "provisioningState", "traffic"),
        *("compute", "mirrorTraffic"),
    )


def deployment(told: Fields) -> dict[str, Any]:
    """Return what is landed of an online deployment."""
    kept = _resource(
        told,
        *("model", "instanceType", "provisioningState", "scaleSettings", "endpointComputeType"),
        *("environmentId", "livenessProbe", "readinessProbe", "containerResourceRequirements"),
        *("description", "egressPublicNetworkAccess"),
    )
    asked = (told.get("properties") or {}).get("requestSettings")
    kept["properties"]["requestSettings"] = only(asked, "requestTimeout")
    return kept


def model(told: Fields) -> dict[str, Any]:
    """Return what is landed of a model (a container of versions)."""
    kept = _resource(told, "description", "tags", "isArchived", "latestVersion")
    return kept | _changed(told)


def model_version(told: Fields) -> dict[str, Any]:
    """Return what is landed of a version of a model."""
    kept = _resource(
        told,
        *("description", "tags", "isArchived", "modelType", "modelUri", "jobName", "stage"),
    )
    return kept | _changed(told)


def _changed(told: Fields) -> dict[str, Any]:
    """Return when something was changed last, of what changes seldom."""
    return {"changed": only(told.get("systemData"), "lastModifiedAt")}


def assignment(told: Fields) -> dict[str, Any]:
    """Return what is landed of a role assignment."""
    return {
        **only(told, "id", "name"),
        "properties": only(
            told.get("properties"),
            *("roleDefinitionId", "principalId", "principalType", "scope", "condition"),
        ),
    }


def role(told: Fields) -> dict[str, Any]:
    """Return what is landed of a role's definition."""
    properties = told.get("properties") or {}
    given = [only(one, "actions", "notActions") for one in properties.get("permissions") or ()]
    return {**only(told, "id", "name"), "roleName": properties.get("roleName"), "given": given}

"""State what manifests deploy, with the SELECTs that read clusters and SageMaker themselves."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from quaestor.core.blind_spot import BlindSpot
from quaestor.core.deploy import DeployKind, DeployObject
from quaestor.core.plain_secrets import without_values
from quaestor.normalise import facts, kubernetes, registry, step
from quaestor.normalise.manifest_sagemaker import SUPPLIED as SAGEMAKER_SUPPLIED
from quaestor.normalise.manifest_sagemaker import endpoints
from quaestor.warehouse.duckdb import Warehouse

HERE = "(deploy)"  # the cluster of a manifest, which does not name its own
_OF_PODS = ("k8s_owner", "k8s_request")  # which manifests have none of
_NOT_IN_MANIFESTS = ("status", "created_at", "created_by", "region", "resource_id")


def _land(warehouse: Warehouse, rows: Iterable[tuple[str, str, DeployObject, Any]]) -> None:
    """Make the tables that loaders read: `landed_object`, of (place, kind, object, value)."""
    warehouse.run(
        "create or replace temp table landed_object (place varchar, kind varchar, "
        "file varchar, sha256 varchar, row_number bigint, object json)"
    )
    for place, kind, one, value in rows:
        warehouse.run(
            "insert into landed_object values (?, ?, ?, '', ?, ?)",
            [place, kind, one.path, one.line, msgspec.json.encode(value).decode()],
        )


def clusters(warehouse: Warehouse, objects: Sequence[DeployObject]) -> list[BlindSpot]:
    """State what Kubernetes manifests deploy; return what of them cannot be read."""
    found = [one for one in objects if one.kind is DeployKind.KUBERNETES]
    if not found:
        return []
    source = DeployKind.KUBERNETES.source
    step.define(warehouse, "macros", "k8s_macros")
    _land(warehouse, ((HERE, _resource(one), one, without_values(one.value)) for one in found))
    warehouse.run(
        "create or replace temp table k8s_listed "
        "(cluster varchar, resource varchar, namespace varchar)"
    )
    for name in kubernetes.SHARED:
        if name not in _OF_PODS:
            step.make(warehouse, name)
    given = {"source": source, "seen_at": "1970-01-01"}
    warehouse.run(
        f"insert into usage.load_balancer by name {step.text('k8s_load_balancer')}", given
    )
    step.make(warehouse, "k8s_deployment", {"source": source})
    spots = _state_deployments(warehouse, source, "k8s_deployment")
    every = [(HERE, kind) for kind in (*kubernetes.SERVING, "pods")]
    via = kubernetes.supplied(warehouse, every)
    registry.state_evidence(warehouse, source, _in_manifests(via))
    return spots


def _state_deployments(warehouse: Warehouse, source: str, name: str) -> list[BlindSpot]:
    """State the rows of a temporary table, and what their labels and tags say."""
    step.fill(warehouse, "registry.stated_deployment", source, name)
    facts.govern(warehouse, ())
    facts.govern_deployments(warehouse, name)
    return facts.state(warehouse, source)


def _resource(one: DeployObject) -> str:
    """Return what the collector calls the kind of an object."""
    kind = (one.text("kind") or "").lower() + "s"
    group = (one.text("apiVersion") or "").rpartition("/")[0]
    return kind if group in ("", "apps", "autoscaling") else f"{kind}.{group}"


def sagemaker(warehouse: Warehouse, objects: Sequence[DeployObject]) -> list[BlindSpot]:
    """State the endpoints that requests make; return what of them cannot be read."""
    found = [one for one in objects if one.kind is DeployKind.SAGEMAKER]
    if not found:
        return []
    source = DeployKind.SAGEMAKER.source
    step.define(warehouse, "macros", "usage_macros", "sagemaker_work_macros")
    _land(warehouse, (("", "endpoints", one, value) for one, value in endpoints(found)))
    for name in ("type", "tag", "serving", "deployment"):
        step.make(warehouse, f"sagemaker_{name}", {"source": source, "several": False})
    spots = _state_deployments(warehouse, source, "sagemaker_deployment")
    warehouse.run(
        "update registry.stated_deployment set resource_id = null, region = null where source = ?",
        [source],
    )
    registry.state_evidence(warehouse, source, _in_manifests(SAGEMAKER_SUPPLIED))
    return spots


def _in_manifests(via: Mapping[str, str]) -> dict[str, str]:
    """Return what a manifest tells of what its platform does."""
    return {
        field: how
        for field, how in via.items()
        if field.partition(".")[0] == "deployment"
        and field.partition(".")[2] not in _NOT_IN_MANIFESTS
    }

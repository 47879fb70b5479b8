"""Give an InferenceService the container of the serving runtime that it names.

KServe runs the runtime's container with what the service says laid over it: its image, what it
asks for, its probes. A runtime that the deploy does not hold is left to the cluster.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from quaestor.core.deploy import DeployKind, DeployObject

_CONTAINER = "kserve-container"  # what KServe calls the one that serves


def with_runtimes(objects: Sequence[DeployObject]) -> list[DeployObject]:
    """Return the objects, less the runtimes, which are in the services that name them.

    Source:
        KServe, "Serving Runtimes"; ServingRuntime v1alpha1, spec.containers.
    """
    runtimes = {
        one.text("metadata", "name"): container
        for one in objects
        if _is_runtime(one) and (container := _container(one.value)) is not None
    }
    return [_served_by(one, runtimes) for one in objects if not _is_runtime(one)]


def _is_runtime(one: DeployObject) -> bool:
    kinds = ("ServingRuntime", "ClusterServingRuntime")
    return one.kind is DeployKind.KUBERNETES and one.text("kind") in kinds


def _container(value: Mapping[str, Any]) -> Mapping[str, Any] | None:
    spec = value.get("spec")
    containers = spec.get("containers") if isinstance(spec, Mapping) else None
    found = [one for one in containers or () if isinstance(one, Mapping)]
    named = [one for one in found if one.get("name") == _CONTAINER]
    return next(iter(named or found), None)


def _served_by(one: DeployObject, runtimes: Mapping[str | None, Mapping[str, Any]]) -> DeployObject:
    name = one.text("spec", "predictor", "model", "runtime")
    if one.text("kind") != "InferenceService" or name not in runtimes:
        return one
    spec = one.value["spec"]
    predictor = spec["predictor"]
    container = {key: value for key, value in runtimes[name].items() if key != "name"}
    model = {**container, **predictor["model"]}
    return replace(
        one, value={**one.value, "spec": {**spec, "predictor": {**predictor, "model": model}}}
    )

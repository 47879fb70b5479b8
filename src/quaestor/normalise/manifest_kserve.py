"""Give an InferenceService the container of the serving runtime that it names.

KServe runs the runtime's container with what the service says laid over it, key by key: its image,
what it asks for, its probes, its variables. A runtime that the deploy does not hold is left to the
cluster.
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
        KServe, "Serving Runtimes"; ServingRuntime v1alpha1, spec.containers. Kubernetes, "Strategic
        merge patch".
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
    listed = containers if isinstance(containers, list) else ()
    found = [one for one in listed if isinstance(one, Mapping)]
    named = [one for one in found if one.get("name") == _CONTAINER]
    return next(iter(named or found), None)


def _served_by(one: DeployObject, runtimes: Mapping[str | None, Mapping[str, Any]]) -> DeployObject:
    name = one.text("spec", "predictor", "model", "runtime")
    if one.text("kind") != "InferenceService" or name not in runtimes:
        return one
    spec = one.value["spec"]
    predictor = spec["predictor"]
    container = {key: value for key, value in runtimes[name].items() if key != "name"}
    model = _laid_over(container, predictor["model"])
    return replace(
        one, value={**one.value, "spec": {**spec, "predictor": {**predictor, "model": model}}}
    )


def _laid_over(below: Any, above: Any) -> Any:
    """Return what a strategic merge patch makes of a value.

    >>> _laid_over({"securityContext": {"privileged": True}}, {"securityContext": {"runAsUser": 1}})
    {'securityContext': {'privileged': True, 'runAsUser': 1}}
    >>> _laid_over([{"name": "A"}, {"name": "B"}], [{"name": "B", "value": "1"}])
    [{'name': 'A'}, {'name': 'B', 'value': '1'}]
    """
    if isinstance(below, Mapping) and isinstance(above, Mapping):
        return {**below, **{key: _laid_over(below.get(key), item) for key, item in above.items()}}
    if _are_named(below) and _are_named(above):
        names = {one["name"] for one in above}
        return [*(one for one in below if one["name"] not in names), *above]
    return below if above is None else above


def _are_named(value: Any) -> bool:
    """Return whether it is a list of things, such as variables, that go by their names."""
    return isinstance(value, list) and all(
        isinstance(one, Mapping) and isinstance(one.get("name"), str) for one in value
    )

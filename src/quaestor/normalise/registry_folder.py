"""Files of mlflow-export-import, which writes a file per model and per run, in our shape.

Its releases differ: tags are a mapping or a list of pairs, versions are called `versions` or
`latest_versions`, and only Databricks adds who may do what.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from quaestor.core.errors import IncompleteError
from quaestor.normalise.registry_export import Export, Pair, rows_of
from quaestor.normalise.registry_mlflow_auth import Entry, databricks_grants
from quaestor.normalise.registry_rows import Rows


class AccessList(Struct, frozen=True):
    """Who may do what with a model."""

    access_control_list: tuple[Entry, ...] = ()


class ModelPermissions(Struct, frozen=True):
    """As Databricks answers: what is possible, and what is given."""

    permissions: AccessList | None = None


class FolderModel(Struct, frozen=True):
    """What is read of a model beyond what Export has: its permissions."""

    name: str
    permissions: ModelPermissions | None = None


class Head(Struct, frozen=True):
    """The part of a file that holds what MLflow said."""

    mlflow: dict[str, Any]


def read_folder_file(path: Path, scope: str) -> tuple[Rows, bool]:
    """Read one `model.json` or `run.json`.

    Returns:
        What it says, and whether it says who may do what.

    Raises:
        IncompleteError: It is empty, cut, no JSON, or of another shape.
    """
    try:
        told = msgspec.json.decode(path.read_bytes(), type=Head).mlflow
        if isinstance(model := told.get("registered_model"), dict):
            return _model(model)
        if "info" in told:
            return rows_of(
                msgspec.convert({"registered_models": (), "runs": [_run(told)]}, Export)
            ), False
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as problem:
        raise _no_export(scope, f" ({problem})") from None
    raise _no_export(scope, "")


def _no_export(scope: str, why: str) -> IncompleteError:
    return IncompleteError(
        f"is no model and no run of mlflow-export-import{why}",
        where=scope,
        fix="Export it again with export-models or export-model; point `path:` at that folder.",
    )


def _model(model: dict[str, Any]) -> tuple[Rows, bool]:
    head = msgspec.convert(model, FolderModel)
    versions = _several(model.get("versions") or model.get("latest_versions"))
    aliases = model.get("aliases") or ()
    if isinstance(aliases, Mapping):
        aliases = [{"alias": name, "version": version} for name, version in aliases.items()]
    shaped = {
        "registered_models": [{**_tagged(model), "aliases": aliases}],
        "model_versions": [_tagged(version) for version in versions],
    }
    rows = rows_of(msgspec.convert(shaped, Export))
    given = head.permissions.permissions if head.permissions else None
    if given:
        rows.grants = databricks_grants(head.name, given.access_control_list)
    return rows, given is not None


def _several(value: Any) -> tuple[Any, ...]:
    return msgspec.convert(value or (), tuple[Any, ...])


def _tagged(entity: Any) -> Any:
    return {**entity, "tags": _pairs(entity.get("tags"))} if isinstance(entity, dict) else entity


def _pairs(values: Any) -> Any:
    """Return tags or parameters as pairs, whichever way they are written."""
    if isinstance(values, Mapping):
        return [{"key": key, "value": value} for key, value in values.items()]
    return values or ()


def _run(told: Mapping[str, Any]) -> dict[str, Any]:
    inputs = told.get("inputs") or {}
    listed = inputs.get("dataset_inputs", ()) if isinstance(inputs, Mapping) else inputs
    return {
        "info": told["info"],
        "data": {
            "metrics": _metrics(told.get("metrics")),
            "params": _pairs(told.get("params")),
            "tags": _pairs(told.get("tags")),
        },
        "inputs": {"dataset_inputs": [_tagged(one) for one in _several(listed)]},
    }


class Point(Struct, frozen=True):
    """One value of a metric."""

    value: str | float | None = None
    timestamp: int = 0
    step: int = 0


def _metrics(metrics: Any) -> list[Pair]:
    """Return the latest value of each metric, of its whole history."""
    history = msgspec.convert(metrics or {}, dict[str, tuple[Point, ...]])
    return [
        Pair(name, max(points, key=lambda point: (point.step, point.timestamp)).value)
        for name, points in history.items()
        if points
    ]

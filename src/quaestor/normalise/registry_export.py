"""The landed file of an MLflow registry: its shape, and what it says in our words.

Unknown keys are left alone, because the REST API grows. What the file says stays verbatim in
`tags`; a value that must be a number or a time and is not becomes an `Unreadable`.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from quaestor.core.errors import IncompleteError
from quaestor.normalise.registry_rows import (
    Rows,
    Stated,
    Text,
    Unreadable,
    filled,
    model_row,
    reader,
    text_of,
    version_row,
)


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


def read_export(path: Path, scope: str) -> Export:
    """Read a landed file.

    Raises:
        IncompleteError: It is empty, cut, no JSON, or of another shape.
    """
    try:
        return msgspec.json.decode(path.read_bytes(), type=Export)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as problem:
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
    stated = Stated(
        number,
        _object(model.tags),
        {"description": model.description},
        model.creation_timestamp,
        model.last_updated_timestamp,
    )
    return model_row(model.name, stated, unreadable)


def _version(
    version: ModelVersion, aliases: list[str], number: int, unreadable: list[Unreadable]
) -> dict[str, Any]:
    stated = Stated(
        number,
        _object(version.tags),
        {
            "description": version.description,
            "created_by": version.user_id,
            "artifact_uri": version.source,
        },
        version.creation_timestamp,
        version.last_updated_timestamp,
    )
    return version_row(
        version.name,
        str(version.version),
        stated,
        unreadable,
        aliases=aliases,
        stage=version.current_stage,
        run_id=filled(version.run_id),
    )


def _run(run: Run, number: int, unreadable: list[Unreadable]) -> dict[str, Any]:
    info, tags = run.info, _object(run.data.tags)
    take = reader("run", f"run {info.run_id}", number, unreadable)
    return {
        "row": number,
        "run_id": info.run_id,
        "name": info.run_name,
        "experiment": None if info.experiment_id is None else str(info.experiment_id),
        "status": info.status,
        "started_by": filled(info.user_id or tags.get("mlflow.user")),
        "started_ms": take("started_at", "start_time", info.start_time),
        "ended_ms": take("ended_at", "end_time", info.end_time),
        "metrics": {pair.key: _metric(pair.value) for pair in _by_key(run.data.metrics)},
        "params": _object(run.data.params),
        "git_commit": filled(tags.get("mlflow.source.git.commit")),
        "git_repo": filled(tags.get("mlflow.source.git.repoURL")),
        "pipeline": filled(tags.get("gov.pipeline")),
        "tags": tags,
        "datasets": [
            {
                "dataset": each.dataset.name,
                "digest": filled(each.dataset.digest),
                "source_type": each.dataset.source_type,
                "source_uri": _address(each.dataset.source),
                "context": _object(each.tags).get("mlflow.data.context"),
                "tags": _object(each.tags),
            }
            for each in run.inputs.dataset_inputs
        ],
    }


def _by_key(pairs: Iterable[Pair]) -> list[Pair]:
    return sorted(pairs, key=lambda pair: pair.key)


def _object(pairs: Iterable[Pair]) -> dict[str, str]:
    return {pair.key: text_of(pair.value) for pair in _by_key(pairs)}


def _metric(value: Text) -> float | None:
    """Return a metric; what is no finite number is unknown, and never compares as great.

    >>> _metric(0.91), _metric("NaN"), _metric("Infinity"), _metric(10**400)
    (0.91, None, None, None)
    """
    try:
        number = float(value) if value is not None else math.nan
    except (ValueError, OverflowError):  # an integer of hundreds of digits
        return None
    return number if math.isfinite(number) else None


def _address(source: str | None) -> str | None:
    """Return where a dataset came from; MLflow wraps most addresses in a JSON object.

    >>> _address('{"uri": "s3://lake/churn.parquet"}'), _address("plain text")
    ('s3://lake/churn.parquet', 'plain text')
    >>> _address('{"a":' * 5000 + "1" + "}" * 5000)[:6]
    '{"a":{'
    """
    if not source or not source.startswith("{"):
        return source
    try:
        wrapped = msgspec.json.decode(source)
    except (msgspec.MsgspecError, RecursionError):
        return source
    for key in ("uri", "url", "path", "table_name", "delta_table_name"):
        if isinstance(address := wrapped.get(key), str) and address:
            return address
    return source

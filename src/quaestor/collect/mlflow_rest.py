"""MLflow's entities as its REST API writes them: plain JSON, every list sorted."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

from quaestor.collect.cleared import value_of


def model_as_json(model: Any) -> dict[str, Any]:
    """Return a registered model as the REST API writes it."""
    return _said(
        name=model.name,
        creation_timestamp=model.creation_timestamp,
        last_updated_timestamp=model.last_updated_timestamp,
        description=model.description,
        tags=_tags(model.tags),
        aliases=[
            {"alias": alias, "version": version} for alias, version in sorted(model.aliases.items())
        ],
    )


def version_as_json(version: Any) -> dict[str, Any]:
    """Return a model version as the REST API writes it."""
    return _said(
        name=version.name,
        version=version.version,
        creation_timestamp=version.creation_timestamp,
        last_updated_timestamp=version.last_updated_timestamp,
        user_id=version.user_id,
        current_stage=version.current_stage,
        description=version.description,
        source=version.source,
        run_id=version.run_id,
        run_link=version.run_link,
        status=version.status,
        status_message=version.status_message,
        tags=_tags(version.tags),
        aliases=sorted(version.aliases),
    )


def run_as_json(run: Any) -> dict[str, Any]:
    """Return a run: what it was, its latest metrics, parameters, tags and dataset inputs."""
    info = run.info
    inputs = run.inputs.dataset_inputs if run.inputs else []
    datasets = [
        {
            "tags": sorted(({"key": tag.key, "value": tag.value} for tag in each.tags), key=str),
            "dataset": _said(
                name=each.dataset.name,
                digest=each.dataset.digest,
                source_type=each.dataset.source_type,
                source=each.dataset.source,
                schema=each.dataset.schema,
                profile=each.dataset.profile,
            ),
        }
        for each in inputs
    ]
    return {
        "info": _said(
            run_id=info.run_id,
            run_name=info.run_name,
            experiment_id=info.experiment_id,
            user_id=info.user_id,
            status=info.status,
            start_time=info.start_time,
            end_time=info.end_time,
            lifecycle_stage=info.lifecycle_stage,
            artifact_uri=info.artifact_uri,
        ),
        "data": {
            "metrics": [
                {"key": key, "value": _number(value)}
                for key, value in sorted(run.data.metrics.items())
            ],
            "params": _tags(run.data.params),
            "tags": _tags(run.data.tags),
        },
        "inputs": {"dataset_inputs": sorted(datasets, key=str)},
    }


def _said(**values: Any) -> dict[str, Any]:
    """Leave out what is empty, as the REST API does."""
    return {name: value for name, value in values.items() if value not in (None, "", [])}


def _tags(tags: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"key": key, "value": value_of(key, value)} for key, value in sorted(tags.items())]


def _number(value: float) -> float | str:
    """JSON has no word for what is no number; the REST API writes it as text.

    >>> _number(0.5), _number(float("nan")), _number(float("-inf"))
    (0.5, 'NaN', '-Infinity')
    """
    if math.isfinite(value):
        return value
    return "NaN" if math.isnan(value) else ("Infinity" if value > 0 else "-Infinity")


def in_order(rows: Iterable[dict[str, Any]], *keys: str) -> list[dict[str, Any]]:
    """Sort rows by their keys and keep one of each: pages overlap while somebody registers.

    >>> in_order([{"n": "a", "v": "10"}, {"n": "a", "v": "9"}, {"n": "a", "v": "9"}], "n", "v")
    [{'n': 'a', 'v': '9'}, {'n': 'a', 'v': '10'}]
    """
    distinct = {tuple(str(row[key]) for key in keys): row for row in rows}
    return [distinct[key] for key in sorted(distinct, key=lambda key: (key[0], len(key[-1]), key))]

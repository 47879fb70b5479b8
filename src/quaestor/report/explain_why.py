"""Say in words why a charge went where it went: every step that was taken, and what it said."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

_FIELDS = ("team", "model", "model_version", "environment", "lifecycle_stage")


def why(row: Mapping[str, Any], ways: Sequence[Mapping[str, Any]]) -> list[dict[str, str]]:
    """Return the steps that decided whose a charge is, in the order they are taken.

    Args:
        row: Of explain_why.sql.
        ways: Where its money went, of explain_ways.sql.

    Returns:
        `step` and `said` of each: tags, lineage, rule, registry, split, shared rules; or that
        nothing did.
    """
    return [{"step": step, "said": said} for step, said in _steps(row, ways)]


def _steps(row: Mapping[str, Any], ways: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, str]]:
    parts = row["rule"].split(" + ")
    tags = _said({field: row[f"tag_{field}"] for field in _FIELDS})
    yield "tags", tags or "say nothing of whose it is"
    if row["lineage_kind"]:
        yield "lineage", _lineage(row, told=f"lineage:{row['lineage_kind']}" in parts)
    else:
        yield "lineage", "no source or registry knows the resource"
    named = [part.removeprefix("rule:") for part in parts if part.startswith("rule:")]
    for name in named:
        known = {field: row[field] for field in _FIELDS if not _known_before(row, field)}
        if "registry" in parts:
            known.pop("team", None)
        yield f"attribution: {name}", _said(known) or "names nobody else"
    if not named:
        yield "attribution:", "no rule says more"
    if "registry" in parts:
        yield "registry", f"team {row['team']}, who registered {row['model']}"
    if row["split_key"]:
        yield "split", f"divided on {row['day']} among those who used {row['split_key']}, if known"
    for rule, driver in dict.fromkeys(
        (way["rule"].removeprefix("shared:"), way["shared_by"]) for way in ways if way["shared_by"]
    ):
        yield f"shared: {rule}", f"divided by {driver}"
    if any(way["cost_kind"] == "unattributed" for way in ways):
        yield "unattributed", "neither a model nor a team is known"


def _known_before(row: Mapping[str, Any], field: str) -> bool:
    return row[f"tag_{field}"] is not None or row.get(f"lineage_{field}") is not None


def _lineage(row: Mapping[str, Any], *, told: bool) -> str:
    where = f"{row['lineage_kind']} {row['lineage_name']} of {row['lineage_source']}"
    if row["cluster"]:
        where += f", cluster {row['cluster']}"
    said = _said({field: row.get(f"lineage_{field}") for field in _FIELDS})
    if not said:
        return where
    since = row["lineage_version_since"]
    version = f" (the version since {since})" if since and row["lineage_model_version"] else ""
    return f"{where}: {said}{version}" + ("" if told else "; known already")


def _said(fields: Mapping[str, str | None]) -> str:
    """Return fields in words.

    >>> _said({"team": "nlp", "model": None, "model_version": "7"})
    'team nlp, model version 7'
    """
    return ", ".join(
        f"{field.replace('_', ' ')} {value}" for field, value in fields.items() if value
    )

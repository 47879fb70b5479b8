"""Load an MLflow registry: models, versions, runs and datasets, and what it can supply."""

from __future__ import annotations

from typing import Any

import msgspec

from quaestor.core.blind_spot import BlindSpot
from quaestor.core.errors import IncompleteError
from quaestor.core.landed import LandedFile
from quaestor.normalise.job import Job
from quaestor.normalise.registry import (
    columns_of,
    fill,
    forget,
    quarantine,
    state_evidence,
)
from quaestor.normalise.registry_export import Rows, Unreadable, read_export, rows_of
from quaestor.warehouse.duckdb import Warehouse

# What MLflow has fields for; every other column of a model or version is a tag gov.<column>.
NATIVE = {
    "model": ("model", "description", "created_at", "updated_at", "tags"),
    "model_version": (
        "model", "version", "lifecycle", "aliases", "run_id", "description", "created_at",
        "updated_at", "created_by", "artifact_uri", "metrics", "tags",
    ),
}  # fmt: skip
BY_TAG_OF_RUN = ("git_commit", "git_repo", "pipeline")
NOT_SUPPLIED = ("model.definition",)  # the file and line that defines a model


def load(warehouse: Warehouse, job: Job) -> list[BlindSpot]:
    """Replace what the registry said before (see `normalise.Loader`).

    A file that is no export is put into quarantine whole and told as a blind spot.
    """
    source = job.source.name
    forget(warehouse, source)
    rows = Rows()
    spots: list[BlindSpot] = []
    for file in job.manifest.files:
        job.progress(f"{source}: {file.scope}")
        try:
            new = rows_of(read_export(job.path(file), file.scope))
        except IncompleteError as problem:
            quarantine(warehouse, source, file, [(None, problem.what, None)])
            spots.append(_no_export(source, file, problem))
            continue
        twice = _merge(rows, new)
        quarantine(warehouse, source, file, [*twice, *map(_kept, new.unreadable)])
        spots += _doubled(source, file, len(twice))
    parameters: dict[str, Any] = {"source": source}
    fill(warehouse, "stated_model", "mlflow_model", {**parameters, "models": rows.models})
    fill(
        warehouse,
        "stated_model_version",
        "mlflow_model_version",
        {**parameters, "versions": rows.versions, "runs": rows.runs},
    )
    fill(warehouse, "run", "mlflow_run", {**parameters, "runs": rows.runs})
    fill(warehouse, "dataset", "mlflow_dataset", {**parameters, "runs": rows.runs})
    state_evidence(warehouse, source, supplied(warehouse))
    return [
        *_unreadable_values(source, rows.unreadable),
        *_no_models(source, rows),
        *_missing_runs(source, rows),
        *spots,
    ]


def supplied(warehouse: Warehouse) -> dict[str, str]:
    """Return how MLflow supplies each field of the registry; what is absent it cannot."""
    via = dict.fromkeys(("model", "model_version", "run", "dataset"), "native")
    for table in tuple(via):
        for column in columns_of(warehouse, table):
            native = table not in NATIVE or column in NATIVE[table]
            via[f"{table}.{column}"] = "native" if native else "tag"
    via |= {f"run.{column}": "tag" for column in BY_TAG_OF_RUN}
    return {field: how for field, how in via.items() if field not in NOT_SUPPLIED}


Aside = tuple[int | None, str, str | None]


def _merge(rows: Rows, new: Rows) -> list[Aside]:
    """Add one file's rows; what stands twice is kept aside, the first one counts."""
    rows.unreadable += new.unreadable
    return [
        *_add(rows.models, new.models, ("model",)),
        *_add(rows.versions, new.versions, ("model", "version")),
        *_add(rows.runs, new.runs, ("run_id",)),
    ]


def _add(
    known: list[dict[str, Any]], added: list[dict[str, Any]], key: tuple[str, ...]
) -> list[Aside]:
    aside: list[Aside] = []
    seen = {tuple(row[part] for part in key) for row in known}
    for row in added:
        name = tuple(row[part] for part in key)
        if name in seen:
            reason = f"{':'.join(name)} stands twice in the registry's files"
            aside.append((row["row"], reason, msgspec.json.encode(row).decode()))
        else:
            seen.add(name)
            known.append(row)
    return aside


def _kept(value: Unreadable) -> Aside:
    raw = {"subject": value.subject, "key": value.key, "value": value.value}
    return value.row, value.reason, msgspec.json.encode(raw).decode()


def _unreadable_values(source: str, values: list[Unreadable]) -> list[BlindSpot]:
    """Return one blind spot for each field that some tag or time could not fill."""
    by_field: dict[str, list[Unreadable]] = {}
    for value in values:
        by_field.setdefault(value.field, []).append(value)
    return [
        BlindSpot(
            source=source,
            scope=field,
            reason=f"{len(found):,} value{'s' if len(found) > 1 else ''} cannot be read; "
            f"the first: {found[0].reason}",
            fix=f"Set it to {found[0].wanted}.",
            rows=len(found),
        )
        for field, found in sorted(by_field.items())
    ]


def _no_models(source: str, rows: Rows) -> list[BlindSpot]:
    """An account without permissions sees an empty list, not a refusal."""
    if rows.models:
        return []
    return [
        BlindSpot(
            source=source,
            scope="all",
            reason="the registry shows no model",
            fix="Let the account that reads see the models; if there are none, remove the source.",
        )
    ]


def _missing_runs(source: str, rows: Rows) -> list[BlindSpot]:
    known = {run["run_id"] for run in rows.runs}
    lost = [row for row in rows.versions if row["run_id"] and row["run_id"] not in known]
    if not lost:
        return []
    first = f"{lost[0]['model']}:{lost[0]['version']}"
    return [
        BlindSpot(
            source=source,
            scope="run",
            reason=f"the registry does not show the runs of {len(lost):,} "
            f"version{'s' if len(lost) > 1 else ''}; the first: {first}",
            fix="Restore the runs, or let the account that reads see their experiments.",
            rows=len(lost),
        )
    ]


def _no_export(source: str, file: LandedFile, problem: IncompleteError) -> BlindSpot:
    return BlindSpot(
        source=source,
        scope=file.scope,
        reason=f"the file cannot be read: it {problem.what}",
        fix=problem.fix,
    )


def _doubled(source: str, file: LandedFile, count: int) -> list[BlindSpot]:
    if not count:
        return []
    return [
        BlindSpot(
            source=source,
            scope=file.scope,
            reason=f"{count:,} models, versions or runs stand twice; the first one counts",
            fix="Keep one export of one registry in a source.",
            rows=count,
        )
    ]

"""Load an MLflow registry: models, versions, runs, datasets, grants, and what it can supply."""

from __future__ import annotations

from typing import Any

from quaestor.core.blind_spot import BlindSpot
from quaestor.core.errors import IncompleteError
from quaestor.normalise import facts
from quaestor.normalise.job import Job
from quaestor.normalise.registry import columns_of, fill, forget, state_evidence
from quaestor.normalise.registry_export import read_export, rows_of
from quaestor.normalise.registry_folder import read_folder_file
from quaestor.normalise.registry_mlflow_auth import FILE as PERMISSIONS
from quaestor.normalise.registry_mlflow_auth import read_permissions
from quaestor.normalise.registry_rows import Rows
from quaestor.normalise.registry_stated import (
    doubled,
    take_in,
    unreadable_file,
    write,
)
from quaestor.warehouse.duckdb import Warehouse

# What MLflow has fields for; every other column of a model or version is a tag gov.<column>.
NATIVE = {
    "model": ("model", "description", "created_at", "updated_at", "tags", "catalog", "schema"),
    "model_version": (
        "model", "version", "lifecycle", "aliases", "run_id", "description", "created_at",
        "updated_at", "created_by", "artifact_uri", "metrics", "tags",
    ),
    "dataset": ("run_id", "dataset", "digest", "source_type", "source_uri", "context"),
}  # fmt: skip
BY_TAG_OF_RUN = ("git_commit", "git_repo", "pipeline")
NOT_SUPPLIED = ("model.definition",)  # the file and line that defines a model


def load(warehouse: Warehouse, job: Job) -> list[BlindSpot]:
    """Replace what the registry said before (see `normalise.Loader`).

    A file that is no export is put into quarantine whole and told as a blind spot.
    """
    source = job.source.name
    forget(warehouse, source)
    rows, users = Rows(), None
    models_with_grants = 0
    spots: list[BlindSpot] = []
    for file in job.manifest.files:
        job.progress(f"{source}: {file.scope}")
        try:
            if file.path.endswith(PERMISSIONS):
                users = read_permissions(job.path(file), file.scope)
                continue
            if job.manifest.schema == "mlflow-export":
                new, has_grants = read_folder_file(job.path(file), file.scope)
                models_with_grants += has_grants
            else:
                new = rows_of(read_export(job.path(file), file.scope))
        except IncompleteError as problem:
            spots.append(unreadable_file(warehouse, source, file, problem))
            continue
        spots += doubled(source, file, take_in(warehouse, source, file, rows, new))
    unread = _write(warehouse, source, rows, users)
    grants = users is not None or 0 < len(rows.models) == models_with_grants
    state_evidence(warehouse, source, supplied(warehouse, grants=grants))
    return [
        *unread,
        *_no_models(source, rows),
        *_missing_runs(source, rows),
        *spots,
    ]


def _write(
    warehouse: Warehouse, source: str, rows: Rows, users: list[dict[str, Any]] | None
) -> list[BlindSpot]:
    unread = write(warehouse, source, rows)
    fill(warehouse, "run", "mlflow_run", {"source": source, "runs": rows.runs})
    fill(warehouse, "stated_dataset", "mlflow_dataset", {"source": source, "runs": rows.runs})
    fill(warehouse, "grant", "mlflow_grant", {"source": source, "users": users or []})
    unread += facts.state(warehouse, source)
    fill(warehouse, "stated_fact", "mlflow_fact", {"source": source})
    return unread


def supplied(warehouse: Warehouse, *, grants: bool) -> dict[str, str]:
    """Return how MLflow supplies each field of the registry; what is absent it cannot.

    Args:
        warehouse: Knows the columns.
        grants: Whether it was told for every model who may do what.
    """
    tables = ("model", "model_version", "run", "dataset", *(("grant",) if grants else ()))
    via = dict.fromkeys(tables, "native")
    for table in tuple(via):
        for column in columns_of(warehouse, table):
            native = table not in NATIVE or column in NATIVE[table]
            via[f"{table}.{column}"] = "native" if native else "tag"
    via |= {f"run.{column}": "tag" for column in BY_TAG_OF_RUN}
    return {field: how for field, how in via.items() if field not in NOT_SUPPLIED}


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

"""What the loaders of Vertex AI and Azure ML share: steps of SQL, quarantine, unknown numbers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from quaestor.core.blind_spot import BlindSpot
from quaestor.normalise.job import Job
from quaestor.normalise.landed_objects import LANDED, read_objects
from quaestor.normalise.quarantine import release
from quaestor.normalise.registry import forget
from quaestor.warehouse.duckdb import Warehouse

_SQL = Path(__file__).parent / "sql"
USAGE = ("gpu_job", "endpoint", "endpoint_hour")
ASIDE = ("file", "sha256", "row_number", "raw", "problem")  # of a step, beside the table's columns


def begin(warehouse: Warehouse, job: Job) -> None:
    """Forget what the source said before, and open what it says now as LANDED."""
    source = job.source.name
    for script in ("macros.sql", "cloud_ml_macros.sql"):
        warehouse.run((_SQL / script).read_text(encoding="utf-8"))
    forget(warehouse, source)
    for table in USAGE:
        warehouse.run(f"delete from usage.{table} where source = ?", [source])
    release(warehouse, source, keep=())
    read_objects(warehouse, job)


def step(warehouse: Warehouse, name: str, query: str, given: Mapping[str, Any]) -> None:
    """Make a temporary table of what a SELECT of `sql/` gives."""
    select = (_SQL / f"{query}.sql").read_text(encoding="utf-8")
    bound = {key: value for key, value in given.items() if f"${key}" in select}
    warehouse.run(f"create or replace temp table {name} as {select}", bound)


def fill(warehouse: Warehouse, table: str, query: str, given: Mapping[str, Any]) -> None:
    """Insert what a SELECT of `sql/` gives, save its rows with a problem: into quarantine."""
    step(warehouse, "cloud_ml_row", query, given)
    columns = {
        name for (name,) in warehouse.rows("select column_name from (describe cloud_ml_row)")
    }
    aside = [name for name in ASIDE if name in columns]
    kept = f"select * exclude ({', '.join(aside)})" if aside else "select *"
    sound = " where problem is null" if "problem" in columns else ""
    warehouse.run(f"insert into {table} by name {kept} from cloud_ml_row{sound}")
    if "problem" in columns:
        keep_aside(warehouse, "cloud_ml_row", str(given["source"]))


def keep_aside(warehouse: Warehouse, step_name: str, source: str) -> None:
    """Put the rows of a step that have a problem into quarantine."""
    warehouse.run(
        "insert into quarantine.row select $source, file, sha256, row_number, problem, raw "
        f"from {step_name} where problem is not null",
        {"source": source},
    )


def keep_values_aside(warehouse: Warehouse, source: str) -> None:
    """Tell of tags that cannot be read; `governed` says whose tags they are."""
    step(warehouse, "cloud_ml_row", "cloud_ml_unreadable", {})
    warehouse.run(
        "insert into quarantine.value select $source, file, sha256, row_number, reason, raw "
        "from cloud_ml_row",
        {"source": source},
    )


def landed_kinds(job: Job) -> set[str]:
    """Return the kinds of files in force, empty ones included."""
    return {file.scope.rpartition("/")[2] for file in job.manifest.files}


def unnamed(warehouse: Warehouse, source: str, kinds: Iterable[str]) -> None:
    """Put objects without a name into quarantine; the SELECTs leave them out."""
    warehouse.run(
        f"""
        insert into quarantine.row
        select $source, file, sha256, row_number, 'it has no name', object::varchar
        from {LANDED}
        where kind in (select unnest($kinds::varchar[])) and coalesce(object ->> '$.name', '') = ''
        """,
        {"source": source, "kinds": list(kinds)},
    )


def unknown_gpus(warehouse: Warehouse, source: str, fix: str) -> list[BlindSpot]:
    """Tell how many jobs and endpoints have a number of GPUs that is not known."""
    spots = []
    for table, key in (("gpu_job", "job"), ("endpoint", "endpoint")):
        ((count, first),) = warehouse.rows(
            f"select count(*), min({key}) from usage.{table} where source = ? and gpus is null "
            "and coalesce(kind, '') not like '%published'",
            [source],
        )
        if count:
            noun = key if count == 1 else f"{key}s"
            spots.append(
                BlindSpot(
                    source=source,
                    scope=f"usage.{table}.gpus",
                    reason=f"of {count:,} {noun} nobody says how many GPUs they have; "
                    f"the first: {first}",
                    fix=fix,
                    rows=count,
                )
            )
    return spots


def unknown_hours(warehouse: Warehouse, source: str, fix: str) -> list[BlindSpot]:
    """Tell how many jobs have ended, had GPUs, and nobody says when they ran."""
    ((count, first),) = warehouse.rows(
        "select count(*), min(job) from usage.gpu_job where source = ? and gpus > 0 "
        "and gpu_hours is null",
        [source],
    )
    if not count:
        return []
    return [
        BlindSpot(
            source=source,
            scope="usage.gpu_job.gpu_hours",
            reason=f"of {count:,} job{'s' if count > 1 else ''} with GPUs nobody says how long "
            f"they ran; the first: {first}",
            fix=fix,
            rows=count,
        )
    ]

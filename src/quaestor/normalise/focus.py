"""Load FOCUS exports into `focus.charge`, replacing by source and billing period.

What is in force is what the source's newest manifest lists; `in_force.py` says what becomes of
the rest.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from quaestor.core.blind_spot import BlindSpot
from quaestor.core.config import FilesSource
from quaestor.core.landed import LandedFile
from quaestor.core.progress import counted
from quaestor.normalise import conform, in_force
from quaestor.normalise.job import Job
from quaestor.normalise.landed_file import REJECTED, RefusedError, Relation, open_file
from quaestor.normalise.quarantine import blind_spots, refuse, release
from quaestor.warehouse.duckdb import Warehouse, quoted

_SQL = Path(__file__).parent / "sql"


def load(warehouse: Warehouse, job: Job) -> list[BlindSpot]:
    """Load what is new, give up what was replaced, and report what could not be read."""
    assert isinstance(job.source, FilesSource)  # noqa: S101 - LOADERS pairs schema and source
    source = job.source.name
    warehouse.run((_SQL / "macros.sql").read_text(encoding="utf-8"))
    files = {file.sha256: file for file in reversed(job.manifest.files)}
    first_time = not in_force.held(warehouse, source)
    in_force.drop_stale(warehouse, source, files, _read_as(job.source))
    in_force.rename(warehouse, source, files)
    release(warehouse, source, keep=in_force.held(warehouse, source))
    told = _load_new(warehouse, job, job.source, files)
    in_force.drop_replaced(warehouse, source, files)
    in_force.give_up(warehouse, source, files)
    if first_time:
        _load_history(warehouse, job, job.source, set(files))
    release(warehouse, source, keep=in_force.held(warehouse, source) | set(files))
    told += _without_rows(warehouse, job)
    return told + blind_spots(warehouse, source, [*job.manifest.files, *job.history])


def _without_rows(warehouse: Warehouse, job: Job) -> list[BlindSpot]:
    """Tell of files in force that hold no row: an empty bill is no proof that nothing was spent."""
    empty = warehouse.rows(
        "select sha256 from focus.file where source = ? and rows_landed = 0", [job.source.name]
    )
    return [
        BlindSpot(
            source=job.source.name,
            scope=file.scope,
            reason="the file has a header and no row",
            fix="Export it again, or remove it if nothing was charged.",
            rows=0,
        )
        for file in job.manifest.files
        if (file.sha256,) in empty
    ]


def _load_new(
    warehouse: Warehouse, job: Job, source: FilesSource, files: Mapping[str, LandedFile]
) -> list[BlindSpot]:
    """Load the files in force that are not loaded yet."""
    held = in_force.held(warehouse, source.name)
    new = sorted(
        (file for file in files.values() if file.sha256 not in held), key=lambda file: file.scope
    )
    told = []
    for file in counted(new, job.progress, lambda file: f"load {file.scope}"):
        if spot := in_force.take_over(warehouse, source.name, file, job.elsewhere):
            told.append(spot)
            continue
        try:
            _load_file(warehouse, job, source, file)
        except RefusedError as problem:
            refuse(warehouse, source.name, file, problem)
    return told


def _load_history(warehouse: Warehouse, job: Job, source: FilesSource, newer: set[str]) -> None:
    """Load what only files know that have left the source, into a warehouse that is new."""
    for file in counted(job.history, job.progress, lambda file: f"load {file.scope}, kept"):
        try:
            _load_file(warehouse, job, source, file)
        except RefusedError as problem:
            refuse(warehouse, source.name, file, problem)
        in_force.give_up(warehouse, source.name, newer)
        newer.add(file.sha256)


def _read_as(source: FilesSource) -> str:
    """Return the options that decide what a file says."""
    return f"delimiter {source.delimiter!r}, billing currency {source.billing_currency}"


def _load_file(warehouse: Warehouse, job: Job, source: FilesSource, file: LandedFile) -> None:
    relation = open_file(
        warehouse,
        job.path(file),
        file.sha256,
        delimiter=source.delimiter,
        expected=conform.REQUIRED,
        careful=job.careful,
    )
    columns = conform.conform(relation, warehouse.columns("focus.charge"))
    _require(columns, relation)
    _add_custom_columns(warehouse, columns)
    warehouse.run("create or replace temp view landed as " + conform.landed_view(columns, relation))
    select = (_SQL / "focus.sql").read_text(encoding="utf-8")
    readable = f"select * exclude (reason, note, landed) from ({select}) where reason is null"
    (loaded,) = warehouse.row(
        f"insert into focus.charge by name {readable}",
        {
            "source": source.name,
            "file": file.path,
            "sha256": file.sha256,
            "currency": job.currency,
            "stated_currency": source.billing_currency,
        },
    )
    if loaded < relation.rows:
        _quarantine(warehouse, source.name, file, relation)
    if any(column.bad for column in columns):
        _note(warehouse, source.name, file)
    _account(warehouse, source, file, relation, columns)


def _require(columns: list[conform.Column], relation: Relation) -> None:
    present = {column.name for column in columns}
    absent = [name for name in conform.REQUIRED if name not in present]
    if absent:
        plural = "s" if len(absent) > 1 else ""
        raise RefusedError(
            f"column{plural} {', '.join(absent)} {'are' if plural else 'is'} missing",
            fix=f"Export FOCUS 1.0 or later; {relation.rows:,} row"
            f"{'s are' if relation.rows != 1 else ' is'} kept, landed and unread.",
        )


def _add_custom_columns(warehouse: Warehouse, columns: list[conform.Column]) -> None:
    known = warehouse.columns("focus.charge")
    for column in columns:
        if column.name not in known:
            warehouse.run(f"alter table focus.charge add column {quoted(column.name)} varchar")


def _quarantine(warehouse: Warehouse, source: str, file: LandedFile, relation: Relation) -> None:
    given = {"source": source, "file": file.path, "sha256": file.sha256}
    relations = ["select x_row, reason, landed from landed where reason is not null"]
    if not relation.typed:
        relations.append(f"select row_number, reason, raw from {REJECTED}")
    for select in relations:
        warehouse.run(
            f"insert into quarantine.row select $source, $file, $sha256, * from ({select})", given
        )


def _note(warehouse: Warehouse, source: str, file: LandedFile) -> None:
    told = "landed where reason is null and note is not null"
    if not warehouse.rows(f"select 1 from {told} limit 1"):
        return  # spares the engine from writing every row as JSON
    warehouse.run(
        "insert into quarantine.value "
        f"select $source, $file, $sha256, x_row, note, landed from {told}",
        {"source": source, "file": file.path, "sha256": file.sha256},
    )


def _account(
    warehouse: Warehouse,
    source: FilesSource,
    file: LandedFile,
    relation: Relation,
    columns: list[conform.Column],
) -> None:
    """Write down that landed = loaded + quarantined, in rows and in digits."""
    select = conform.accounting(columns, relation)
    rounded, cut = warehouse.row(select) if select else (0, 0)
    warehouse.run(
        """
        insert into focus.file_period
        select x_source, x_file_sha256, BillingPeriodStart, count(*)
        from focus.charge where x_source = $source and x_file_sha256 = $sha256 group by all
        """,
        {"source": source.name, "sha256": file.sha256},
    )
    warehouse.run(
        """
        insert into focus.file
        select
            $source, $file, $sha256, $scope, $read_as, $rows, loaded, $rows - loaded, $rounded,
            $cut
        from (
            select coalesce(sum(rows_loaded), 0) as loaded
            from focus.file_period where source = $source and sha256 = $sha256
        )
        """,
        {
            "source": source.name,
            "file": file.path,
            "sha256": file.sha256,
            "scope": file.scope,
            "read_as": _read_as(source),
            "rows": relation.rows,
            "rounded": rounded,
            "cut": cut,
        },
    )

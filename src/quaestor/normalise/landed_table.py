"""A landed table of few columns, all as text: what catalogues and lists of accounts are."""

from __future__ import annotations

from collections.abc import Sequence

from quaestor.core.landed import LandedFile
from quaestor.normalise.job import Job
from quaestor.normalise.landed_file import REJECTED, RefusedError, open_file
from quaestor.warehouse.duckdb import Warehouse, quoted


def open_table(
    warehouse: Warehouse,
    job: Job,
    file: LandedFile,
    *,
    columns: Sequence[str],
    required: Sequence[str],
    fix: str,
) -> None:
    """Make the temp table `landed_table` of a file: its columns, `file_row` and `raw`.

    A value is text without the blanks around it; what is blank, or a column that is absent, is
    NULL. Lines that cannot be split go to `quarantine.row`. The macros of macros.sql are needed.
    `fix` is for a file that lacks one of `required`; the last of these marks a header.

    Raises:
        RefusedError: It cannot be read, or a column that must be there is absent.
    """
    relation = open_file(
        warehouse,
        job.path(file),
        file.sha256,
        recognises=lambda header: required[-1] in header,
        careful=job.careful,
    )
    if absent := [name for name in required if name not in relation.columns]:
        raise RefusedError(f"column {absent[0]} is missing", fix=fix)
    taken = [
        f"spelled(trim({relation.source(name)}::varchar)) as {quoted(name)}"
        if name in relation.columns
        else f"null::varchar as {quoted(name)}"
        for name in columns
    ]
    warehouse.run(
        f"create or replace temp table landed_table as select {', '.join(taken)}, "
        f"{relation.row_number} as file_row, {relation.as_json} as raw from {relation.reader}"
    )
    if not relation.typed:
        quarantine(warehouse, job, file, f"select row_number, reason, raw from {REJECTED}")


def quarantine(warehouse: Warehouse, job: Job, file: LandedFile, rows: str) -> None:
    """Put rows into `quarantine.row`; `rows` gives their numbers, why, and what stands there."""
    warehouse.run(
        f"insert into quarantine.row select $source, $file, $sha256, * from ({rows})",
        {"source": job.source.name, "file": file.path, "sha256": file.sha256},
    )

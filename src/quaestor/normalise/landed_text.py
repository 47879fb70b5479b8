"""What landed text files share: archives, encodings, and lines that cannot be split."""

from __future__ import annotations

import gzip
import zlib
from dataclasses import replace
from pathlib import Path

from quaestor.normalise.relation import REJECTED, RefusedError, Relation
from quaestor.warehouse.duckdb import Warehouse

_HEAD = 1 << 20  # bytes in which the header must end
_BLOCK = 1 << 20
_BYTE_ORDER_MARKS = {b"\xff\xfe": "UTF-16", b"\xfe\xff": "UTF-16"}


def is_zipped(path: Path) -> bool:
    """Say whether a file is a gzip archive, by its name."""
    return path.name.lower().endswith(".gz")


def check_gzip(path: Path) -> None:
    """Read an archive to its end: the engine would take one whose check sum is wrong."""
    try:
        with gzip.open(path) as stream:
            while stream.read(_BLOCK):
                pass
    except (EOFError, zlib.error, OSError) as problem:
        raise _no_gzip(problem) from None


def head(path: Path) -> str:
    """Return the beginning of a file; its end may be a character cut in two.

    Raises:
        RefusedError: It is not UTF-8, or a damaged archive.
    """
    try:
        with gzip.open(path) if is_zipped(path) else path.open("rb") as stream:
            data = stream.read(_HEAD)
    except (EOFError, zlib.error, gzip.BadGzipFile) as problem:
        raise _no_gzip(problem) from None
    for mark, encoding in _BYTE_ORDER_MARKS.items():
        if data.startswith(mark):
            raise RefusedError(
                f"the file is {encoding}, not UTF-8",
                fix=f"Convert it (iconv -f {encoding} -t UTF-8) or export as UTF-8.",
            )
    try:
        return data.decode("utf-8-sig", errors="strict" if len(data) < _HEAD else "ignore")
    except UnicodeDecodeError as problem:
        raise RefusedError(
            f"the file is not UTF-8 (byte {problem.start})", fix="Export it as UTF-8."
        ) from None


def _no_gzip(problem: Exception) -> RefusedError:
    return RefusedError(
        f"is no readable gzip file ({problem})",
        fix="Export it again; it is cut or damaged, and half an archive cannot be trusted.",
    )


def number_rejects(warehouse: Warehouse, *, header: int) -> None:
    """Make REJECTED of the lines that the engine could not split, behind `header` lines.

    A row that follows k of them stands k places further down the file than among the rows that
    could be read: `before` says how many such rows stand before a line.
    """
    warehouse.run(
        f"""
        create or replace temp table {REJECTED} as
        select
            row_number() over (order by line) as place,
            line - {header} as row_number,
            line - {header} - row_number() over (order by line) as before,
            'line ' || line || ': ' || any_value(error_message) as reason,
            any_value(csv_line) as raw
        from csv_rejects group by line
        """
    )


def number_rows(warehouse: Warehouse, relation: Relation, table: str) -> Relation:
    """Tell the rows of a table their places in the file it was made of just now, and count them.

    The engine keeps rows in the file's order; numbering them while it reads would keep all but
    one core idle. The table has an empty column `x_row` for the places, which is used where lines
    that could not be split stand in between.
    """
    number_rejects(warehouse, header=1)
    read, first = warehouse.row(f"select count(*), coalesce(min(rowid), 0) from {table}")
    (rejected,) = warehouse.row(f"select count(*) from {REJECTED}")
    place = f"landed_row.rowid - {first} + 1"
    if rejected:
        warehouse.run(
            f"""
            create or replace temp table {table} as
            select landed_row.* replace ({place} + coalesce(skipped.lines, 0) as x_row)
            from {table} as landed_row
            asof left join (
                select before, max(place) as lines from {REJECTED} group by before
            ) as skipped on {place} > skipped.before
            """
        )
        place = "landed_row.x_row"
    return replace(relation, row_number=place, rows=int(read) + int(rejected))

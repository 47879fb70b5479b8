"""Open a landed CSV file as a relation: all is text, and a line that cannot be split is kept."""

from __future__ import annotations

import csv
import gzip
from collections.abc import Callable, Sequence
from pathlib import Path

from quaestor.normalise.landed_text import check_gzip, head, is_zipped, number_rows
from quaestor.normalise.relation import RAW, RefusedError, Relation
from quaestor.warehouse.duckdb import Warehouse, literal
from quaestor.warehouse.errors import UnreadableError


def open_csv(
    warehouse: Warehouse,
    path: Path,
    delimiter: str,
    recognises: Callable[[Sequence[str]], bool],
    *,
    careful: bool,
    once: bool,
) -> Relation:
    """Return a CSV file as a relation (see `landed_file.open_file`)."""
    zipped = is_zipped(path)
    if zipped:
        check_gzip(path)
    header = _header(path, delimiter, recognises)
    reader = _csv_reader(path, delimiter, len(header), zipped=zipped)
    try:
        warehouse.probe(f"select {'count(*)' if careful else '1'} from {reader} limit 1")
    except UnreadableError as problem:
        if not _splits_evenly(path, delimiter, len(header)):
            raise RefusedError(
                f"is no readable CSV file ({problem})",
                fix="Export it again, with one kind of line end.",
            ) from None
        reader = reader.replace("strict_mode = true", "strict_mode = false")
    for table in ("csv_rejects", "csv_scans"):
        warehouse.run(f"drop table if exists temp.{table}")
    columns = dict.fromkeys(header, "VARCHAR")
    if once:
        return Relation(columns, f"{reader} as landed_row", "", -1, typed=False)
    warehouse.run(
        f"create or replace temp table {RAW} as select *, null::bigint as x_row from {reader}"
    )
    relation = Relation(columns, f"{RAW} as landed_row", "", -1, typed=False)
    return number_rows(warehouse, relation, RAW)


def _csv_reader(path: Path, delimiter: str, columns: int, *, zipped: bool) -> str:
    shape = ", ".join(f"'c{number}': 'VARCHAR'" for number in range(columns))
    return (
        f"read_csv({literal(str(path))}, auto_detect = false, header = true, "
        f"delim = {literal(delimiter)}, quote = '\"', escape = '\"', columns = {{{shape}}}, "
        f"compression = {literal('gzip' if zipped else 'none')}, hive_partitioning = false, "
        "null_padding = false, strict_mode = true, ignore_errors = true, store_rejects = true, "
        "rejects_table = 'csv_rejects', rejects_scan = 'csv_scans', rejects_limit = 0, "
        "max_line_size = 16777216, buffer_size = 33554432)"
    )


def _splits_evenly(path: Path, delimiter: str, columns: int) -> bool:
    """Say whether every line has so many columns, whatever its end.

    The engine's strict reader refuses a file of two kinds of line end; its other reader takes
    them, and much else that would be a guess. It may read what another strict reader can split.
    """
    opened = gzip.open if is_zipped(path) else open
    with opened(path, "rt", encoding="utf-8-sig", newline="") as stream:
        try:
            return all(
                len(row) in (0, columns)
                for row in csv.reader(stream, delimiter=delimiter, strict=True)
            )
        except (csv.Error, UnicodeDecodeError):
            return False


def _header(path: Path, delimiter: str, recognises: Callable[[Sequence[str]], bool]) -> list[str]:
    text = head(path)
    header = _split(text, delimiter)
    if not recognises(header):
        for other in (",", ";", "\t", "|"):
            if other != delimiter and recognises(_split(text, other)):
                raise RefusedError(
                    f"the columns are separated by {other!r}, not by {delimiter!r}",
                    fix=f"Set `delimiter: {other!r}` on the source, or export with {delimiter!r}.",
                )
    if not any(header):
        raise RefusedError(
            "the first line is empty",
            fix="Export it again with the column names in the first line.",
        )
    if doubled := [name for name in header if name and header.count(name) > 1]:
        raise RefusedError(
            f"the column {doubled[0]} stands twice in the header",
            fix="Export it again with one column of each name.",
        )
    return [name or f"column_{number}" for number, name in enumerate(header, start=1)]


def _split(text: str, delimiter: str) -> list[str]:
    first = next(csv.reader(text.splitlines(keepends=True), delimiter=delimiter), [])
    return [name.strip() for name in first]

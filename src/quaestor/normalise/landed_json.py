"""Open a landed file of JSON objects, one a line, as a relation of text."""

from __future__ import annotations

from pathlib import Path

from quaestor.normalise.landed_text import check_gzip, head, is_zipped, number_rejects
from quaestor.normalise.relation import RAW, REJECTED, RefusedError, Relation
from quaestor.warehouse.duckdb import Warehouse, literal

SUFFIXES = tuple(
    f".{kind}{zipped}" for zipped in ("", ".gz") for kind in ("json", "jsonl", "ndjson")
)
_LINES = "raw_lines"
_FIX = "Export it as JSON, newline delimited: one object a line."


def open_json(warehouse: Warehouse, path: Path) -> Relation:
    """Return a JSON file as a relation: a column for every key that any of its lines has.

    Every value is text, with the digits that the file has: a number is quoted before the engine
    sees it, which would else make a double of it. Nested values are JSON, their numbers quoted.

    Raises:
        RefusedError: It is no such file, or holds no row.
    """
    if is_zipped(path):
        check_gzip(path)
    beginning = head(path).lstrip()
    if beginning.startswith("["):
        raise RefusedError("is one JSON array, not an object a line", fix=_FIX)
    if not beginning:
        raise RefusedError("the file is empty", fix="Export it again, or remove it.")
    _read_lines(warehouse, path)
    keys = [
        key
        for (key,) in warehouse.rows(
            f"select key from (select unnest(json_keys(exact)) as key, line_number from {_LINES} "
            "where is_row) group by key order by min(line_number), key"
        )
    ]
    if not keys:
        raise RefusedError("no line is a JSON object", fix=_FIX)
    if alike := [key for key in keys if '"' in key or "\\" in key or not key]:
        raise RefusedError(f"a column is called {alike[0]!r}", fix="Export it under another name.")
    _split(warehouse, keys)
    (rows,) = warehouse.row(
        f"select (select count(*) from {RAW}) + (select count(*) from {REJECTED})"
    )
    columns = dict.fromkeys(keys, "VARCHAR")
    return Relation(columns, f"{RAW} as landed_row", "line_number", rows, typed=False, raw="line")


def _read_lines(warehouse: Warehouse, path: Path) -> None:
    """Read lines as they stand; those that are no text, or no object, are REJECTED."""
    for table in ("csv_rejects", "csv_scans"):
        warehouse.run(f"drop table if exists temp.{table}")
    compression = literal("gzip" if is_zipped(path) else "none")
    # A table of one column, which no character separates from another.
    warehouse.run(
        f"""
        create or replace temp table {_LINES} as
        select *, case when json_valid(line) then json_type(line) = 'OBJECT' else false end
            as is_row
        from (
            select row_number() over () as read_number, row_number() over () as line_number,
                line, exact_json(line) as exact
            from read_csv({literal(str(path))}, auto_detect = false, header = false,
                delim = chr(1), quote = '', escape = '', columns = {{'line': 'VARCHAR'}},
                compression = {compression}, hive_partitioning = false, ignore_errors = true,
                store_rejects = true, rejects_table = 'csv_rejects', rejects_scan = 'csv_scans',
                rejects_limit = 0, max_line_size = 16777216, buffer_size = 33554432)
        )
        """
    )
    number_rejects(warehouse, header=0)
    warehouse.run(
        f"""
        update {_LINES} set line_number = read_number
            + coalesce((select max(place) from {REJECTED} where before < read_number), 0)
        where exists (select 1 from {REJECTED});
        delete from {_LINES} where trim(coalesce(line, '')) = '';
        insert into {REJECTED} by name
        select line_number as row_number, 'is not a whole JSON object' as reason, line as raw
        from {_LINES} where not is_row;
        """
    )


def _split(warehouse: Warehouse, keys: list[str]) -> None:
    """Make RAW of the lines that are rows: a column for every key, in the order of `keys`."""
    quoted = (literal(f'$."{key}"') for key in keys)
    values = ", ".join(f"found[{number + 1}] as c{number}" for number in range(len(keys)))
    warehouse.run(
        f"""
        create or replace temp table {RAW} as
        select line_number, line, {values} from (
            select line_number, line, json_extract_string(exact, [{", ".join(quoted)}]) as found
            from {_LINES} where is_row
        );
        drop table {_LINES};
        """
    )

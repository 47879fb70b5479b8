"""Open a landed Parquet file as a relation."""

from __future__ import annotations

from pathlib import Path

from quaestor.normalise.relation import RefusedError, Relation
from quaestor.warehouse.duckdb import Warehouse, literal
from quaestor.warehouse.errors import UnreadableError


def open_parquet(warehouse: Warehouse, path: Path, *, careful: bool) -> Relation:
    """Return a Parquet file as a relation (see `landed_file.open_file`)."""
    reader = (
        f"read_parquet({literal(str(path))}, file_row_number = true, hive_partitioning = false)"
    )
    try:
        described = warehouse.probe(f"describe select * from {reader}")
        [(rows,)] = warehouse.probe(
            "select coalesce(sum(num_rows), 0)::bigint from parquet_file_metadata(?)", [str(path)]
        )
        plain = warehouse.probe(_PLAIN, [str(path)])
        if careful:
            warehouse.probe(f"select max(hash(columns(*))) from {reader}")
    except UnreadableError as problem:
        raise RefusedError(
            f"is no readable Parquet file ({problem})",
            fix="Export it again; a file cut short has lost its footer.",
        ) from None
    columns = {name: kind for name, kind, *_ in described if name != "file_row_number"}
    return Relation(
        columns,
        f"{reader} as landed_row",
        "file_row_number + 1",
        rows,
        typed=True,
        plain=frozenset(name for (name,) in plain if columns.get(name) == "VARCHAR"),
    )


# The footer states the least and the greatest text of each column: where every spelling of NULL
# (macros.sql) lies outside, no value is one. A bound that is shown escaped tells nothing.
_PLAIN = r"""
select path_in_schema
from parquet_metadata(?)
group by path_in_schema
having bool_and(coalesce(
    num_values = stats_null_count
    or (
        regexp_full_match(stats_min_value || stats_max_value, '[ -Z^-~]*')
        and not '' between stats_min_value and stats_max_value
        and not '(null)' between stats_min_value and stats_max_value
        and not 'NULL' between stats_min_value and stats_max_value
        and not '\N' between stats_min_value and stats_max_value
        and not 'null' between stats_min_value and stats_max_value
    ),
    false
))
"""

"""Run the SELECTs of `sql/`: each becomes a temporary table, then rows of a table or quarantine.

A SELECT that judges its rows has the column `refused`, the reason in words or null; one that leaves
out a value of a row that counts may say why in `unreadable`. Beside them `file`, `sha256`,
`row_number` and `raw` say where the row landed.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from quaestor.warehouse.duckdb import Warehouse

_SQL = Path(__file__).parent / "sql"
_LANDED = ("file", "sha256", "row_number", "raw", "refused", "unreadable")


def text(name: str) -> str:
    """Return a file of `sql/`, named without `.sql`."""
    return (_SQL / f"{name}.sql").read_text(encoding="utf-8")


def define(warehouse: Warehouse, *scripts: str) -> None:
    """Define the macros of some files of `sql/`."""
    for script in scripts:
        warehouse.run(text(script))


def make(
    warehouse: Warehouse, name: str, given: Mapping[str, Any] | None = None, *, query: str = ""
) -> None:
    """Make a temporary table of what a SELECT gives.

    Args:
        warehouse: Where to.
        name: The table, and the file in `sql/` unless `query` names another.
        given: Parameters; those that the SELECT does not ask for are left out.
        query: The file in `sql/`.
    """
    select = text(query or name)
    bound = {key: value for key, value in (given or {}).items() if f"${key}" in select}
    warehouse.run(f"create or replace temp table {name} as {select}", bound)


def fill(warehouse: Warehouse, table: str, source: str, name: str) -> None:
    """Insert the rows of a temporary table, less those refused: they go into quarantine."""
    columns = {column for (column, *_) in warehouse.rows(f"describe {name}")}
    aside = [column for column in _LANDED if column in columns]
    said = f"* exclude ({', '.join(aside)})" if aside else "*"
    said = said if "source" in columns else f"$source as source, {said}"
    sound = "where refused is null" if "refused" in columns else ""
    given = {} if "source" in columns else {"source": source}
    warehouse.run(f"insert into {table} by name select {said} from {name} {sound}", given)
    if "refused" in columns:
        set_aside(warehouse, source, name)
    if "unreadable" in columns:
        warehouse.run(
            "insert into quarantine.value select $source, file, sha256, row_number, unreadable, "
            f"raw from (select * from {name} {sound}) where unreadable is not null",
            {"source": source},
        )


def set_aside(warehouse: Warehouse, source: str, name: str) -> None:
    """Put the rows of a temporary table that are refused into quarantine."""
    warehouse.run(
        "insert into quarantine.row select $source, file, sha256, row_number, refused, raw "
        f"from {name} where refused is not null",
        {"source": source},
    )

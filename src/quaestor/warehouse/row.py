"""Put rows into tables: many of ours at once, or one that a person wrote."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from quaestor.core.errors import ConfigurationError
from quaestor.warehouse.driver import duckdb
from quaestor.warehouse.duckdb import Warehouse, quoted, quoted_table


def insert_rows(
    warehouse: Warehouse, table: str, columns: str, rows: Sequence[tuple[Any, ...]]
) -> None:
    """Insert many rows in one statement.

    Args:
        warehouse: Where to.
        table: With its schema, as SQL.
        columns: Their names, separated by commas, as SQL.
        rows: A value for each column.
    """
    if rows:
        lists = ", ".join("unnest(?)" for _ in rows[0])
        warehouse.run(
            f"insert into {table} ({columns}) select {lists}",
            [list(column) for column in zip(*rows, strict=True)],
        )


def insert_row(
    warehouse: Warehouse, table: str, types: Mapping[str, str], row: Mapping[str, Any]
) -> None:
    """Insert one row; each value takes its column's type.

    Args:
        warehouse: Where to.
        table: With its schema; it exists.
        types: The types of the table's columns.
        row: Values by column.

    Raises:
        ConfigurationError: A value of a wrong type, or a row that is there already.
    """
    names = ", ".join(quoted(name) for name in row)
    values = ", ".join(f"cast(? as {types[name]})" for name in row)
    try:
        warehouse.connection.execute(
            f"insert into {quoted_table(table)} ({names}) values ({values})", list(row.values())
        )
    except (duckdb.DataError, duckdb.IntegrityError, duckdb.InvalidInputException) as problem:
        raise ConfigurationError(
            f"a row of {table} cannot stand: {str(problem).splitlines()[0].partition(': ')[2]}",
            fix="Correct its values; a key may stand once.",
        ) from None

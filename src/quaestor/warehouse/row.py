"""Put one row that a person wrote into a table, and say what is wrong with it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import duckdb

from quaestor.core.errors import ConfigurationError
from quaestor.warehouse.duckdb import Warehouse, quoted, quoted_table


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

"""Bring a warehouse of an older schema up to date, with all that audits recorded in it.

The ledger is left to the next build, which is told that it has to read everything anew: columns
that the older schema had not are filled then. What nobody can read again, because its landed file
is gone, stays as it is.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from quaestor.warehouse import container_series

if TYPE_CHECKING:
    from quaestor.warehouse.duckdb import Warehouse

KEPT_FROM = 6  # of older schemas, tables cannot be carried over column by column
_TABLES = """
select schema_name || '.' || table_name, schema_name = 'ledger'
from duckdb_tables() where not temporary order by all
"""
_READ_ANEW = """
delete from meta.property
where name in ('config', 'ledger_settings') or name like 'manifest:%'
"""


def carry_over(warehouse: Warehouse, scripts: Iterable[str]) -> None:
    """Make the tables anew and put their rows back, in the caller's transaction.

    Args:
        warehouse: Of the schema `KEPT_FROM` or later.
        scripts: What makes all tables, in order.
    """
    tables = [(str(table), bool(is_ledger)) for table, is_ledger in warehouse.rows(_TABLES)]
    kept = [table for table, is_ledger in tables if not is_ledger]
    for number, table in enumerate(kept):
        warehouse.run(f"create temp table kept_{number} as from {table}")
    for table, _ in tables:
        warehouse.run(f"drop table {table}")
    for script in scripts:
        warehouse.run(script)
    made = {table for table, _ in warehouse.rows(_TABLES)}
    for number, table in enumerate(kept):
        there = warehouse.columns(table) if table in made else {}
        columns = [name for name in warehouse.columns(f"main.kept_{number}") if name in there]
        if table == container_series.TABLE and "series" not in columns:
            container_series.insert(warehouse, f"select * from kept_{number}")
        elif columns:
            names = ", ".join(f'"{name}"' for name in columns)
            warehouse.run(f"insert into {table} ({names}) select {names} from kept_{number}")
        warehouse.run(f"drop table kept_{number}")
    warehouse.run(_READ_ANEW)

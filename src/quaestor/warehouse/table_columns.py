"""The columns of the tables that policies may read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from quaestor.warehouse.driver import duckdb
from quaestor.warehouse.duckdb import quoted, quoted_table
from quaestor.warehouse.width import SCHEMAS


class TableColumns(Mapping[str, Mapping[str, str]]):
    """The columns of every readable table and view, looked up table by table.

    To look at those of all tables lets the engine read them all, which takes longer than what is
    asked of a dozen.

    Args:
        cursor: What looks; while it is open.
        home: The catalogue that holds them.
    """

    def __init__(self, cursor: duckdb.DuckDBPyConnection, home: str) -> None:
        self._cursor = cursor
        self._home = home
        self._found: dict[str, dict[str, str]] = {}

    def __getitem__(self, table: str) -> dict[str, str]:
        if table not in self._found:
            self._found[table] = self._look(table)
        if not self._found[table]:
            raise KeyError(table)
        return self._found[table]

    def __iter__(self) -> Iterator[str]:
        return (table for (table,) in self._tables())

    def __len__(self) -> int:
        return len(self._tables())

    def _look(self, table: str) -> dict[str, str]:
        if table != table.lower() or table.partition(".")[0] not in SCHEMAS:
            return {}
        name = f"{quoted(self._home)}.{quoted_table(table)}"
        try:
            rows = self._cursor.execute(
                "select name, type from pragma_table_info(?)", [name]
            ).fetchall()
        except duckdb.CatalogException:
            return {}
        return dict(rows)

    def _tables(self) -> list[tuple[str]]:
        return self._cursor.execute(
            "select distinct schema_name || '.' || table_name from duckdb_columns() "
            "where database_name = ? and schema_name in (select unnest(?)) order by 1",
            [self._home, list(SCHEMAS)],
        ).fetchall()

"""Know which tables have rows: a SELECT whose rows are from none of them need not be planned."""

from __future__ import annotations

from collections.abc import Iterable

from quaestor.warehouse.duckdb import Warehouse


class Presence:
    """Which tables have rows, while one build fills those of the ledger, each once.

    Args:
        warehouse: Where they are.
        tables: Those that will be asked about, so that all are looked at together.
    """

    def __init__(self, warehouse: Warehouse, tables: Iterable[str]) -> None:
        self._warehouse = warehouse
        self._before = self._look(sorted(set(tables)))
        self._known = {
            table: there for table, there in self._before.items() if not _is_ledger(table)
        }

    def of(self, tables: Iterable[str]) -> bool:
        """Return whether any of the tables has a row now; True where none is named."""
        named = tuple(tables)
        if unknown := [table for table in named if table not in self._known]:
            found = self._look(unknown)
            if any(found.values()):
                return True
        return not named or any(self._known.get(table, False) for table in named)

    def was(self, table: str) -> bool:
        """Return whether a table had rows when the build began; True where nobody looked."""
        return self._before.get(table, True)

    def filled(self, table: str) -> None:
        """Look at a table once more: this build writes to it no longer."""
        self._known |= self._look([table])

    def _look(self, tables: list[str]) -> dict[str, bool]:
        # Not by `exists`: ten of these are planned twenty times as long.
        each = [f"(select '{table}' from {table} limit 1)" for table in tables]
        found = {name for (name,) in self._warehouse.rows(" union all ".join(each))} if each else {}
        return {table: table in found for table in tables}


def _is_ledger(table: str) -> bool:
    return table.startswith("ledger.")

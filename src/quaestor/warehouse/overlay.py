"""Rows that count before those of a table, as if they were in the warehouse already."""

from __future__ import annotations

from msgspec import Struct

from quaestor.warehouse.duckdb import quoted


class Overlay(Struct, frozen=True):
    """What counts before the rows of one table.

    Args:
        table: Such as "registry.deployment".
        rows: A relation of ours with columns of the same names, such as "deploy.registry.model".
        key: The columns that tell rows apart; a row of the table with the same is not seen.
        replaced: A relation of ours whose columns tell which rows of the table are not seen
            either; None: no others.
        by: The columns of `replaced`, which the table has too.
    """

    table: str
    rows: str
    key: tuple[str, ...]
    replaced: str | None = None
    by: tuple[str, ...] = ()

    def relation(self, table: str) -> str:
        """Return SQL for the rows of the (quoted) table with these laid over."""
        gone = [(self.rows, self.key)]
        if self.replaced is not None:
            gone.append((self.replaced, self.by))
        kept = " and ".join(
            f"not exists (select 1 from {rows} as o where {_same(key)})" for rows, key in gone
        )
        return (
            f"(select * from {table} as h where {kept} union all by name select * from {self.rows})"
        )


def _same(columns: tuple[str, ...]) -> str:
    return " and ".join(
        f"o.{quoted(name)} is not distinct from h.{quoted(name)}" for name in columns
    )

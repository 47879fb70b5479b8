"""Rows that count before those of a table, as if they were in the warehouse already."""

from __future__ import annotations

from dataclasses import dataclass

from quaestor.warehouse.duckdb import quoted


@dataclass(frozen=True)
class Overlay:
    """What counts before the rows of one table.

    Args:
        table: Such as "registry.deployment".
        rows: A relation of ours with columns of the same names, such as "deploy.registry.model".
        key: The columns that tell rows apart; a row of the table with the same is not seen.
    """

    table: str
    rows: str
    key: tuple[str, ...]

    def relation(self, table: str) -> str:
        """Return SQL for the rows of the (quoted) table with these laid over."""
        on = " and ".join(
            f"o.{quoted(name)} is not distinct from h.{quoted(name)}" for name in self.key
        )
        return (
            f"(select * from {table} as h "
            f"where not exists (select 1 from {self.rows} as o where {on}) "
            f"union all by name select * from {self.rows})"
        )

"""Builders: an estate of thousands of models, made by SQL, to see what its pages weigh."""

from __future__ import annotations

from pathlib import Path

from quaestor.warehouse.duckdb import Warehouse

_SQL = Path(__file__).with_suffix(".sql")


def a_large_estate(models: int = 10_000) -> Warehouse:
    """Return a warehouse in memory that reports can be rendered from."""
    warehouse = Warehouse(":memory:")
    for statement in _SQL.read_text(encoding="utf-8").replace("$models", str(models)).split(";\n"):
        if statement.strip():
            warehouse.run(statement)
    return warehouse

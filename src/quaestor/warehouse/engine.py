"""Say who computes the ledger: DuckDB in the warehouse itself, or Apache Spark beside it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from quaestor.core.config import Config
from quaestor.warehouse.duckdb import Warehouse


class Engine(Protocol):
    """What computes SELECTs in DuckDB's dialect into tables of the warehouse."""

    def define(self, view: str, select: str) -> None:
        """Create or replace a view, such as ledger.line."""

    def fill(self, table: str, select: str) -> None:
        """Add the rows of a SELECT to a table, by the names of its columns."""

    def forget(self, table: str) -> None:
        """Read a table anew when it is read next: somebody else has written to it."""


class Embedded:
    """DuckDB, where the tables are.

    Args:
        warehouse: An open warehouse; what is computed belongs to its transaction.
    """

    def __init__(self, warehouse: Warehouse) -> None:
        self.warehouse = warehouse

    def define(self, view: str, select: str) -> None:
        """Create or replace a view."""
        self.warehouse.run(f"create or replace view {view} as {select}")

    def fill(self, table: str, select: str) -> None:
        """Add the rows of a SELECT to a table."""
        self.warehouse.run(f"insert into {table} by name {select}")

    def forget(self, table: str) -> None:
        """Nothing to do: DuckDB reads what is there."""


@contextmanager
def engine(warehouse: Warehouse, config: Config) -> Iterator[Engine]:
    """Give the engine that the configuration asks for (`spark:`), for the time of a build.

    Raises:
        ConfigurationError: Spark is asked for, and it or Java is not installed.
        IncompleteError: The Spark server is out of reach.
    """
    if config.spark is None:
        yield Embedded(warehouse)
        return
    from quaestor.warehouse import spark

    folder = config.resolve(config.spark.exchange) if config.spark.exchange else None
    with spark.exchange(folder) as shared, spark.session(config.spark) as session:
        yield spark.Spark(warehouse, session, shared)

"""The warehouse from Python: `quaestor.open("w.duckdb").table("ledger.model_month")`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from quaestor.core.errors import ConfigurationError
from quaestor.core.nearest import did_you_mean
from quaestor.warehouse.duckdb import Warehouse, quoted_table
from quaestor.warehouse.frame import frame

if TYPE_CHECKING:
    import pandas


class Reader:
    """A warehouse, open for reading; several may read one file at a time.

    Args:
        path: The file, as `warehouse:` in quaestor.yaml names it.

    Raises:
        IncompleteError: There is no such warehouse, or another process writes it now.
        ConfigurationError: The file is no warehouse of Quaestor, or of a newer one.
    """

    def __init__(self, path: str | Path) -> None:
        self._warehouse = Warehouse(path, read_only=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        self._warehouse.close()

    def tables(self) -> list[str]:
        """Return the names of all tables and views, such as "ledger.model_month", sorted."""
        found = self._warehouse.rows(
            """
            select schema_name || '.' || table_name from duckdb_tables()
            union all
            select schema_name || '.' || view_name from duckdb_views() where not internal
            order by all
            """
        )
        return [name for (name,) in found]

    def table(self, name: str) -> pandas.DataFrame:
        """Return a whole table or view; dtypes as `quaestor.warehouse.frame` says.

        Raises:
            ConfigurationError: There is no such table, or pandas is not installed.
        """
        known = self.tables()
        if name not in known:
            raise ConfigurationError(
                f"there is no table '{name}'",
                where=self._warehouse.path,
                fix=did_you_mean(name, known, otherwise="`.tables()` lists them."),
            )
        return frame(self._warehouse, f"select * from {quoted_table(name)}")

    def query(
        self, sql: str, parameters: Sequence[Any] | Mapping[str, Any] = ()
    ) -> pandas.DataFrame:
        """Return the rows of one SELECT; `?` or `$name` in it take their values from `parameters`.

        Raises:
            ConfigurationError: The SQL is no valid SELECT, or pandas is not installed.
        """
        return frame(self._warehouse, sql, parameters)

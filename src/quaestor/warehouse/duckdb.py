"""The warehouse in one DuckDB file: open, migrate, read, write all or nothing."""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Thread
from types import TracebackType
from typing import Any, Self

from quaestor.core.errors import ConfigurationError, IncompleteError, QuaestorError
from quaestor.warehouse.driver import duckdb
from quaestor.warehouse.errors import INTERRUPTED, NoRoomError, OutOfRangeError, UnreadableError
from quaestor.warehouse.upgrade import KEPT_FROM, carry_over

SCHEMA_VERSION = 12
FIRST_BUILD = "first_build"  # the property of a warehouse whose first build is not at its end
# What the engine says when a disk, a quota (EDQUOT) or a file's size limit (EFBIG) is reached.
_FULL = tuple(os.strerror(code) for code in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG))
_SCHEMA = Path(__file__).parent / "schema"
# Megabytes. With less, the engine writes tables in order on one core only.
_FRUGAL, _FRUGAL_PER_THREAD = 800, 200
Parameters = Sequence[Any] | Mapping[str, Any]


class Warehouse:
    """A connection to one warehouse file.

    Args:
        path: The file, or ":memory:" for one that lives as long as this object (tests, policy
            cases).
        read_only: Read a warehouse that another process may be reading too; never creates one.

    Raises:
        IncompleteError: No such warehouse (read-only), locked by a writer, or a full disk.
        ConfigurationError: No warehouse of ours, or written by a newer Quaestor.
    """

    def __init__(self, path: str | Path, *, read_only: bool = False) -> None:
        self.path = str(path)
        self.read_only = read_only
        if read_only and not Path(path).is_file():
            raise IncompleteError(
                "there is no warehouse yet",
                where=self.path,
                fix="Run `quaestor audit` (or `quaestor build`) first, or correct `warehouse:`.",
            )
        try:
            self.connection = duckdb.connect(self.path, read_only=read_only)
        except duckdb.Error as problem:
            raise _explained(problem, self.path) from None
        try:
            self.run("set TimeZone = 'UTC'")
            self._prepare()
        except BaseException:
            self.connection.close()
            raise

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
        """Close the file; the lock goes with it."""
        self.connection.close()

    def run(self, sql: str, parameters: Parameters = ()) -> None:
        """Execute one or more statements and forget their rows."""
        self._execute(sql, parameters)

    def rows(self, sql: str, parameters: Parameters = ()) -> list[tuple[Any, ...]]:
        """Return every row of a query, in order."""
        return self._execute(sql, parameters).fetchall()

    def row(self, sql: str, parameters: Parameters = ()) -> tuple[Any, ...]:
        """Return the one row of a query that has exactly one.

        Raises:
            LookupError: There was none, or more than one.
        """
        found = self.rows(sql, parameters)
        if len(found) != 1:
            raise LookupError(f"expected one row, got {len(found)}")
        return found[0]

    def records(self, sql: str, parameters: Parameters = ()) -> list[dict[str, Any]]:
        """Return every row of a query as a dict by column name, in order."""
        cursor = self._execute(sql, parameters)
        names = [column[0] for column in cursor.description or ()]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

    def probe(self, sql: str, parameters: Parameters = ()) -> list[tuple[Any, ...]]:
        """Return every row of a query that may fail without ending the open transaction.

        It sees what is committed, and no temporary table of this connection.

        Raises:
            UnreadableError: The engine refused a file.
        """
        with self.connection.cursor() as aside:
            try:
                return aside.execute(sql, parameters or None).fetchall()
            except (
                duckdb.IOException,
                duckdb.InvalidInputException,
                duckdb.BinderException,
            ) as problem:
                raise UnreadableError(_first_line(problem)) from problem

    def columns(self, table: str) -> dict[str, str]:
        """Return the columns of a table that is there, and their types, in order."""
        # Not duckdb_columns(): it makes the columns of all tables, ten times as slow.
        return dict(self.rows("select name, type from pragma_table_info(?)", [table]))

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Make what follows happen wholly or not at all, a kill or full disk included."""
        self.run("begin transaction")
        try:
            yield
        except BaseException:
            self._abandon()
            raise
        self.run("commit")

    @contextmanager
    def frugal(self) -> Iterator[None]:
        """Let the engine keep little in memory and the rest on disk; `_FRUGAL` says how little.

        Raises:
            NoRoomError: Not even one step of the work fits.
        """
        (threads,) = self.row("select current_setting('threads')")
        megabytes = max(_FRUGAL, _FRUGAL_PER_THREAD * int(threads))
        self.run(f"set memory_limit = '{megabytes}MB'")
        try:
            yield
        finally:
            # A transaction that has failed takes no more statements; a cursor has one of its own.
            with self.connection.cursor() as aside:
                aside.execute("reset memory_limit")

    def _abandon(self) -> None:
        try:
            self.connection.execute("rollback")
        except duckdb.Error:
            # The engine has already rolled back (a full disk ends the transaction by itself).
            return

    def _execute(self, sql: str, parameters: Parameters) -> duckdb.DuckDBPyConnection:
        try:
            return self.connection.execute(sql, parameters or None)
        except duckdb.TransactionException as problem:  # a commit that could not be written
            if any(sign in str(problem) for sign in _FULL):
                raise _explained(problem, self.path) from problem
            raise
        except RuntimeError as problem:
            if str(problem) == INTERRUPTED:
                raise KeyboardInterrupt from None
            raise
        except (duckdb.IOException, duckdb.FatalException, duckdb.OutOfMemoryException) as problem:
            if _is_about_a_file_read(problem):
                raise UnreadableError(_first_line(problem)) from problem
            raise _explained(problem, self.path) from problem
        except duckdb.InvalidInputException as problem:
            raise UnreadableError(_first_line(problem)) from problem
        except duckdb.OutOfRangeException as problem:
            raise OutOfRangeError(
                f"a figure is larger than its type can hold ({_first_line(problem)})",
                where=self.path,
                fix="Money has 18 digits before the point: look for a cost or a rate that is "
                "far too large.",
            ) from problem

    def _prepare(self) -> None:
        version = self._version()
        if version == SCHEMA_VERSION:
            if self.read_only:
                self._insist_on_a_build()
            return
        if self.read_only:
            raise IncompleteError(
                f"the warehouse is of an older schema ({version}, this one reads {SCHEMA_VERSION})"
                if version
                else "the warehouse is empty",
                where=self.path,
                fix="Run `quaestor build` once.",
            )
        scripts = [path.read_text(encoding="utf-8") for path in sorted(_SCHEMA.glob("*.sql"))]
        with self.transaction():
            if version:
                carry_over(self, scripts)
            else:
                self.run("\n".join(scripts))
            self.run(
                "insert or replace into meta.property values ('schema_version', ?)",
                [str(SCHEMA_VERSION)],
            )

    def _insist_on_a_build(self) -> None:
        """Refuse what a first build left that never came to its end: it is no empty estate."""
        if self.rows("select 1 from meta.property where name = ?", [FIRST_BUILD]):
            raise IncompleteError(
                "the warehouse was never built: its first build did not come to its end",
                where=self.path,
                fix="Run `quaestor build` (or `quaestor audit`) again.",
            )

    def _version(self) -> int:
        """Return the schema the file was written by, one that can be read; 0: the file is new."""
        try:  # duckdb_tables() would look at every table of the file first
            [(text,)] = self.rows("select value from meta.property where name = 'schema_version'")
        except duckdb.CatalogException:
            if self.rows("select 1 from duckdb_tables() limit 1"):
                raise ConfigurationError(
                    "this DuckDB file is no Quaestor warehouse",
                    where=self.path,
                    fix="Point `warehouse:` at another file; this one is left untouched.",
                ) from None
            return 0
        version = int(text)
        if version > SCHEMA_VERSION:
            raise ConfigurationError(
                f"the warehouse was written by a newer Quaestor (schema {version}, "
                f"this one reads {SCHEMA_VERSION})",
                where=self.path,
                fix="Upgrade Quaestor (pip install -U quaestor), or use another warehouse file.",
            )
        if 0 < version < KEPT_FROM:
            raise ConfigurationError(
                f"the warehouse is of an older schema ({version}, this one reads {SCHEMA_VERSION})",
                where=self.path,
                fix="Move it away and run `quaestor build`: what is landed is read anew.",
            )
        return version


@contextmanager
def opened_ahead(path: str | Path) -> Iterator[None]:
    """Begin to read a warehouse's catalogue while the caller prepares what to ask of it.

    The engine has one instance of a file in a process, so that a `Warehouse` opened to read inside
    is there at once. Whatever prevents it is left to be told by that.
    """
    opened: list[duckdb.DuckDBPyConnection] = []

    def work() -> None:
        with suppress(duckdb.Error):
            opened.append(duckdb.connect(str(path), read_only=True))

    thread = Thread(target=work, daemon=True)
    if Path(path).is_file():
        thread.start()
    try:
        yield
    finally:
        if thread.ident is not None:
            thread.join()
        for connection in opened:
            connection.close()


def _explained(problem: duckdb.Error, path: str) -> QuaestorError:
    text = str(problem).splitlines()[0]
    if isinstance(problem, duckdb.OutOfMemoryException):
        return NoRoomError(
            "the engine ran out of memory; nothing was changed",
            where=path,
            fix="Close other programs or run on a larger machine.",
        )
    if re.search(r"\block\b", text, re.IGNORECASE):  # not: could not allocate block
        return IncompleteError(
            "the warehouse is in use by another process",
            where=path,
            fix="Wait for it to finish, or give this run its own file (--warehouse).",
        )
    if any(sign in text for sign in _FULL):
        return IncompleteError(
            "the disk is full; nothing was changed",
            where=path,
            fix="Free some space and run again; the last good state is kept.",
        )
    if "newer version" in text or "storage version" in text.lower():
        return ConfigurationError(
            f"the warehouse was written by a newer DuckDB ({text})",
            where=path,
            fix="Upgrade Quaestor and DuckDB, or use another warehouse file.",
        )
    return ConfigurationError(
        f"cannot be opened or read as a DuckDB file ({text})",
        where=path,
        fix="Check the path and its permissions; if the file is damaged, move it away and build.",
    )


def _is_about_a_file_read(problem: duckdb.Error) -> bool:
    text = str(problem).lower()
    return any(word in text for word in ("parquet", "gzip", "csv", "magic bytes", "thrift"))


def _first_line(problem: duckdb.Error) -> str:
    return str(problem).splitlines()[0].partition(": ")[2] or str(problem).splitlines()[0]


def quoted(name: str) -> str:
    """Quote an identifier for SQL.

    >>> quoted('x_odd"name')
    '"x_odd""name"'
    """
    return '"' + name.replace('"', '""') + '"'


def quoted_table(table: str) -> str:
    """Quote a table's name, part by part.

    >>> quoted_table("registry.grant")
    '"registry"."grant"'
    """
    return ".".join(quoted(part) for part in table.split("."))


def literal(text: str) -> str:
    """Quote a text for the places in SQL that take no parameter (DDL, views).

    >>> literal("O'Brien")
    "'O''Brien'"
    """
    return "'" + text.replace("'", "''") + "'"

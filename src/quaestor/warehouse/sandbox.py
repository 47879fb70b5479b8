"""Run SQL that came with a pull request: it reads three schemas, within limits, and no more.

Two fences, each of which would do. The engine: external access off, settings locked, a
read-only transaction, and a catalogue of its own in which only views of the readable tables
exist. The tree (`one_select.py`): one SELECT of those tables, with listed functions.
"""

from __future__ import annotations

import itertools
import re
import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from types import TracebackType
from typing import Any, Self

import duckdb

from quaestor.warehouse.duckdb import Warehouse, literal, quoted, quoted_table
from quaestor.warehouse.macros import GUARDS, MACRO_TABLES, MACROS, SUPPLIERS
from quaestor.warehouse.one_select import (
    MOST_CHARACTERS,
    SCHEMAS,
    NoMemoryError,
    SandboxError,
    Select,
    expression_of,
    select_of,
)
from quaestor.warehouse.overlay import Overlay

__all__ = ["MACROS", "Answer", "Limits", "Sandbox", "SandboxError", "Select"]

_NUMBERS = itertools.count(1)  # two sandboxes on one engine need two names
_REGULAR = re.compile("regexp_|~|similar")  # the operators are functions by another name
_CANDIDATES = re.compile(r'Candidate bindings: (.+)|Did you mean "([^"]+)"')
_MISSING = re.compile(r'(?:Referenced column|column named) "([^"]+)"|Table with name (\S+) does')


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What one query may use.

    Args:
        seconds: Wall-clock time, after which it is interrupted.
        memory: The engine's memory, as DuckDB writes it; beyond it the query fails, and
            nothing is spilled to disk.
        threads: The engine's threads.
        rows: The most rows a query may return.
    """

    seconds: float = 10.0
    memory: str = "1GB"
    threads: int = 1  # handing few rows between threads takes longer than reading them
    rows: int = 1_000_000


class _Watch:
    """Interrupts a query that runs too long; one thread for all queries of a sandbox.

    It counts its own ticks, so that starting and stopping costs a query nothing.
    """

    _TICKS = 20

    def __init__(self, cursor: duckdb.DuckDBPyConnection, seconds: float) -> None:
        self._cursor = cursor
        self._tick = seconds / self._TICKS
        self._lock = threading.Lock()
        self._closed = threading.Event()
        self._running = False
        self._ticks = 0
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def start(self) -> None:
        """Begin to count for a query."""
        with self._lock:
            self._running, self._ticks = True, 0

    def stop(self) -> None:
        """Let the next query be another one."""
        with self._lock:
            self._running = False

    def close(self) -> None:
        """End the thread."""
        self._closed.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._closed.wait(self._tick):
            with self._lock:
                self._ticks += 1
                if self._running and self._ticks > self._TICKS:
                    self._cursor.interrupt()


@dataclass(frozen=True)
class Answer:
    """What a query returned: its columns' names and types, and its rows in order."""

    columns: tuple[str, ...]
    types: tuple[str, ...]
    rows: Sequence[tuple[Any, ...]]


class Sandbox:
    """A place to run SELECTs of others against a warehouse.

    The warehouse's engine stays locked after use (no external files, no settings): give it a
    connection of its own, opened read-only, or one in memory.

    Args:
        warehouse: What is read.
        limits: What each query may use.
        overlays: What counts before the warehouse's own rows, at most one for a table.
    """

    def __init__(
        self,
        warehouse: Warehouse,
        *,
        limits: Limits | None = None,
        overlays: Iterable[Overlay] = (),
    ) -> None:
        self._warehouse = warehouse
        self._overlays = {overlay.table: overlay for overlay in overlays}
        self._limits = limits or Limits()
        self.read_only = warehouse.read_only
        self._views: dict[str, str] = {}
        self._seen: dict[str, dict[str, str]] = {}  # columns that are not seen as they are
        self._narrow: dict[str, Sequence[str]] = {}
        self._macros: set[str] = set()
        self._name = f"quaestor_sandbox_{next(_NUMBERS)}"
        self._home: str = warehouse.row("select current_database()")[0]
        self._lock(warehouse.connection)
        self._cursor = warehouse.connection.cursor()
        self._watch = _Watch(self._cursor, self._limits.seconds)
        self._cursor.execute(f"attach ':memory:' as {self._name} (read_write)")
        for schema in SCHEMAS:
            self._cursor.execute(f"create schema {self._name}.{quoted(schema)}")
        self._cursor.execute(f"use {self._name}")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def twin(self) -> Sandbox:
        """Return another on the same engine, to run queries at the same time as in this one.

        It sees what this one does now, and is closed first.
        """
        other = Sandbox(self._warehouse, limits=self._limits, overlays=self._overlays.values())
        other._seen, other._narrow = dict(self._seen), dict(self._narrow)
        return other

    def interrupt(self) -> None:
        """Stop the query that runs in it, from another thread."""
        self._cursor.interrupt()

    def close(self) -> None:
        """Leave the engine without the sandbox's catalogue."""
        self._watch.close()
        self._cursor.execute(f"use {quoted(self._home)}")
        self._cursor.execute(f"detach {self._name}")
        self._cursor.close()

    def _lock(self, connection: duckdb.DuckDBPyConnection) -> None:
        locked = connection.execute("select current_setting('lock_configuration')").fetchone()
        if locked == (True,):
            return  # by an earlier sandbox on this engine
        for setting in (
            "temp_directory = ''",
            "enable_external_access = false",
            "autoinstall_known_extensions = false",
            "autoload_known_extensions = false",
            "python_enable_replacements = false",
            f"memory_limit = {literal(self._limits.memory)}",
            f"threads = {self._limits.threads:d}",
            "lock_configuration = true",
        ):
            connection.execute(f"set {setting}")

    def columns(self) -> Mapping[str, Mapping[str, str]]:
        """Return the columns of every readable table and view, and their types, in order."""
        return self._columns

    @cached_property
    def _columns(self) -> dict[str, dict[str, str]]:
        rows = self._cursor.execute(
            "select schema_name || '.' || table_name, column_name, data_type "
            "from duckdb_columns() where database_name = ? and schema_name in (select unnest(?)) "
            "order by 1, column_index",
            [self._home, list(SCHEMAS)],
        ).fetchall()
        columns: dict[str, dict[str, str]] = {}
        for table, column, kind in rows:
            columns.setdefault(table, {})[column] = kind
        return columns

    def override(self, table: str, columns: Mapping[str, str]) -> None:
        """Let columns of a readable table be seen as expressions of ours; others as they are.

        Args:
            table: Such as "registry.model_version".
            columns: The expression over the table's columns, by column.
        """
        self._seen[table] = {c: f"({sql}) as {quoted(c)}" for c, sql in columns.items()}

    def narrow(self, tables: Mapping[str, Sequence[str]]) -> None:
        """Show of these tables only these columns, which is quicker to plan; else all."""
        self._narrow = dict(tables)

    def select(self, sql: str) -> Select:
        """Read and judge a SELECT of others.

        Raises:
            SandboxError: It may not run here; says why.
        """
        [judged] = self.judge([(sql, False)])
        if isinstance(judged, SandboxError):
            raise judged
        return judged

    def judge(self, texts: Iterable[tuple[str, bool]]) -> list[Select | SandboxError]:
        """Read and judge many at once, which is quicker than one by one.

        Args:
            texts: Each a text, and whether it is a bare expression.

        Returns:
            For each, in order: what may run, or why it may not.
        """
        pairs = list(texts)
        refused = [_illegible(text) for text, _ in pairs]
        fitting = [pair for pair, problem in zip(pairs, refused, strict=True) if problem is None]
        trees = iter(self._trees([f"select (\n{t}\n)" if bare else t for t, bare in fitting]))
        judged: list[Select | SandboxError] = []
        for (text, bare), problem in zip(pairs, refused, strict=True):
            if problem is not None:
                judged.append(problem)
                continue
            read = expression_of if bare else select_of
            try:
                judged.append(read(text, next(trees), macros=tuple(MACROS)))
            except SandboxError as refusal:
                judged.append(refusal)
        return judged

    def run(self, sql: str, parameters: Mapping[str, Any], *, tables: Iterable[str] = ()) -> Answer:
        """Run SQL whose every foreign part was judged, within the limits.

        Args:
            sql: One SELECT.
            parameters: Its `$parameters`, each of them and no other.
            tables: What it reads; each becomes visible in the sandbox.

        Raises:
            SandboxError: It failed, took too long, or returned too much.
        """
        self._watch.start()
        try:
            for table in tables:
                self._show(table)
            return self._fetched(sql, parameters)
        except duckdb.Error as problem:
            raise self._explained(problem) from None
        except (OverflowError, ValueError) as problem:  # a date beyond what Python can hold
            raise SandboxError(f"returns a value that cannot be read ({problem})") from None
        finally:
            self._watch.stop()

    def rows(self, sql: str, parameters: Mapping[str, Any] | None = None) -> Answer:
        """Judge and run a SELECT of others.

        Raises:
            SandboxError: It may not run here, failed, or went beyond the limits.
        """
        select = self.select(sql)
        return self.run(select.sql, parameters or {}, tables=select.tables)

    def _fetched(self, sql: str, parameters: Mapping[str, Any]) -> Answer:
        self._define_all(sql.lower())
        if not self.read_only:
            self._cursor.execute("begin transaction read only")
        try:
            cursor = self._cursor.execute(sql, dict(parameters) or None)
            rows = cursor.fetchmany(self._limits.rows + 1)
            described = cursor.description or ()
        finally:
            self._watch.stop()  # or it would interrupt the end of the transaction, too
            if not self.read_only:
                self._cursor.execute("rollback")
        if len(rows) > self._limits.rows:
            raise SandboxError(
                f"returns more than {self._limits.rows} rows", fix="Return one row a subject."
            )
        names = tuple(column[0] for column in described)
        return Answer(names, tuple(str(column[1]) for column in described), rows)

    def _define_all(self, text: str) -> None:
        """Put in place what a text may call."""
        if "supplies" in text and not (self.read_only and "supplies" in self._macros):
            self._show(MACRO_TABLES["supplies"])
            self._cursor.execute(SUPPLIERS)
        for name, macro in MACROS.items():
            if name not in text:
                continue
            if table := MACRO_TABLES.get(name):
                self._show(table)  # as it is narrowed now
            if name not in self._macros:
                # Ours hold for long texts, too: theirs are put in the way of others' alone.
                self._define(name, macro.replace("regexp_", "system.main.regexp_"))
        if _REGULAR.search(text) and not self._macros.issuperset(GUARDS):
            for name, macro in GUARDS.items():
                self._define(name, macro)

    def _define(self, name: str, macro: str) -> None:
        self._cursor.execute(f"create macro {self._name}.main.{name}{macro}")
        self._macros.add(name)

    def _show(self, table: str) -> None:
        name = quoted_table(table)
        there = f"{quoted(self._home)}.{name}"
        overlay = self._overlays.get(table)
        rows = overlay.relation(there) if overlay else there
        seen = self._seen.get(table, {})
        if table in self._narrow:
            what = ", ".join(seen.get(name, quoted(name)) for name in self._narrow[table])
        else:
            what = f"* replace ({', '.join(seen.values())})" if seen else "*"
        view = f"select {what} from {rows}"
        if self._views.get(table) != view:
            self._cursor.execute(f"create or replace view {self._name}.{name} as {view}")
            self._views[table] = view

    def _trees(self, texts: Sequence[str]) -> list[str]:
        found = self._cursor.execute(
            "select json_serialize_sql(unnest(?::varchar[]))::varchar", [list(texts)]
        ).fetchall()
        return [row[0] for row in found]

    def _explained(self, problem: duckdb.Error) -> SandboxError:
        text = str(problem)
        if isinstance(problem, duckdb.InterruptException):
            return SandboxError(
                f"was stopped after {self._limits.seconds:g} s", fix="Let it read or join less."
            )
        if isinstance(problem, duckdb.OutOfMemoryException):
            return NoMemoryError(
                f"needs more than {self._limits.memory} of memory", fix="Let it read or join less."
            )
        first = text.splitlines()[0].partition(": ")[2] or text.splitlines()[0]
        near = _CANDIDATES.search(text)
        candidates = (near.group(1) or near.group(2)).replace('"', "") if near else None
        if missing := _MISSING.search(text):
            name = missing.group(1) or missing.group(2)
            first = f"there is no {'column' if missing.group(1) else 'table'} '{name}'"
        fix = f"Did you mean {candidates}?" if candidates else "Correct the SQL."
        return SandboxError(first, fix=fix)


def _illegible(text: str) -> SandboxError | None:
    if len(text) > MOST_CHARACTERS:
        what = f"is {len(text)} characters long; {MOST_CHARACTERS} are allowed"
        return SandboxError(what, fix="Shorten it.")
    if not text.isascii() and text.encode("utf-8", "replace").decode("utf-8") != text:
        return SandboxError("holds half a character", fix="Save the file as UTF-8.")
    return None

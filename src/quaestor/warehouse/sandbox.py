"""Run SQL that came with a pull request: it reads three schemas, within limits, and no more.

Two fences, each of which would do. The engine: external access off, settings locked, a
read-only transaction, and a catalogue of its own in which only views of the readable tables
exist. The tree (`one_select.py`): one SELECT of those tables, with listed functions.
"""

from __future__ import annotations

import itertools
import re
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from copy import copy
from functools import cached_property
from types import TracebackType
from typing import Any, Self

from msgspec import Struct

from quaestor.warehouse.driver import duckdb
from quaestor.warehouse.duckdb import Warehouse, literal, quoted, quoted_table
from quaestor.warehouse.macros import GUARDS, MACRO_TABLES, MACROS, Supplied, suppliers
from quaestor.warehouse.one_select import (
    MOST_CHARACTERS,
    SandboxError,
    Select,
    expression_of,
    select_of,
)
from quaestor.warehouse.overlay import Overlay
from quaestor.warehouse.refused import explained
from quaestor.warehouse.table_columns import TableColumns
from quaestor.warehouse.watch import Watch
from quaestor.warehouse.width import SCHEMAS

__all__ = ["MACROS", "Answer", "Limits", "Sandbox", "SandboxError", "Select"]

_EVIDENCE = "registry.evidence"
_NUMBERS = itertools.count(1)  # two sandboxes on one engine need two names
_REGULAR = re.compile("regexp_|~|similar")  # the operators are functions by another name


class Limits(Struct, frozen=True, kw_only=True):
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


class Answer(Struct, frozen=True):
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
        self._supplied: Supplied | None = None
        self._seen: dict[str, dict[str, str]] = {}  # columns that are not seen as they are
        self._narrow: dict[str, Sequence[str]] = {}
        self._macros: set[str] = set()
        self._placing = threading.Lock()  # of views and macros, which its twin uses too
        self._told: Supplied | None = None  # what `supplies` is answered by on this cursor
        self._name = f"quaestor_sandbox_{next(_NUMBERS)}"
        self._home: str = warehouse.row("select current_database()")[0]
        self._lock(warehouse.connection)
        self._cursor = warehouse.connection.cursor()
        self._watch = Watch(self._cursor, self._limits.seconds)
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

    @contextmanager
    def twin(self) -> Iterator[Sandbox]:
        """Give another on the same engine, to run queries at the same time as in this one.

        They share what was put in place for either, and what is assumed of the tables.
        """
        other = copy(self)
        with self._warehouse.connection.cursor() as cursor:
            cursor.execute(f"use {self._name}")
            other._cursor, other._told = cursor, None
            other._watch = Watch(cursor, self._limits.seconds)
            try:
                yield other
            finally:
                other._watch.close()

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
    def _columns(self) -> Mapping[str, Mapping[str, str]]:
        return TableColumns(self._cursor, self._home)

    def holding(self, places: Sequence[str], value: str) -> frozenset[str]:
        """Return which columns hold a value, whatever is assumed of it.

        Args:
            places: Such as "registry.model.model".
            value: A text.

        Raises:
            SandboxError: It takes too long.
        """
        parts = []
        for number, place in enumerate(places):
            table, _, column = place.rpartition(".")
            rows = f"from {self._rows(table)} where {quoted(column)} = $value limit 1"
            parts.append(f"(select {number} {rows})")
        if not parts:
            return frozenset()
        answer = self.run(" union all ".join(parts), {"value": value})
        return frozenset(places[number] for (number,) in answer.rows)

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
        with self._limited():
            with self._placing:
                for table in tables:
                    self._show(table)
                self._define_all(sql.lower())
            return self._fetched(sql, parameters)

    @contextmanager
    def _limited(self) -> Iterator[None]:
        self._watch.start()
        try:
            yield
        except duckdb.Error as problem:
            raise explained(problem, self._limits.seconds, self._limits.memory) from None
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
        if "supplies" in text:
            self._tell(self._suppliers())
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

    def supplied(self) -> Supplied:
        """Return whether a source supplies a field or a table, by source and name.

        Raises:
            SandboxError: It takes too long.
        """
        with self._limited(), self._placing:
            return self._suppliers()

    def _suppliers(self) -> Supplied:
        if self.read_only and self._supplied is not None:
            return self._supplied
        self._show(_EVIDENCE)
        rows = self._cursor.execute(
            f"select source, field, bool_or(supplied) from {_EVIDENCE} group by all"
        ).fetchall()
        self._supplied = {(source, field): said for source, field, said in rows}
        return self._supplied

    def _tell(self, supplied: Supplied) -> None:
        """Let `supplies` answer: the macro reads a variable of the cursor."""
        if supplied is self._told:
            return
        fields = suppliers(supplied)
        self._cursor.execute(
            "set variable quaestor_suppliers = (select map($fields::varchar[], $by::varchar[][]))",
            {"fields": list(fields), "by": list(fields.values())},
        )
        self._told = supplied

    def _define(self, name: str, macro: str) -> None:
        self._cursor.execute(f"create macro {self._name}.main.{name}{macro}")
        self._macros.add(name)

    def seen(self, table: str, columns: Sequence[str] | None = None) -> str:
        """Return the SELECT of a readable table as it is seen: some of its columns, or all."""
        over = self._seen.get(table, {})
        if columns is not None:
            what = ", ".join(over.get(name, quoted(name)) for name in columns)
        else:
            what = f"* replace ({', '.join(over.values())})" if over else "*"
        return f"select {what} from {self._rows(table)}"

    def _show(self, table: str) -> None:
        view = self.seen(table, self._narrow.get(table))
        if self._views.get(table) != view:
            name = f"{self._name}.{quoted_table(table)}"
            self._cursor.execute(f"create or replace view {name} as {view}")
            self._views[table] = view

    def _rows(self, table: str) -> str:
        there = f"{quoted(self._home)}.{quoted_table(table)}"
        overlay = self._overlays.get(table)
        return overlay.relation(there) if overlay else there

    def _trees(self, texts: Sequence[str]) -> list[str]:
        found = self._cursor.execute(
            "select json_serialize_sql(unnest(?::varchar[]))::varchar", [list(texts)]
        ).fetchall()
        return [row[0] for row in found]


def _illegible(text: str) -> SandboxError | None:
    if len(text) > MOST_CHARACTERS:
        what = f"is {len(text)} characters long; {MOST_CHARACTERS} are allowed"
        return SandboxError(what, fix="Shorten it.")
    if not text.isascii() and text.encode("utf-8", "replace").decode("utf-8") != text:
        return SandboxError("holds half a character", fix="Save the file as UTF-8.")
    return None

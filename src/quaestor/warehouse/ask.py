"""Let a user ask the warehouse in SQL: read-only, with no way out of the file.

A connection that was closed off can read this warehouse and nothing else: no other file, no
network, no setting, no Python object. Only the file that a Parquet answer goes to is open.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from quaestor.core.errors import ConfigurationError, QuaestorError
from quaestor.core.whole_file import part_of, unwritable
from quaestor.warehouse.driver import duckdb
from quaestor.warehouse.duckdb import Warehouse, literal, quoted

_NUMBERS = ("DECIMAL", "INT", "DOUBLE", "FLOAT", "BIGINT", "HUGEINT", "SMALLINT", "TINYINT")
_LARGE = ("HUGEINT", "UHUGEINT")
_ALLOWED = (duckdb.StatementType.SELECT, duckdb.StatementType.EXPLAIN)
_USERS_OWN = (
    duckdb.ProgrammingError,
    duckdb.DataError,
    duckdb.PermissionException,
    duckdb.NotSupportedError,
)


@dataclass(frozen=True)
class Answer:
    """The rows of a query.

    Args:
        names: The columns' names, each once: a second `cost` is `cost_2`.
        types: The columns' types, as the engine names them.
        rows: In the query's order.
        more: There were more rows than asked for.
    """

    names: tuple[str, ...]
    types: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]
    more: bool

    @property
    def numeric(self) -> tuple[bool, ...]:
        """Return for each column whether it holds numbers."""
        return tuple(kind.startswith(_NUMBERS) and kind[-1] != "]" for kind in self.types)


def close_off(warehouse: Warehouse, *, writable: Sequence[Path] = ()) -> None:
    """Take files, network and settings away from a connection, for good."""
    paths = ", ".join(literal(str(path)) for path in writable)
    warehouse.run(f"set allowed_paths = [{paths}]")
    warehouse.run("set python_enable_replacements = false")
    warehouse.run("set enable_external_access = false")
    warehouse.run("set lock_configuration = true")


def ask(warehouse: Warehouse, sql: str, *, limit: int | None = None) -> Answer:
    """Answer one SELECT (or DESCRIBE, SUMMARIZE, SHOW, EXPLAIN) of a user's.

    Args:
        warehouse: Closed off by `close_off`.
        sql: One statement.
        limit: At most so many rows, and `more` says whether that was all; None: all.

    Raises:
        ConfigurationError: The SQL is wrong, with the engine's suggestion; more than one
            statement; one that is no question; or one that reaches outside.
    """
    _check(warehouse, sql)
    try:
        warehouse.run(sql)
        found = warehouse.connection
        columns = found.description or []
        rows = found.fetchall() if limit is None else found.fetchmany(limit + 1)
    except _USERS_OWN as problem:
        raise _mistake(problem) from None
    more = limit is not None and len(rows) > limit
    return Answer(
        names=_unique([column[0] for column in columns]),
        types=tuple(str(column[1]) for column in columns),
        rows=tuple(rows[:limit] if more else rows),
        more=more,
    )


def copy_parquet(warehouse: Warehouse, sql: str, path: Path, *, limit: int | None = None) -> int:
    """Write one SELECT's rows to a Parquet file, whole or not at all, and return how many.

    Parquet has no integer of 128 bits, and the engine would make a DOUBLE of it: such a column,
    as every sum of whole numbers is, is written as DECIMAL(38, 0).

    Args:
        warehouse: Closed off, with `part_of(path)` writable.
        sql: One SELECT.
        path: Replaced when the rows are written.
        limit: At most so many rows; None: all.

    Raises:
        QuaestorError: As `ask`; or the file cannot be written.
    """
    _check(warehouse, sql)
    part = part_of(path)
    some = "" if limit is None else f" limit {limit}"
    query = f"from ({sql.strip().rstrip(';')}\n){some}"
    options = "(format parquet, compression zstd, use_tmp_file false)"
    try:
        found = warehouse.connection.execute(f"describe {query}").fetchall()
        large = (quoted(name) for name, kind, *_ in found if kind in _LARGE)
        exact = ", ".join(f"{name}::decimal(38, 0) as {name}" for name in large)
        columns = f"* replace ({exact})" if exact else "*"
        [(count,)] = warehouse.connection.execute(
            f"copy (select {columns} {query}) to {literal(str(part))} {options}"
        ).fetchall()
        part.replace(path)
    except _USERS_OWN as problem:
        raise _mistake(problem) from None
    except OSError as problem:
        raise unwritable(path, problem.strerror) from None
    except duckdb.IOException as problem:
        # The engine names a file that nobody asked for: the one that is written before.
        raise unwritable(path, str(problem).splitlines()[0].rpartition('": ')[2]) from None
    finally:
        part.unlink(missing_ok=True)
    return int(count)


def _check(warehouse: Warehouse, sql: str) -> None:
    try:
        statements = warehouse.connection.extract_statements(sql)
    except duckdb.Error as problem:
        raise _mistake(problem) from None
    if len(statements) != 1:
        raise ConfigurationError(
            f"one statement is asked for, got {len(statements)}",
            where="SQL",
            fix="Write one SELECT, in quotes for the shell.",
        )
    if statements[0].type not in _ALLOWED:
        raise ConfigurationError(
            f"{statements[0].type.name} is no question; the warehouse is read-only here",
            where="SQL",
            fix="Write a SELECT, DESCRIBE or SUMMARIZE.",
        )


def _mistake(problem: duckdb.Error) -> QuaestorError:
    lines = [line.strip() for line in str(problem).splitlines() if line.strip()]
    what = re.sub(r"^[A-Z][A-Za-z ]+ Error: ", "", lines[0]).rstrip("!.")
    place = next((line for line in lines if re.match(r"LINE \d+:", line)), None)
    fix = next((line for line in lines[1:] if line.startswith(("Did you", "Candidate"))), None)
    if isinstance(problem, duckdb.PermissionException):
        fix = "A query reads the warehouse and nothing else; load files by a source instead."
    return ConfigurationError(
        what[:1].lower() + what[1:],
        where=f"SQL, {place}" if place else "SQL",
        fix=fix or 'Correct the SQL; `quaestor query "show all tables"` lists what there is.',
    )


def _unique(names: Sequence[str]) -> tuple[str, ...]:
    seen: list[str] = []
    for name in names:
        number, settled = 2, name
        while settled in seen:
            settled, number = f"{name}_{number}", number + 1
        seen.append(settled)
    return tuple(seen)

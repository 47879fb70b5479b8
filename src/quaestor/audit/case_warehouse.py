"""A warehouse for policy cases: the real tables, in memory, with the rows that a case gives.

What a case leaves out is filled in, so that it shows only what matters to it: `source` is
"registry"; a column that must not be null gets the neutral value of its type ("-", 0, false,
or the case's own time); every field that the policy requires is supplied by every source in
the case, unless the case gives other `registry.evidence`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from types import TracebackType
from typing import Any, Self

import msgspec

from quaestor.audit.evaluate import Evaluator
from quaestor.audit.policies import Policy
from quaestor.audit.subjects import SUBJECTS
from quaestor.core.errors import ConfigurationError
from quaestor.core.finding import Finding
from quaestor.core.nearest import did_you_mean
from quaestor.warehouse.duckdb import Warehouse, quoted_table
from quaestor.warehouse.row import insert_row
from quaestor.warehouse.sandbox import Limits

Rows = Mapping[str, Sequence[Mapping[str, Any]]]
EVIDENCE = "registry.evidence"
_SOURCE = "registry"
_NEUTRAL = {"VARCHAR": "-", "BOOLEAN": False, "DATE": None, "TIMESTAMP": None}  # None: the time


class CaseWarehouse:
    """One in-memory warehouse that many cases use, one after another."""

    def __init__(self) -> None:
        self._warehouse = Warehouse(":memory:")
        self._evaluator = Evaluator(self._warehouse, limits=Limits(seconds=5))
        tables = {
            f"{schema}.{table}"
            for schema, table in self._warehouse.rows(
                "select schema_name, table_name from duckdb_tables()"
            )
        }
        readable = self._evaluator.columns()
        self.columns = {table: readable[table] for table in readable if table in tables}
        self._needed = {
            (f"{schema}.{table}", column)
            for schema, table, column in self._warehouse.rows(
                "select schema_name, table_name, column_name from duckdb_columns() "
                "where not is_nullable and schema_name in ('registry', 'usage', 'ledger')"
            )
        }
        self._filled: set[str] = set()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._evaluator.__exit__(kind, problem, trace)
        self._warehouse.close()

    def judge(
        self, policy: Policy, given: Rows, *, params: Mapping[str, Any], now: datetime
    ) -> tuple[Finding, ...]:
        """Return what a policy says about the given rows.

        Raises:
            ConfigurationError: A table or column that does not exist, a value of a wrong type,
                or a parameter out of bounds.
        """
        for table in sorted(self._filled):
            self._warehouse.run(f"delete from {quoted_table(table)}")
        self._filled.clear()
        for table, rows in (dict(given) | {EVIDENCE: self._evidence(policy, given)}).items():
            self._fill(table, rows, now)
        chosen = {policy.id: params} if params else {}
        return self._evaluator.evaluate([policy], params=chosen, now=now)

    def constants(self, policy: Policy) -> frozenset[str]:
        """Return the texts that stand in a policy's SQL; none of one that cannot run."""
        return self._evaluator.constants(policy)

    def is_about_no_model(self, policy: Policy) -> bool:
        """Return whether a policy says nothing at a gate, whatever it finds."""
        return self._evaluator.is_about_no_model(policy)

    def problem_of(self, policy: Policy, *, now: datetime) -> ConfigurationError | None:
        """Return why a policy cannot run, held against no rows at all; None: it can."""
        return self._evaluator.problem_of(policy, now=now)

    def tables_of(self, policy: Policy) -> frozenset[str]:
        """Return the tables that a policy reads; none of one that cannot run."""
        return self._evaluator.tables(policy)

    def tree(self, sql: str) -> Mapping[str, Any]:
        """Return the engine's tree of one SELECT that can run."""
        [(text,)] = self._warehouse.rows("select json_serialize_sql(?)::varchar", [sql])
        tree: Mapping[str, Any] = msgspec.json.decode(text)["statements"][0]["node"]
        return tree

    def nullable(self, table: str, column: str) -> bool:
        """Return whether a column may be null."""
        return (table, column) not in self._needed

    def neutral(self, table: str, column: str, now: datetime) -> Any:
        """Return what stands in a column that must not be null and that nobody gives."""
        kind = self.columns[table][column]
        if column == "source":
            return _SOURCE
        if kind in ("DATE", "TIMESTAMP"):
            return now.date() if kind == "DATE" else now
        return _NEUTRAL.get(kind, 0)

    def table(self, name: str) -> str:
        """Return the name of a readable table.

        Raises:
            ConfigurationError: There is no such table.
        """
        if name not in self.columns:
            otherwise = f"There are {', '.join(self.columns)}."
            raise ConfigurationError(
                f"there is no table '{name}'",
                fix=did_you_mean(name, self.columns, otherwise=otherwise, form="{}"),
            )
        return name

    def _fill(self, table: str, rows: Sequence[Mapping[str, Any]], now: datetime) -> None:
        columns = self.columns[self.table(table)]
        for row in rows:
            for name in row:
                if name not in columns:
                    otherwise = f"It has {', '.join(columns)}."
                    raise ConfigurationError(
                        f"there is no column '{name}' in {table}",
                        fix=did_you_mean(name, columns, otherwise=otherwise),
                    )
            full = {
                name: self.neutral(table, name, now)
                for name in columns
                if not self.nullable(table, name)
            }
            full |= row
            self._filled.add(table)
            self._insert(table, full)

    def _insert(self, table: str, row: Mapping[str, Any]) -> None:
        types = self.columns[table]
        insert_row(self._warehouse, table, types, {n: _text(value) for n, value in row.items()})

    def _evidence(self, policy: Policy, given: Rows) -> list[dict[str, Any]]:
        home = evidence_home(policy)
        rows = [
            {**row, "field": full_field(str(row.get("field", "")), home), "source": source_of(row)}
            for row in given.get(EVIDENCE, ())
        ]
        for row in rows:
            row.setdefault("supplied", True)
        said = {(row["source"], row["field"]) for row in rows}
        sources = {
            source_of(row)
            for table, group in given.items()
            if table != EVIDENCE and "source" in self.columns[self.table(table)]
            for row in group
        }
        for field in (full_field(name, home) for name in policy.says.requires):
            rows += [
                {"source": source, "field": field, "supplied": True}
                for source in sorted(sources)
                if (source, field) not in said
            ]
        return rows


def evidence_home(policy: Policy) -> str:
    """Return the table whose fields a policy may name without saying it; "" for `sql:`."""
    subject = SUBJECTS.get(policy.says.subject or "")
    return subject.evidence_prefix if subject else ""


def full_field(name: str, home: str) -> str:
    """Return a field's name as it stands in `registry.evidence`.

    >>> full_field("owner", "model"), full_field("grant", ""), full_field("run.git_commit", "")
    ('model.owner', 'grant', 'run.git_commit')
    """
    return f"{home}.{name}" if home and "." not in name and name != home else name


def source_of(row: Mapping[str, Any]) -> str:
    """Return the source that states a row of a case."""
    return str(row.get("source", _SOURCE))


def _text(value: Any) -> Any:
    if isinstance(value, float):
        return repr(value)  # the digits as written, for columns of money
    return value if not isinstance(value, date | datetime) else value.isoformat()

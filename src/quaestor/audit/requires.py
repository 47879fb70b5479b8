"""Take away what a policy requires, to see that it does not pass without it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from quaestor.audit.case_warehouse import (
    EVIDENCE,
    CaseWarehouse,
    Rows,
    evidence_home,
    full_field,
    source_of,
)
from quaestor.audit.policies import Policy
from quaestor.core.errors import ConfigurationError
from quaestor.core.nearest import did_you_mean


@dataclass(frozen=True)
class Removal:
    """A case's rows, without one thing that the policy requires.

    Args:
        path: What was taken away, as the policy names it.
        given: The rows that are left.
        supply: What is said about the source: that it could supply it, or cannot.
        whole_table: Whether all rows of a table are gone, subjects perhaps among them.
    """

    path: str
    given: Rows
    supply: str
    whole_table: bool


def removals(
    policy: Policy, given: Rows, warehouse: CaseWarehouse, *, now: datetime
) -> Iterator[Removal]:
    """Yield a case's rows without each thing the policy requires.

    A column becomes null, or its neutral value where it must not be null. Each comes twice:
    from a source that could supply it, and from one that cannot.

    Raises:
        ConfigurationError: `requires` names no table or column.
    """
    for path in policy.says.requires:
        table, column = _place(policy, path, warehouse)
        rows = {name: list(group) for name, group in given.items()}
        if column is None:
            rows.pop(table, None)
        else:
            gone = None
            if not warehouse.nullable(table, column):
                gone = warehouse.neutral(table, column, now)
            rows[table] = [{**row, column: gone} for row in given.get(table, ())]
        for supplied in (True, False):
            if supplied and column is None:
                continue  # a source that lists grants and lists none: there is nobody to judge
            yield Removal(
                path=path,
                given={**rows, EVIDENCE: _evidence(policy, path, given, supplied=supplied)},
                supply="the source could say it" if supplied else "the source cannot say it",
                whole_table=column is None,
            )


def _place(policy: Policy, path: str, warehouse: CaseWarehouse) -> tuple[str, str | None]:
    """Return the table and column that a path of `requires` names; no column: all of it."""
    tables = warehouse.columns
    candidates: list[tuple[str, str | None]] = [(path, None), (f"registry.{path}", None)]
    head, _, column = path.rpartition(".")
    candidates += [(head, column), (f"registry.{head}", column)]
    if policy.says.subject:
        candidates.insert(0, (policy.says.subject, path))
    for table, name in candidates:
        if table in tables and (name is None or name in tables[table]):
            return table, name
    known = [f"{t.removeprefix('registry.')}.{c}" for t, cs in tables.items() for c in cs]
    otherwise = "Write model_version.run_id, or grant."
    raise ConfigurationError(
        f"`requires` names '{path}', which is no column and no table",
        fix=did_you_mean(path, known, otherwise=otherwise, form="{}"),
    )


def _evidence(policy: Policy, path: str, given: Rows, *, supplied: bool) -> list[dict[str, Any]]:
    home = evidence_home(policy)
    field = full_field(path, home)
    kept = [
        dict(row)
        for row in given.get(EVIDENCE, ())
        if full_field(str(row.get("field", "")), home) != field
    ]
    sources = {
        source_of(row)
        for table, rows in given.items()
        if table.startswith("registry.")
        for row in rows
    }
    return kept + [
        {"source": source, "field": field, "supplied": supplied} for source in sorted(sources)
    ]

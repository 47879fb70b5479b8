"""Ask several policies about the same rows in one query: planning costs more than reading.

It is an economy and no more: what cannot be asked together, or fails together, is asked alone,
so that a broken policy is told apart from its neighbours.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from operator import itemgetter
from typing import Any

from msgspec import Struct

from quaestor.audit.compile import MODEL, SUBQUERY, VERSION, Compiled, Origin, rowwise_sql
from quaestor.audit.once import NO_CODE, Once
from quaestor.audit.widths import needed_columns
from quaestor.warehouse.one_select import check_regular
from quaestor.warehouse.sandbox import Sandbox, SandboxError

SHARED = ("now", MODEL, VERSION)  # parameters that mean the same to all
_MOST_EXPRESSIONS = 200
_MOST_WITH_SUBQUERIES = 30  # the engine carries every column of the row through each of them
_TOKEN = re.compile(rf"{NO_CODE}|\$(\w+)")  # what is no code, or a parameter
_OTHER_TEXT = re.compile(r"\$\w*\$|\b[eE]'|/\*")  # a text or a remark that NO_CODE does not read
Row = tuple[Any, ...]


class Together(Struct, frozen=True):
    """The rows of a query of several policies, and where in them one policy's values stand."""

    rows: Sequence[Row]
    places: Sequence[int]

    def own(self) -> Iterator[Row]:
        """Return the rows as the policy's own query would."""
        return map(itemgetter(*self.places), self.rows)


class Batch(Struct, frozen=True):
    """Policies about the rows of one table, by id, that are asked in one query."""

    origin: Origin
    policies: Sequence[str]


def batches(
    compiled: Mapping[str, Compiled], values: Mapping[str, Mapping[str, Any]]
) -> list[Batch]:
    """Return which policies can be asked together.

    Args:
        compiled: Policies by id.
        values: What each is asked with, by id; a policy without is asked alone.
    """
    groups: dict[tuple[Origin, bool], list[str]] = {}
    for name, one in compiled.items():
        if one.origin and name in values and _Asked(one, 0, values[name]).is_plain():
            nested = any(SUBQUERY.search(text) for text in one.answers)
            groups.setdefault((one.origin, nested), []).append(name)
    return [
        Batch(origin, batch)
        for (origin, nested), members in groups.items()
        for batch in _batches(
            members, compiled, _MOST_WITH_SUBQUERIES if nested else _MOST_EXPRESSIONS
        )
        if len(batch) > 1
    ]


def rows_together(
    sandbox: Sandbox,
    batch: Batch,
    compiled: Mapping[str, Compiled],
    values: Mapping[str, Mapping[str, Any]],
    names: Mapping[str, Collection[str]],
) -> dict[str, Together]:
    """Return the rows of the policies of a batch, by id; none if it cannot be asked.

    Args:
        sandbox: Where they run.
        batch: One of `batches`.
        compiled: Policies by id.
        values: What each is asked with, by id.
        names: The columns of every table.
    """
    asked = {
        name: _Asked(compiled[name], number, values[name])
        for number, name in enumerate(batch.policies)
    }
    columns = needed_columns([compiled[name] for name in batch.policies], names)
    seen = sandbox.seen(batch.origin.table, columns.get(batch.origin.table))
    return _answered(sandbox, (batch.origin, seen), asked, Once(names[batch.origin.table]))


class _Asked(Struct, frozen=True):
    """One policy of several, its parameters renamed: its neighbours' may have the same names."""

    compiled: Compiled
    number: int
    values: Mapping[str, Any]

    def is_plain(self) -> bool:
        """Return whether its code can be told from its texts, and its patterns are small."""
        try:
            for name in self.compiled.patterns:
                check_regular(str(self.values[name]))
        except SandboxError:
            return False  # whoever asks it alone says why
        return not any(_OTHER_TEXT.search(text) for text in self.compiled.answers)

    def answers(self) -> list[str]:
        return [_TOKEN.sub(self._renamed, text) for text in self.compiled.answers]

    def bound(self) -> dict[str, Any]:
        own = {name: value for name, value in self.values.items() if name not in SHARED}
        return {f"p{self.number}_{name}": value for name, value in own.items()}

    def _renamed(self, match: re.Match[str]) -> str:
        name = match[1]
        own = name in self.values and name not in SHARED
        return f"$p{self.number}_{name}" if own else match[0]


def _batches(
    names: Sequence[str], compiled: Mapping[str, Compiled], most: int
) -> Iterator[list[str]]:
    batch: list[str] = []
    size = 0
    for name in names:
        width = len(compiled[name].answers)
        if batch and size + width > most:
            yield batch
            batch, size = [], 0
        batch.append(name)
        size += width
    yield batch


def _answered(
    sandbox: Sandbox, rows: tuple[Origin, str], asked: Mapping[str, _Asked], once: Once
) -> dict[str, Together]:
    places: dict[str, int] = {}  # what several ask for is looked up once
    wanted = {
        name: [places.setdefault(text, len(places) + 3) for text in one.answers()]
        for name, one in asked.items()
    }
    answers = [once.read(text) for text in places]
    origin, seen = rows
    sql = rowwise_sql(origin, answers, once=once.expressions(), seen=seen)
    named = {match[1] for match in _TOKEN.finditer(sql)}
    values = {name: value for one in asked.values() for name, value in one.bound().items()}
    shared = next(iter(asked.values())).values
    values |= {name: shared[name] for name in SHARED}
    try:
        answer = sandbox.run(
            sql,
            {name: value for name, value in values.items() if name in named},
            tables=sorted(frozenset[str]().union(*(o.compiled.tables for o in asked.values()))),
        )
    except SandboxError:
        return {}  # each is asked alone then, and the broken one is named
    return {name: Together(answer.rows, (0, 1, 2, *own)) for name, own in wanted.items()}

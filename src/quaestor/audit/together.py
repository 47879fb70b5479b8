"""Ask several policies about the same rows in one query: planning costs more than reading.

It is an economy and no more: what cannot be asked together, or fails together, is asked alone,
so that a broken policy is told apart from its neighbours.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from quaestor.audit.compile import MODEL, VERSION, Compiled, rowwise_sql
from quaestor.warehouse.sandbox import Sandbox, SandboxError

_SHARED = {"now", MODEL, VERSION}  # a policy's own parameter may have a namesake elsewhere
_MOST_EXPRESSIONS = 200


def rows_together(
    sandbox: Sandbox, compiled: Mapping[str, Compiled], values: Mapping[str, Any]
) -> dict[str, list[tuple[Any, ...]]]:
    """Return the rows of those policies that could be asked together, by policy id.

    Args:
        sandbox: Where they run.
        compiled: Policies by id.
        values: The parameters that all share.
    """
    groups: dict[tuple[str, str], list[str]] = {}
    for name, one in compiled.items():
        if one.answers and one.parameters <= _SHARED:
            groups.setdefault(one.origin, []).append(name)
    found: dict[str, list[tuple[Any, ...]]] = {}
    for origin, names in groups.items():
        for batch in _batches(names, compiled):
            found |= _asked(sandbox, origin, batch, compiled, values)
    return found


def _batches(names: Sequence[str], compiled: Mapping[str, Compiled]) -> Iterator[list[str]]:
    batch: list[str] = []
    size = 0
    for name in names:
        width = len(compiled[name].answers)
        if batch and size + width > _MOST_EXPRESSIONS:
            yield batch
            batch, size = [], 0
        batch.append(name)
        size += width
    yield batch


def _asked(
    sandbox: Sandbox,
    origin: tuple[str, str],
    names: Sequence[str],
    compiled: Mapping[str, Compiled],
    values: Mapping[str, Any],
) -> dict[str, list[tuple[Any, ...]]]:
    if len(names) < 2:
        return {}
    members = [compiled[name] for name in names]
    used = frozenset[str]().union(*(one.parameters for one in members))
    try:
        answer = sandbox.run(
            rowwise_sql(origin, [text for one in members for text in one.answers]),
            {name: values[name] for name in used},
            tables=sorted(frozenset[str]().union(*(one.tables for one in members))),
        )
    except SandboxError:
        return {}  # each is asked alone then, and the broken one is named
    found = {}
    start = 3
    for name, one in zip(names, members, strict=True):
        end = start + len(one.answers)
        found[name] = [row[:3] + row[start:end] for row in answer.rows]
        start = end
    return found

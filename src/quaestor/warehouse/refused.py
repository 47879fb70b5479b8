"""Say in our words why the engine did not answer a SELECT of others."""

from __future__ import annotations

import re

from quaestor.warehouse.driver import duckdb
from quaestor.warehouse.one_select import NoMemoryError, SandboxError

_CANDIDATES = re.compile(r'Candidate bindings: (.+)|Did you mean "([^"]+)"')
_MISSING = re.compile(r'(?:Referenced column|column named) "([^"]+)"|Table with name (\S+) does')


def explained(problem: duckdb.Error, seconds: float, memory: str) -> SandboxError:
    """Return what is wrong with a SELECT, and what to do.

    Args:
        problem: What the engine said.
        seconds: How long it was allowed to take.
        memory: How much it was allowed to use, as DuckDB writes it.
    """
    if isinstance(problem, duckdb.InterruptException):
        return SandboxError(f"was stopped after {seconds:g} s", fix="Let it read or join less.")
    if isinstance(problem, duckdb.OutOfMemoryException):
        return NoMemoryError(f"needs more than {memory} of memory", fix="Let it read or join less.")
    text = str(problem)
    first = text.splitlines()[0].partition(": ")[2] or text.splitlines()[0]
    near = _CANDIDATES.search(text)
    candidates = (near.group(1) or near.group(2)).replace('"', "") if near else None
    if missing := _MISSING.search(text):
        name = missing.group(1) or missing.group(2)
        first = f"there is no {'column' if missing.group(1) else 'table'} '{name}'"
    fix = f"Did you mean {candidates}?" if candidates else "Correct the SQL."
    return SandboxError(first, fix=fix)

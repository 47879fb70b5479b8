"""Find recorded audits by the names that people give them: an id, a day, `latest`, `previous`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from quaestor.core.errors import ConfigurationError
from quaestor.core.text import printable
from quaestor.warehouse.duckdb import Warehouse

LATEST, PREVIOUS = "latest", "previous"
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_FEWEST = 4  # characters of an id's beginning
_LISTED = 5
_RUNS = """
select run_id, audited_at, quaestor_version
from audit.run order by audited_at desc, run_id desc
"""


@dataclass(frozen=True)
class Run:
    """One recorded audit.

    Args:
        id: Its id.
        audited_at: Its clock, UTC.
        version: Of Quaestor.
    """

    id: str
    audited_at: datetime
    version: str


def runs_of(warehouse: Warehouse) -> list[Run]:
    """Return every recorded audit, the latest first."""
    return [Run(*row) for row in warehouse.rows(_RUNS)]


def find_run(runs: Sequence[Run], name: str) -> Run:
    """Return the audit of a name.

    Args:
        runs: As `runs_of` returns them.
        name: `latest`, `previous` (the one before the latest), a day such as 2026-11-14 (its last
            audit), an id or the beginning of one.

    Raises:
        ConfigurationError: There is no such audit, or more than one.
    """
    if not runs:
        raise ConfigurationError("no audit is recorded", fix="Run `quaestor audit` first.")
    if name == PREVIOUS and len(runs) == 1:
        raise ConfigurationError(
            "there is only one audit, so nothing to compare it with",
            where=_listed(runs),
            fix="Run `quaestor audit` again when the bill or the estate has changed.",
        )
    if name in (LATEST, PREVIOUS):
        return runs[0 if name == LATEST else 1]
    if _DAY.fullmatch(name):
        found = [run for run in runs if f"{run.audited_at:%Y-%m-%d}" == name][:1]
    else:
        found = [run for run in runs if run.id == name]
        if not found and len(name) >= _FEWEST:
            found = [run for run in runs if run.id.startswith(name)]
    if len(found) == 1:
        return found[0]
    raise ConfigurationError(
        f"{len(found)} audits begin with '{name}'"
        if found
        else f"there is no audit '{printable(name)}'",
        where=f"the last ones are {_listed(runs)}",
        fix="Name one by its id or the beginning of it, by its day, `latest` or `previous`.",
    )


def in_order(before: Run, after: Run) -> tuple[Run, Run]:
    """Return two audits, the earlier one first.

    Raises:
        ConfigurationError: They are given the other way round, or are the same.
    """
    if before.id == after.id:
        raise ConfigurationError(
            f"both are the audit {before.id}", where="A and B", fix="Name two audits."
        )
    if (before.audited_at, before.id) > (after.audited_at, after.id):
        raise ConfigurationError(
            f"{before.id} is the later audit of the two",
            where="A",
            fix=f"Name the earlier one first: quaestor diff {after.id} {before.id}",
        )
    return before, after


def _listed(runs: Sequence[Run]) -> str:
    return ", ".join(run.id for run in runs[:_LISTED])

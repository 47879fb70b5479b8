"""What there is to say of advice, as rows: how it stands, and what else was looked at."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from quaestor.cli.options import Call
from quaestor.core.errors import ConfigurationError
from quaestor.core.run_summary import OPEN
from quaestor.core.waivers import matches

if TYPE_CHECKING:
    from quaestor.core.config import Config

Row = dict[str, Any]
STATES = (*OPEN, "dismissed", "taken", "gone")
COLUMNS = (
    "id", "state", "kind", "subject", "name", "action", "current", "proposed",
    "saving_per_month", "counted_saving_per_month", "counts_because", "instead_of",
    "stranded_per_month", "saving_basis", "cost_per_month", "confidence", "risk", "command",
    "reason", "state_reason", "first_seen", "state_since", "team", "model", "environment",
    "source", "resource_id", "realised_per_month", "realised_low", "realised_high",
    "realised_how", "may_end",
)  # fmt: skip
# Objects that get no advice, each with the reason.
_OTHERS = """
select
    left(sha256(kind || ':' || subject), 16) as recommendation, answer as state, kind, subject,
    name, current, cost_per_month, reason, team, model, environment, source, resource_id
from ledger.assessment
where answer <> 'advise'
order by kind, subject
"""
_LOOKED_AT = "select answer, count(*) from ledger.assessment group by answer order by answer"
_CURRENCY = "select value from config.setting where name = 'currency'"


@dataclass(frozen=True)
class Advice:
    """Everything that there is to say, best first.

    Args:
        rows: With COLUMNS; objects without advice have their answer as `state`.
        looked_at: How many objects got which answer.
        currency: The reporting currency.
    """

    rows: list[Row]
    looked_at: Mapping[str, int]
    currency: str | None


@dataclass(frozen=True)
class Wanted:
    """Which rows are asked for; None, or nothing, is all.

    Args:
        states: Those of STATES.
        unadvised: Objects without advice too.
        kind: A kind, or a pattern with `*`; so `team` and `model`.
        min_saving: A month; advice whose saving is not known is left out.
    """

    states: tuple[str, ...] = ()
    unadvised: bool = False
    kind: str | None = None
    team: str | None = None
    model: str | None = None
    min_saving: Decimal | None = None

    def takes(self, row: Mapping[str, Any]) -> bool:
        """Return whether a row is asked for."""
        if row["state"] in STATES:
            if self.states and row["state"] not in self.states:
                return False
        elif not self.unadvised:
            return False
        for name, pattern in (("kind", self.kind), ("team", self.team), ("model", self.model)):
            if pattern is not None and not matches(pattern, row[name] or ""):
                return False
        saving = row["saving_per_month"]
        return self.min_saving is None or (saving is not None and saving >= self.min_saving)


def read_advice(call: Call, config: Config) -> Advice:
    """Read how all advice stands now, by the ledger, the audits and the dismissals.

    Raises:
        QuaestorError: There is no warehouse, or a dismissal is malformed.
    """
    from quaestor.audit.advice import advice_now
    from quaestor.core.dismissals import dismissals_of
    from quaestor.ledger.advice import kinds
    from quaestor.warehouse.duckdb import Warehouse

    dismissals = dismissals_of(config)
    asked = kinds().keys() - config.advice.skip
    with Warehouse(call.warehouse(config), read_only=True) as warehouse:
        given = advice_now(warehouse, now=call.now, kinds=asked, dismissals=dismissals)
        rows = [*given, *warehouse.records(_OTHERS)]
        looked_at = dict(warehouse.rows(_LOOKED_AT))
        currency = warehouse.rows(_CURRENCY)
    told = [_row(row) for row in rows]
    told.sort(key=_place)
    return Advice(told, looked_at, currency[0][0] if currency else None)


def one_of(rows: Iterable[Row], name: str) -> Row:
    """Return the advice that an id, its beginning, or a subject names.

    Raises:
        ConfigurationError: There is none, or more than one.
    """
    advice = [row for row in rows if row["state"] in STATES]
    found = [row for row in advice if name in (row["id"], row["subject"])]
    if not found and len(name) >= 6:
        found = [row for row in advice if row["id"].startswith(name)]
    if len(found) == 1:
        return found[0]
    fix = "`quaestor advice list --state all` shows every id."
    if found:
        fix = f"Write one of {', '.join(row['id'] for row in found[:3])}."
    raise ConfigurationError(
        f"{len(found) or 'no'} advice has that name", where=f"ID {name}", fix=fix
    )


def _row(row: Mapping[str, Any]) -> Row:
    told = {name: row.get(name) for name in COLUMNS}
    return told | {"id": row["recommendation"]}


def _place(row: Mapping[str, Any]) -> tuple[Any, ...]:
    """Sort what counts first, then by what it saves; unknown last, objects without advice after."""
    state = row["state"]
    saving = row["saving_per_month"]
    order = STATES.index(state) if state in STATES else len(STATES)
    return max(order, 1), saving is None, -(saving or 0), row["kind"], row["subject"]

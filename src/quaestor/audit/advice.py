"""Write down what an audit advises, and what became of earlier advice: `audit.recommendation`.

Advice that is given no more was not therefore taken. It was where the thing is gone that was to
go, or is now as it was advised to be; where nobody can see the thing any more it stays open.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from quaestor.audit.advice_became import UNSAID, World, became
from quaestor.audit.advice_heirs import with_heirs
from quaestor.audit.realised import realised as measured
from quaestor.core.dismissals import Dismissal, in_force
from quaestor.core.run_summary import OPEN, AdviceCount
from quaestor.warehouse.duckdb import Warehouse
from quaestor.warehouse.row import insert_rows

Row = dict[str, Any]
TOLD_DAYS = 92  # so long after it was taken, or gone, an audit still tells of advice

_TOLD = (
    "recommendation, kind, subject, name, action, model, team, environment, source, resource_id, "
    "inside, current, proposed, cost_per_month, saving_per_month, counted_saving_per_month, "
    "stranded_per_month, counts_because, instead_of, saving_basis, confidence, may_end"
)
_BECAME = (
    "state, state_reason, dismissal, first_seen, state_since, advised_at, realised_per_month, "
    "realised_low, realised_high, realised_how"
)
_NOW = "from ledger.recommendation order by recommendation"
_BEFORE = f"""
select {_TOLD}, {_BECAME}
from audit.recommendation join audit.run using (run_id)
where audited_at < $now or ($inclusive and audited_at = $now)
qualify row_number() over (
    partition by recommendation order by audited_at desc, run_id desc
) = 1
"""
_SEEN = """
select a.kind, a.subject, a.answer, a.reason, a.current, a.cost_per_month
from ledger.assessment as a
semi join audit.recommendation as r on r.kind = a.kind and r.subject = a.subject
"""
_SINCE = """
select max(audited_at) from audit.run where audited_at < $now
"""
_DISMISSALS = """
select
    dismissal as id, recommendation, kind, subject, reason, dismissed_by, dismissed_on, until,
    place
from config.dismissal
order by dismissal
"""


@dataclass(frozen=True)
class _Run:
    """What one audit goes by: its clock, and the dismissals."""

    now: datetime
    dismissals: Sequence[Dismissal]

    def stands(self, row: Mapping[str, Any], was: Mapping[str, Any] | None) -> Row:
        """Return the state of advice that is given, or that nobody can say is not."""
        one = in_force(
            self.dismissals,
            row["recommendation"],
            row["kind"],
            row["subject"],
            today=self.now.date(),
        )
        if one is not None:
            until = f" until {one.until}" if one.until else ""
            by = f"{one.dismissed_by} on {one.dismissed_on}{until}: {' '.join(one.reason.split())}"
            return {"state": "dismissed", "state_reason": f"by {by}", "dismissal": one.id}
        said: Row = {"state": "open", "state_reason": None, "dismissal": None}
        if was is None:
            return said
        if was["state"] == "reopened":  # for the reason it was
            why = was["state_reason"] or ""
            reason = None if why.startswith(UNSAID) else was["state_reason"]
            return {**said, "state": "reopened", "state_reason": reason}
        why = {
            "dismissed": f"the dismissal {was['dismissal']} holds no more",
            "taken": f"it was taken by {was['state_since']:%Y-%m-%d}, and is advised again",
            "gone": f"since {was['state_since']:%Y-%m-%d} it was not advised "
            f"({was['state_reason']}), and it is again",
        }.get(was["state"])
        return said if why is None else {**said, "state": "reopened", "state_reason": why}


def record_advice(
    warehouse: Warehouse, run_id: str, *, now: datetime, kinds: Collection[str]
) -> AdviceCount | None:
    """Write what a run advises and what became of earlier advice, in the caller's transaction.

    A run that is recorded again replaces itself.

    Args:
        warehouse: Where to; its ledger is built, and `audit.run` has the run.
        run_id: The run.
        now: The run's clock, UTC.
        kinds: The kinds of advice that were asked; of another nothing can be told any more.

    Returns:
        How much of it is in which state; None where there is none, nor was lately.
    """
    warehouse.run("delete from audit.recommendation where run_id = ?", [run_id])
    dismissals = [Dismissal(**row) for row in warehouse.records(_DISMISSALS)]
    before = _before(warehouse, now, inclusive=False)
    rows = measured(warehouse, _stand(warehouse, before, _Run(now, dismissals), kinds), now=now)
    names = [name.strip() for name in f"{_TOLD}, {_BECAME}".split(",")]
    insert_rows(
        warehouse,
        "audit.recommendation",
        f"run_id, {', '.join(names)}",
        [(run_id, *(_exact(row[name]) for name in names)) for row in rows],
    )
    (last,) = warehouse.row(_SINCE, {"now": now})
    return _count(rows, before, now, last) if rows else None


def advice_now(
    warehouse: Warehouse, *, now: datetime, kinds: Collection[str], dismissals: Sequence[Dismissal]
) -> list[Row]:
    """Return what an audit would record now, and write nothing.

    What is taken has what the latest audit measured of it. What is advised has all columns of
    `ledger.recommendation` too.

    Args:
        warehouse: A built warehouse, audited or not.
        now: The clock, UTC.
        kinds: The kinds of advice that are asked.
        dismissals: As they are in their files now.
    """
    before = _before(warehouse, now, inclusive=True)
    return _stand(warehouse, before, _Run(now, dismissals), kinds)


def _before(warehouse: Warehouse, now: datetime, *, inclusive: bool) -> dict[str, Row]:
    """Return each advice as the latest audit before `now` that tells of it has it."""
    rows = warehouse.records(_BEFORE, {"now": now, "inclusive": inclusive})
    return {row["recommendation"]: row for row in rows}


def _stand(
    warehouse: Warehouse, before: Mapping[str, Row], run: _Run, kinds: Collection[str]
) -> list[Row]:
    """Return how all advice stands: what is given, then what is not any more."""
    advised = warehouse.records(_NOW)
    given = [_given(row, before.get(row["recommendation"]), run) for row in advised]
    ids = {row["recommendation"] for row in given}
    others = [row for name, row in sorted(before.items()) if name not in ids]
    if not others:
        return with_heirs(given)
    return [*with_heirs(given), *_not_given(warehouse, others, run, kinds)]


def _given(row: Row, was: Row | None, run: _Run) -> Row:
    """Return what is advised now, with its history."""
    unknown = dict.fromkeys(("realised_per_month", "realised_low", "realised_high", "realised_how"))
    said = {**row, **run.stands(row, was), **unknown, "advised_at": run.now}
    return _dated(said, was, run.now)


def _dated(row: Row, was: Row | None, now: datetime) -> Row:
    same = was is not None and was["state"] == row["state"]
    return {
        **row,
        "first_seen": was["first_seen"] if was else now,
        "state_since": was["state_since"] if was and same else now,
    }


def _not_given(
    warehouse: Warehouse, rows: Iterable[Row], run: _Run, kinds: Collection[str]
) -> Iterator[Row]:
    """Yield what became of advice that is given no more, each while it is worth telling."""
    seen = {(one["kind"], one["subject"]): one for one in warehouse.records(_SEEN)}
    world = World(warehouse, kinds)
    for was in rows:
        row = was
        if was["state"] not in ("taken", "gone"):
            state, reason = became(was, seen.get((was["kind"], was["subject"])), world)
            said: Row = {"state": state, "state_reason": reason, "dismissal": None}
            if state is None:
                said = run.stands(was, was)
                if said["state"] != "dismissed":
                    said["state_reason"] = reason
            row = _dated({**was, **said}, was, run.now)
        ended = row["state"] in ("taken", "gone")
        if not ended or row["state_since"] > run.now - timedelta(days=TOLD_DAYS):
            yield row


def _count(
    rows: Sequence[Row], before: Mapping[str, Row], now: datetime, last: datetime | None
) -> AdviceCount:
    """Return how much is in which state, and what is new since the audit before."""
    standing = [row for row in rows if row["state"] in OPEN]
    realised = [one for row in rows if (one := row["realised_per_month"]) is not None]
    since = [row for row in rows if last is not None and row["state_since"] == now]
    return AdviceCount(
        open=len(standing),
        saving_per_month=_counted(standing),
        ending_per_month=_counted(row for row in standing if row["may_end"]),
        unpriced=sum(row["saving_per_month"] is None for row in standing),
        dismissed=sum(row["state"] == "dismissed" for row in rows),
        new=sum(row["recommendation"] not in before for row in since),
        taken=sum(row["state"] == "taken" for row in since),
        gone=sum(row["state"] == "gone" for row in since),
        reopened=sum(row["state"] == "reopened" for row in since),
        realised_per_month=sum(realised, Decimal(0)) if realised else None,
    )


def _counted(rows: Iterable[Row]) -> Decimal:
    savings = (row["counted_saving_per_month"] for row in rows)
    return sum((one for one in savings if one is not None), Decimal(0))


def _exact(value: Any) -> Any:
    return f"{value:f}" if isinstance(value, Decimal) else value  # never a float

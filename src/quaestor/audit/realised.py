"""What taken advice saves, on the bill: against its like where nothing was changed, or its trend.

Only the bill's own line of a resource is evidence. What is a part of something larger, such as
a pod of a machine, has none: the bill falls when the machine does.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from statistics import fmean
from typing import Any

from quaestor.audit.counterfactual import WEEK, Saving, saving
from quaestor.core.money import amount_text, rounded
from quaestor.warehouse.duckdb import Warehouse

Row = dict[str, Any]
FEWEST_BEFORE = 2 * WEEK  # days
MOST_BEFORE = 8 * WEEK
MOST_AFTER = 4 * WEEK
SETTLED_AFTER = MOST_AFTER + 3 * WEEK  # charges come late, for two weeks and more
HOURS_PER_MONTH = 730
_MOST_CONTROLS = 200  # the dearest
_DIGITS = 4  # an estimate has no more
_DAYS = "select day from ledger.billed_day where complete order by day"
# A resource is charged by one service of one account at least: its dearest is what it is.
_COSTS = """
with charge as (
    select
        day, resource_id, source, provider, service,
        money_at_rate(billing_effective_cost, rate)::double as cost
    from ledger.charge_day
    where resource_id is not null and charge_category = 'Usage' and day between $since and $until
),
treated as (
    select arg_max({source: source, provider: provider, service: service}, abs(cost)) as what
    from charge where resource_id = $resource
),
alike as (
    select resource_id
    from charge
    join treated as t
        on t.what.source = source and t.what.provider is not distinct from provider
        and t.what.service is not distinct from service
    where resource_id <> $resource and not list_contains($changed, resource_id)
    group by resource_id
    having count(cost) = count(*)
    order by sum(cost) desc, resource_id
    limit $most
)
select resource_id, day, case when count(cost) = count(*) then sum(cost) end as cost
from charge
where resource_id = $resource or resource_id in (select resource_id from alike)
group by resource_id, day
order by resource_id, day
"""


def realised(warehouse: Warehouse, rows: Sequence[Row], *, now: datetime) -> list[Row]:
    """Return rows of `audit.recommendation`, the taken ones with what they save on the bill.

    What was measured over four weeks, and is on bills that are settled, is not measured again.

    Args:
        warehouse: A built warehouse; read only.
        rows: What an audit is about to record.
        now: The audit's clock, UTC.
    """
    taken = [row for row in rows if row["state"] == "taken"]
    settled = {
        row["recommendation"]
        for row in taken
        if row["realised_per_month"] is not None
        and row["state_since"] < now - timedelta(days=SETTLED_AFTER)
    }
    if len(settled) == len(taken):
        return list(rows)
    days = [day for (day,) in warehouse.rows(_DAYS)]
    changed = sorted({row["resource_id"] for row in taken if row["resource_id"]})
    first: dict[str, str] = {}  # of what was done to one resource, all is told with the largest
    for row in sorted(
        taken, key=lambda one: (-(one["saving_per_month"] or 0), one["recommendation"])
    ):
        if row["resource_id"]:
            first.setdefault(row["resource_id"], row["recommendation"])
    return [
        {**row, **_realised(warehouse, row, days, changed, first)}
        if row["state"] == "taken" and row["recommendation"] not in settled
        else row
        for row in rows
    ]


def _realised(
    warehouse: Warehouse,
    row: Row,
    days: Sequence[date],
    changed: Sequence[str],
    first: Mapping[str, str],
) -> Row:
    resource = row["resource_id"]
    if resource is None:
        part = " it is a part of something larger, and" if row["inside"] else ""
        return _unknown(f"not known:{part} the bill has no line of its own for it")
    if first[resource] != row["recommendation"]:
        return _unknown(f"counted with {first[resource]}, which changed the same resource")
    before, after = windows(days, row["advised_at"], row["state_since"])
    if len(after) < WEEK:
        return _unknown(
            f"too early: the bill is complete for {len(after)} of the {WEEK} days that it takes"
        )
    if len(before) < FEWEST_BEFORE:
        return _unknown(
            f"not known: the bill has {len(before)} days before it, not {FEWEST_BEFORE}"
        )
    costs = _costs(warehouse, resource, before, after, changed)
    return _measured(row, costs, before, after[: len(after) // WEEK * WEEK])


def windows(
    days: Sequence[date], advised_at: datetime, taken_at: datetime
) -> tuple[list[date], list[date]]:
    """Return the complete days before a change and after it, some weeks at most.

    The days from the audit that last advised it to the one that saw it taken are in neither: it
    was on one of these.

    Args:
        days: The complete days of the bill, oldest first.
        advised_at: When it was last seen unchanged.
        taken_at: When it was first seen changed.
    """
    before = [day for day in days if day < advised_at.date()][-MOST_BEFORE:]
    after = [day for day in days if day > taken_at.date()][:MOST_AFTER]
    return before, after


def _costs(
    warehouse: Warehouse,
    resource: str,
    before: Sequence[date],
    after: Sequence[date],
    changed: Sequence[str],
) -> dict[str, dict[date, float | None]]:
    costs: dict[str, dict[date, float | None]] = defaultdict(dict)
    parameters = {
        "resource": resource,
        "since": before[0],
        "until": after[-1],
        "changed": list(changed),
        "most": _MOST_CONTROLS,
    }
    for name, day, cost in warehouse.rows(_COSTS, parameters):
        costs[name][day] = cost
    return costs


def _measured(
    row: Row,
    costs: Mapping[str, Mapping[date, float | None]],
    before: Sequence[date],
    after: Sequence[date],
) -> Row:
    own = costs.get(row["resource_id"], {})
    charged = [day for day in before if day in own]
    if not charged:
        return _unknown("not known: the bill does not name it before it was changed")
    if None in own.values():
        return _unknown("not known: a charge of it has no exchange rate")
    before = before[before.index(charged[0]) :]  # it was not there earlier
    if len(before) < FEWEST_BEFORE:
        return _unknown(f"not known: the bill has it for {len(before)} days before, not 14")
    before = before[len(before) % WEEK :]  # whole weeks, so that weekdays weigh the same
    once = [own.get(day) or 0.0 for day in before]
    if fmean(once) <= 0:
        return _unknown("not known: it cost nothing before")
    then = [own.get(day) or 0.0 for day in after]
    others = [
        like
        for name, cost in sorted(costs.items())
        if name != row["resource_id"] and (like := _like(cost, before, after))
    ]
    found = saving(once, then, others)
    return _told(row, found, before, after)


def _like(
    cost: Mapping[date, float | None], before: Sequence[date], after: Sequence[date]
) -> tuple[list[float], list[float]] | None:
    """Return the costs of a resource that lived all the time; None for one that came or went."""
    lived = all(2 * sum(day in cost for day in days) > len(days) for days in (before, after))
    once, then = ([cost.get(day) or 0.0 for day in days] for days in (before, after))
    return (once, then) if lived and fmean(once) > 0 else None


def _told(row: Row, found: Saving, before: Sequence[date], after: Sequence[date]) -> Row:
    days = after[: found.days]
    against = (
        f"{found.controls} resources of the same service in which nothing was changed"
        if found.controls
        else "its own trend and weekdays, as there are too few of its like; a season longer than "
        "a week would show as a saving or a cost"
    )
    how = (
        f"{len(days)} days from {days[0]} against {against}; both by the {len(before)} days up "
        f"to {before[-1]}"
    )
    if row["stranded_per_month"]:
        stranded = amount_text(row["stranded_per_month"])
        how += f"; of it, up to {stranded} a month of commitments may then stand unused"
    return {
        "realised_per_month": _month(found.per_day),
        "realised_low": _month(found.per_day - found.half_width),
        "realised_high": _month(found.per_day + found.half_width),
        "realised_how": how,
    }


def _month(per_day: float) -> Decimal:
    return rounded(Decimal(per_day * HOURS_PER_MONTH / 24), _DIGITS)


def _unknown(why: str) -> Row:
    return {
        "realised_per_month": None,
        "realised_low": None,
        "realised_high": None,
        "realised_how": why,
    }

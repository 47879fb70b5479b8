"""What changed between two audits: money by effect, findings, advice, blind spots, rules.

The windows of both are compared as the bill says now; what it said of the first by then is known
from `audit.run_cost`, so that a bill that was restated is not taken for a change of the estate:
what was said + restated + the effects = what the second window costs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal, localcontext
from pathlib import Path
from typing import Any

from quaestor.audit.runs import Run, runs_of
from quaestor.core.verdict import Severity
from quaestor.warehouse.duckdb import Warehouse
from quaestor.warehouse.row import insert_rows

Row = dict[str, Any]
Days = tuple[date, date]
Compare = Callable[[Warehouse, Days, Days], list[Row]]  # ledger.windows.compare
EFFECTS = ("price", "volume", "mix", "efficiency", "version", "unmeasured")
_SQL = Path(__file__).parent / "sql"
_KEPT = """
select first_day, last_day, currency, configuration from audit.run_window where run_id = ?
"""
_SAID = """
with headed as (
    select case when model is null then 'no model' else 'model' end as scope,
        coalesce(model, 'no model') as subject, effective_cost
    from audit.run_cost where run_id = $run
    union all
    select case when team is null then 'no team' else 'team' end, coalesce(team, 'no team'),
        effective_cost from audit.run_cost where run_id = $run
    union all
    select case when service is null then 'no service' else 'service' end,
        coalesce(service, 'no service'), effective_cost from audit.run_cost where run_id = $run
    union all
    select 'total', 'total', effective_cost from audit.run_cost where run_id = $run
)
select scope, subject, sum(effective_cost) from headed group by scope, subject
"""
_UNRATED = """
select coalesce(sum(charges), 0)::bigint from ledger.cost
where effective_cost is null and day between ? and ?
"""
_FIGURES = """
select
    r.policies, r.subjects, r.verdicts, r.failed, r.unanswered, r.blind_spots,
    sum(c.effective_cost) filter (where c.model is not null)::double
        / nullif(sum(c.effective_cost), 0)::double as model_ratio,
    sum(c.effective_cost) filter (where c.team is not null)::double
        / nullif(sum(c.effective_cost), 0)::double as team_ratio
from audit.run as r
left join audit.run_cost as c on c.run_id = r.run_id
where r.run_id = ?
group by all
"""
_ADVISED = """
select
    count(*) filter (where state in ('open', 'reopened')) as open,
    coalesce(sum(counted_saving_per_month) filter (where state in ('open', 'reopened')), 0)
        as saving_per_month,
    sum(realised_per_month) filter (where state = 'taken') as realised_per_month
from audit.recommendation where run_id = ?
"""
_COMPARISON = (
    *("days", "unknown_because", "before_first", "before_last", "after_first", "after_last"),
    *("overlap_days", "currency", "currency_before", "said_cost", "restated", "before_cost"),
    *("after_cost", "after_said_cost", "before_unrated", "after_unrated"),
)
_COST = (
    *("scope", "subject", "said_cost", "restated", "before_cost", "after_cost", "change"),
    *(f"{name}_effect" for name in EFFECTS),
    *("service", "resource_id", "team", "model", "sku_id"),
)


@dataclass(frozen=True)
class Cost:
    """What two windows cost.

    Args:
        facts: The columns of `audit.comparison`; `unknown_because` where there is nothing to say.
        rows: The columns of `audit.cost_change`: all of it first, then the largest change of each
            scope.
    """

    facts: Row
    rows: list[Row] = field(default_factory=list)

    def of(self, *scopes: str) -> list[Row]:
        """Return the rows of some scopes, the largest change first."""
        return [row for row in self.rows if row["scope"] in scopes]


@dataclass(frozen=True)
class Changes:
    """What is otherwise in the later of two audits.

    Args:
        before: The earlier audit.
        after: The later one.
        cost: What their windows cost.
        findings: The rows of `finding_changes`, worst first.
        advice: The rows of `advice_changes`, the largest first.
        blind_spots: The rows of `blind_spot_changes`; None: the earlier audit kept none.
        rules: The rows of `rule_changes`.
        figures: Counts and ratios of both audits, by name: before, after.
        same_configuration: None: not known.
    """

    before: Run
    after: Run
    cost: Cost
    findings: list[Row]
    advice: list[Row]
    blind_spots: list[Row] | None
    rules: list[Row]
    figures: Mapping[str, tuple[Any, Any]]
    same_configuration: bool | None


def changes(warehouse: Warehouse, before: Run, after: Run, *, compare: Compare) -> Changes:
    """Return what is otherwise in the later of two audits.

    Args:
        warehouse: A built one; read-only will do.
        before: The one that is compared with.
        after: The other one.
        compare: What holds two windows of the bill against each other (`ledger.windows.compare`).
    """
    kept = [_kept(warehouse, run) for run in (before, after)]
    ids = [before.id, after.id]
    findings = warehouse.records("from finding_changes(?, ?)", ids)
    advice = warehouse.records("from advice_changes(?, ?)", ids)
    spots = "from blind_spot_changes(?, ?) order by all"
    both_known = all(one["configuration"] for one in kept)
    return Changes(
        before=before,
        after=after,
        cost=_cost(warehouse, before, after, kept, compare),
        findings=sorted(findings, key=_worst_first),
        advice=sorted(advice, key=_largest_first),
        blind_spots=warehouse.records(spots, ids) if both_known else None,
        rules=warehouse.records("from rule_changes(?, ?) order by change, policy", ids),
        figures=_figures(warehouse, before, after),
        same_configuration=kept[0]["configuration"] == kept[1]["configuration"]
        if both_known
        else None,
    )


def record_changes(warehouse: Warehouse, run_id: str, *, compare: Compare) -> None:
    """Write down what the latest audit's window cost against that of the audit before it.

    One comparison is kept, for the page of changes; `changes` makes any other.

    Args:
        warehouse: Where to, in the caller's transaction.
        run_id: The run; where it is not the latest nothing is written.
        compare: As `changes` takes it.
    """
    runs = runs_of(warehouse)
    if runs[0].id != run_id:
        return
    warehouse.run("delete from audit.comparison")
    warehouse.run("delete from audit.cost_change")
    if len(runs) == 1:
        return
    after, before = runs[:2]
    kept = [_kept(warehouse, run) for run in (before, after)]
    cost = _cost(warehouse, before, after, kept, compare)
    insert_rows(
        warehouse,
        "audit.comparison",
        f"run_id, before_run_id, {', '.join(_COMPARISON)}",
        [(after.id, before.id, *(_exact(cost.facts[name]) for name in _COMPARISON))],
    )
    rows = [(after.id, *(_exact(row.get(name)) for name in _COST)) for row in cost.rows]
    insert_rows(warehouse, "audit.cost_change", f"run_id, {', '.join(_COST)}", rows)


def _kept(warehouse: Warehouse, run: Run) -> Row:
    """Return the window of an audit; of one that kept none, the days that it would have had."""
    found = warehouse.records(_KEPT, [run.id])
    if found:
        return found[0]
    sql = (_SQL / "run_window.sql").read_text(encoding="utf-8")
    first, last, _ = warehouse.row(sql, {"today": run.audited_at.date()})
    return {"first_day": first, "last_day": last, "currency": None, "configuration": None}


def _cost(
    warehouse: Warehouse, before: Run, after: Run, kept: Sequence[Row], compare: Compare
) -> Cost:
    [(billed_from, billed_until)] = warehouse.rows(
        "select min(day), max(day) from ledger.billed_day"
    )
    found = warehouse.rows("select value from config.setting where name = 'currency'")
    facts: Row = dict.fromkeys(_COMPARISON)
    facts |= {"currency": found[0][0] if found else None, "currency_before": kept[0]["currency"]}
    days, why = _days(kept, billed_from, billed_until)
    if why is not None:
        return Cost(facts | {"unknown_because": why})
    windows = [(one["last_day"] - timedelta(days=days - 1), one["last_day"]) for one in kept]
    said = [
        _said(warehouse, run, one, window, billed_from, facts["currency"])
        for run, one, window in zip((before, after), kept, windows, strict=True)
    ]
    rows = _with_said(compare(warehouse, windows[0], windows[1]), said[0])
    all_of_it = next(row for row in rows if row["scope"] == "total")
    unrated = [warehouse.row(_UNRATED, window)[0] for window in windows]
    facts |= {
        "days": days,
        "before_first": windows[0][0],
        "before_last": windows[0][1],
        "after_first": windows[1][0],
        "after_last": windows[1][1],
        "overlap_days": max(0, (windows[0][1] - windows[1][0]).days + 1),
        **{name: all_of_it[name] for name in ("said_cost", "restated", "before_cost")},
        "after_cost": all_of_it["after_cost"],
        "after_said_cost": None if said[1] is None else said[1].get(("total", "total")),
        "before_unrated": unrated[0],
        "after_unrated": unrated[1],
    }
    return Cost(facts, [all_of_it, *(row for row in rows if row is not all_of_it)])


def _days(
    kept: Sequence[Row], billed_from: date | None, billed_until: date | None
) -> tuple[int, str | None]:
    """Return how many days both windows have, or why there is nothing to compare.

    A bill that began within a window makes both as short as the shorter one.
    """
    if billed_from is None or billed_until is None:
        return 0, "there is no bill"
    if any(one["last_day"] is None for one in kept):
        return 0, "no day of the bill was complete before one of the audits"
    first, last = kept
    for one, which in ((first, "earlier"), (last, "later")):
        if one["last_day"] < billed_from:
            return 0, (
                f"the bill begins on {billed_from}, after the window of the {which} audit "
                f"({one['first_day']} to {one['last_day']})"
            )
        if one["last_day"] > billed_until:
            return 0, (
                f"the bill ends on {billed_until}, before the window of the {which} audit "
                f"({one['first_day']} to {one['last_day']})"
            )
    lengths = [(one["last_day"] - max(one["first_day"], billed_from)).days + 1 for one in kept]
    return min(lengths), None


def _said(
    warehouse: Warehouse,
    run: Run,
    kept: Row,
    window: Days,
    billed_from: date,
    currency: str | None,
) -> dict[tuple[str, str], Decimal | None] | None:
    """Return what an audit said of its subjects; None where it kept nothing that compares."""
    told_of = max(kept["first_day"], billed_from)
    if kept["configuration"] is None or kept["currency"] != currency or told_of != window[0]:
        return None
    return {(scope, name): cost for scope, name, cost in warehouse.rows(_SAID, {"run": run.id})}


def _with_said(
    rows: Sequence[Row], said: Mapping[tuple[str, str], Decimal | None] | None
) -> list[Row]:
    """Return the rows with what was said of each by then; whom it did not tell of cost nothing."""
    if said is None:
        return [{**row, "said_cost": None, "restated": None} for row in rows]
    costs = ("before_cost", "after_cost", "change", *(f"{name}_effect" for name in EFFECTS))
    there = {(row["scope"], row["subject"]) for row in rows}
    gone = [
        {"scope": scope, "subject": subject, **dict.fromkeys(costs, Decimal(0))}
        for scope, subject in sorted(said.keys() - there)
    ]
    told = []
    for row in (*rows, *gone):
        cost = said.get((row["scope"], row["subject"]), Decimal(0))
        known = cost is not None and row["before_cost"] is not None
        with localcontext(prec=60):  # else digits after the 28th would be rounded away
            restated = row["before_cost"] - cost if known else None
        told.append({**row, "said_cost": cost, "restated": restated})
    return told


def _figures(warehouse: Warehouse, before: Run, after: Run) -> dict[str, tuple[Any, Any]]:
    told = []
    for run in (before, after):
        [one] = warehouse.records(_FIGURES, [run.id])
        [advice] = warehouse.records(_ADVISED, [run.id])
        told.append({**one, **{f"advice_{name}": value for name, value in advice.items()}})
    return {name: (told[0][name], told[1][name]) for name in told[0]}


_ORDER = (
    *("new", "back", "unwaived", "severity", "closed", "gone", "waived", "unanswered"),
    *("answered", "rule added", "rule removed"),
)


def _worst_first(row: Row) -> tuple[Any, ...]:
    return (
        _ORDER.index(row["change"]),
        Severity(row["severity"]).rank,
        row["at_stake_per_month"] is None,
        -(row["at_stake_per_month"] or 0),
        row["policy"],
        row["source"] or "",
        row["subject"],
    )


_ADVICE_ORDER = ("taken", "measured", "new", "reopened", "dismissed", "gone")


def _largest_first(row: Row) -> tuple[Any, ...]:
    amount = row["realised_per_month"] or row["saving_per_month"]
    place = _ADVICE_ORDER.index(row["change"])
    return place, amount is None, -(amount or 0), row["kind"], row["subject"]


def _exact(value: Any) -> Any:
    return f"{value:f}" if isinstance(value, Decimal) else value  # never a float

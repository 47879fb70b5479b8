"""What a deploy changes of the cost of a month, by list price, before it ships.

Replicas times 730 hours times the part of a machine that one of them takes. What runs now is
priced in the same way, so that the difference is the deploy's and not a discount's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from msgspec import structs

from quaestor.core.deploy import Deployed
from quaestor.core.money import MONEY_DIGITS, rounded
from quaestor.core.run_summary import BudgetOutlook, PricedChange
from quaestor.core.text import printable
from quaestor.ledger.deploy_price import Book, Cost, hour_of
from quaestor.warehouse.duckdb import Warehouse

BUDGET_KEY = ("month", "budget")  # what tells rows of ledger.budget apart
HOURS = 730  # of a month, as AWS, Azure and Google Cloud count it


def price(warehouse: Warehouse, deployed: Sequence[Deployed]) -> tuple[PricedChange, ...]:
    """Work out what each deployment changes of a month's cost, in the reporting currency.

    What scales by itself is counted at its most replicas.

    Args:
        warehouse: A built warehouse.
        deployed: What is deployed.
    """
    book = Book(warehouse)
    return _with_budgets(warehouse, [(one, _priced(book, one)) for one in deployed])


def _priced(book: Book, one: Deployed) -> PricedChange:
    then = _month(book, one.then)
    now = Cost(Decimal(0), "") if one.now is None else _month(book, one.now)
    why = None
    if one.elsewhere:
        names = ", ".join(printable(name) for name in one.elsewhere)
        now = Cost(None, f"it may be any of {names}: say its namespace")
    if then.amount is None:
        why = then.how
    elif now.amount is None:
        why = f"what runs now cannot be priced: {now.how}"
    change = None if then.amount is None or now.amount is None else then.amount - now.amount
    return PricedChange(
        target=one.place,
        deployment=one.deployment,
        model=f"{one.model}:{one.version}" if one.model and one.version else one.model,
        cost_now=now.amount,
        cost_then=then.amount,
        change=change,
        currency=book.currency,
        is_new=one.now is None and not one.elsewhere,
        basis=then.how if then.amount is not None else "",
        unknown_because=why,
    )


def _month(book: Book, row: Mapping[str, Any]) -> Cost:
    """Price a row of `registry.deployment` for a month."""
    if row.get("kind") == "sagemaker-endpoint" and not row.get("instance_type"):
        return Cost(None, "it names no instance type: what is serverless is paid by its use")
    replicas = _replicas(row)
    if replicas is None:
        return Cost(None, "how many replicas it has is not known")
    if replicas == 0:
        return Cost(Decimal(0), "0 replicas")
    hour = hour_of(book, row)
    if hour.amount is None:
        return hour
    most = " at most" if row.get("max_replicas") is not None else ""
    count = f"{replicas} replica{'s' if replicas != 1 else ''}{most}"
    amount = rounded(hour.amount * replicas * HOURS, MONEY_DIGITS)
    return Cost(amount, f"{count} x {HOURS} h x {hour.how}")


def _replicas(row: Mapping[str, Any]) -> int | None:
    for name in ("max_replicas", "replicas", "min_replicas"):
        if row.get(name) is not None:
            return int(row[name])
    return 1 if row.get("kind") == "InferenceService" else None  # KServe's own default


def _with_budgets(
    warehouse: Warehouse, changes: Sequence[tuple[Deployed, PricedChange]]
) -> tuple[PricedChange, ...]:
    """Add the budgets of the latest month that count the cost of each deployment."""
    budgets = warehouse.records(
        "select budget, team, model, environment, amount, forecast_cost from ledger.budget "
        "where month = (select max(month) from ledger.budget) order by budget"
    )
    teams = dict(
        warehouse.rows("select model, min(team) from registry.model group by model")
        if any(budget["team"] for budget in budgets)
        else []
    )
    held: dict[str, list[PricedChange]] = {}
    for one, change in changes:
        for budget in budgets:
            if _counts(budget, one, teams):
                held.setdefault(budget["budget"], []).append(change)
    outlooks = {
        budget["budget"]: _outlook(budget, held[budget["budget"]])
        for budget in budgets
        if budget["budget"] in held
    }
    return tuple(
        structs.replace(
            change,
            budgets=tuple(
                outlooks[budget["budget"]] for budget in budgets if _counts(budget, one, teams)
            ),
        )
        for one, change in changes
    )


def _counts(budget: Mapping[str, Any], one: Deployed, teams: Mapping[str, str | None]) -> bool:
    said = {
        "model": one.model,
        "team": teams.get(one.model or ""),
        "environment": one.then.get("environment"),
    }
    return all(budget[name] in (None, value) for name, value in said.items())


def _outlook(budget: Mapping[str, Any], changes: Sequence[PricedChange]) -> BudgetOutlook:
    expected = budget["forecast_cost"]
    known = [one.change for one in changes if one.change is not None]
    is_known = expected is not None and len(known) == len(changes)
    return BudgetOutlook(
        budget=budget["budget"],
        amount=budget["amount"],
        expected=expected,
        with_change=expected + sum(known, Decimal(0)) if is_known else None,
    )


def _say_supplied(warehouse: Warehouse, catalog: str, sources: Sequence[str]) -> None:
    """Say that the change of a deploy's cost can be known, and that it changes no other's."""
    for field in ("cost_per_month", "cost_change_per_month"):
        given = {"sources": list(sources), "field": f"deployment.{field}"}
        warehouse.run(
            f"delete from {catalog}.registry.evidence "
            "where source in (select unnest($sources::varchar[])) and field = $field",
            given,
        )
        warehouse.run(
            f"insert into {catalog}.registry.evidence by name "
            "select unnest($sources::varchar[]) as source, $field as field, true as supplied, "
            "'native' as via",
            given,
        )
    here = f"{catalog}.registry.deployment"
    warehouse.run(
        f"insert into {here} by name select * replace (0 as cost_change_per_month) "
        f"from registry.deployment where model in (select model from {here}) "
        f"and source in (select unnest($sources::varchar[])) "
        f"and (source, deployment) not in (select (source, deployment) from {here})",
        {"sources": list(sources)},
    )


def lay_over(
    warehouse: Warehouse,
    catalog: str,
    deployed: Sequence[Deployed],
    priced: Sequence[PricedChange],
) -> None:
    """Write the prices, and what they make of budgets, into a catalogue beside the warehouse.

    Args:
        warehouse: A built warehouse.
        catalog: A catalogue whose `registry.deployment` has the deployments, and which has
            `registry.evidence`; `ledger.budget` is made in it, of the budgets concerned.
        deployed: What is deployed.
        priced: The price of each.
    """
    for one, change in zip(deployed, priced, strict=True):
        warehouse.run(
            f"update {catalog}.registry.deployment set cost_per_month = ?, "
            "cost_change_per_month = ? where source = ? and deployment = ?",
            [change.cost_then, change.change, one.source, one.deployment],
        )
    _say_supplied(warehouse, catalog, sorted({one.source for one in deployed}))
    _lay_budgets(warehouse, catalog, [one for change in priced for one in change.budgets])


def _lay_budgets(warehouse: Warehouse, catalog: str, outlooks: Sequence[BudgetOutlook]) -> None:
    warehouse.run(f"create schema if not exists {catalog}.ledger")
    warehouse.run(
        f"create or replace table {catalog}.ledger.budget as select * from ledger.budget limit 0"
    )
    for name, outlook in {one.budget: one for one in outlooks}.items():
        if outlook.with_change is None or outlook.expected is None:
            continue
        warehouse.run(
            f"insert into {catalog}.ledger.budget select * replace ("
            "$then as forecast_cost, forecast_low + $change as forecast_low, "
            "forecast_high + $change as forecast_high, "
            "case when status = 'ok' and $then > amount then 'warning' else status end as status"
            ") from ledger.budget where budget = $budget "
            "and month = (select max(month) from ledger.budget)",
            {
                "budget": name,
                "then": outlook.with_change,
                "change": outlook.with_change - outlook.expected,
            },
        )

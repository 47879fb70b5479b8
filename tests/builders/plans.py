"""Daily costs put straight into the ledger, and the plans made from them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from quaestor import ledger
from quaestor.ledger import forecast
from quaestor.normalise import settings
from quaestor.warehouse.duckdb import Warehouse

PLAN = Path(ledger.__file__).parent / "sql" / "plan"
ORDER = (
    *("billed_day", "spend_day", "forecast", "budget", "unusual_day", "sku_day", "compared"),
    *("compared_day", "effect", "anomaly", "commitment"),
)
Daily = Callable[[int], float | str | Decimal | None]


def a_past(days: int, cost: Daily, *, ends: date = date(2026, 11, 20), **more: Any) -> Warehouse:
    """A ledger with one line a day, the last day included; `cost` gets the number of the day."""
    warehouse = Warehouse(":memory:")
    warehouse.run("insert into config.setting values ('currency', 'USD')")
    add(warehouse, days, cost, ends=ends, **more)
    return warehouse


def add(
    warehouse: Warehouse,
    days: int,
    cost: Daily,
    *,
    ends: date = date(2026, 11, 20),
    charges: Callable[[int], int] = lambda _: 10,
    **line: Any,
) -> None:
    """Add a line a day; a cost of None is a charge without an exchange rate."""
    facts: Mapping[str, Any] = {
        "source": "bill",
        "provider": "AWS",
        "service": "Compute",
        "charge_category": "Usage",
        "cost_kind": "direct",
        "rule": "tag",
        "billing_currency": "USD",
        **line,
    }
    first = ends - timedelta(days=days - 1)
    costs = [cost(number) for number in range(days)]
    warehouse.run(
        f"""
        insert into ledger.cost by name
        with line as (
            select
                unnest($days::date[]) as day, unnest($charges::bigint[]) as charges,
                unnest($costs::decimal(38, 20)[]) as cost
        )
        select
            day, charges, cost as billed_cost, cost as effective_cost,
            coalesce(cost, 1) as billing_billed_cost, coalesce(cost, 1) as billing_effective_cost,
            {", ".join(f"${name} as {name}" for name in facts)}
        from line
        """,
        {
            "days": [str(first + timedelta(days=number)) for number in range(days)],
            "charges": [charges(number) for number in range(days)],
            "costs": [None if one is None else f"{Decimal(str(one)):f}" for one in costs],
            **facts,
        },
    )


def owned(warehouse: Warehouse) -> Warehouse:
    """Give each charge of a bill to the team, model and version that its tags name."""
    warehouse.run(
        """
        insert into ledger.cost by name
        select
            ChargePeriodStart::date as day, x_source as source, ServiceName as service,
            ResourceId as resource_id, ChargeCategory as charge_category,
            Tags ->> '$.team' as team, Tags ->> '$.model' as model,
            Tags ->> '$.model_version' as model_version, 'direct' as cost_kind, 'tag' as rule,
            BillingCurrency as billing_currency, sum(BilledCost) as billing_billed_cost,
            sum(EffectiveCost) as billing_effective_cost, sum(EffectiveCost) as effective_cost,
            count(*) as charges
        from focus.charge group by all
        """
    )
    return warehouse


def plan(
    warehouse: Warehouse, text: str = "", *, upto: str = "budget", without: tuple[str, ...] = ()
) -> Warehouse:
    """Make the plans of a ledger, up to a table, under a configuration."""
    from builders.ledgers import config

    settings.write(warehouse, config(text))
    warehouse.run(
        """
        delete from ledger.stale_day;
        delete from ledger.stale_month;
        insert into ledger.stale_month
        select date_trunc('month', day)::date from ledger.cost
        union select date_trunc('month', ChargePeriodStart)::date from focus.charge;
        insert into ledger.stale_day by name
        with one as (
            select day from ledger.cost union select ChargePeriodStart::date from focus.charge
        )
        select day, true as billed from one
        """
    )
    for table in ORDER[: ORDER.index(upto) + 1]:
        if table in without:
            continue
        if table == "forecast":
            forecast.build(warehouse, lambda _: None)
            continue
        sql = (PLAN / f"{table}.sql").read_text(encoding="utf-8")
        warehouse.run(f"delete from ledger.{table}")
        warehouse.run(f"insert into ledger.{table} by name {sql}")
    return warehouse

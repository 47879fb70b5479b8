"""A day that is billed anew changes the plans as a build from nothing would."""

from __future__ import annotations

from datetime import date, timedelta

from builders.ledgers import a_warehouse, build
from quaestor.warehouse.duckdb import Warehouse

PLANS = (
    "billed_day",
    "spend_day",
    "forecast",
    "budget",
    "unusual_day",
    "anomaly",
    "commitment",
)
TEXT = "budgets: [{name: growth, amount: 3000, team: growth}]"
ENDS = date(2026, 11, 20)


def a_bill() -> Warehouse:
    """Sixty-four days of a team's machine, a tenth of it covered by a plan."""
    usage = {
        "ChargeCategory": "Usage",
        "ServiceName": "Compute",
        "ResourceId": "vm",
        "SkuId": "small",
        "ConsumedUnit": "Hours",
        "tags": {"team": "growth", "model": "churn"},
    }
    standard = {"PricingCategory": "Standard", "EffectiveCost": "90", "ConsumedQuantity": "9"}
    covered = {
        "PricingCategory": "Committed",
        "EffectiveCost": "10",
        "ConsumedQuantity": "2",
        "CommitmentDiscountId": "plan",
        "CommitmentDiscountStatus": "Used",
    }
    return a_warehouse(
        *(
            {
                **usage,
                **more,
                "BilledCost": more["EffectiveCost"],
                "ChargePeriodStart": day,
                "BillingPeriodStart": day.replace(day=1),
            }
            for day in (ENDS - timedelta(days=back) for back in range(64))
            for more in (standard, covered)
        )
    )


def plans(warehouse: Warehouse) -> dict[str, list[tuple[object, ...]]]:
    return {name: warehouse.rows(f"from ledger.{name} order by all") for name in PLANS}


def test_a_restated_day_changes_what_a_whole_build_would():
    """Three weeks ago was dearer after all: days, months, forecasts and reasons follow."""
    restate = """
        update focus.charge set EffectiveCost = 900, BilledCost = 900, ConsumedQuantity = 90
        where ChargePeriodStart = '2026-10-28' and PricingCategory = 'Standard'
    """
    grown, whole = a_bill(), a_bill()
    build(grown, TEXT)
    before = plans(grown)
    grown.run(restate)
    whole.run(restate)
    build(grown, TEXT)
    build(whole, TEXT)
    after = plans(grown)

    assert after == plans(whole)
    assert all(after.values())
    assert {name for name in PLANS if before[name] != after[name]} == {
        "spend_day",
        "forecast",
        "budget",
        "unusual_day",
        "anomaly",
        "commitment",
    }

"""What a resource costs a month: by the bill of its last days, and by no more than that."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from builders.ledgers import A_CHARGE, a_warehouse, build
from builders.rows import insert_all
from quaestor.warehouse.duckdb import Warehouse

FIRST, END = datetime(2026, 10, 1), datetime(2026, 11, 1)  # October is complete
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def charges(
    resource: str, cost: str, first: int, last: int, step: timedelta = DAY, **columns: Any
) -> Iterator[Mapping[str, Any]]:
    """A charge of each step of these days of October, both included."""
    start, end = FIRST + (first - 1) * DAY, FIRST + last * DAY
    while start < end:
        yield {
            **A_CHARGE,
            "ChargeCategory": "Usage",
            "PricingCategory": "Standard",
            "ResourceId": resource,
            "ChargePeriodStart": start,
            "ChargePeriodEnd": start + step,
            "BilledCost": cost,
            "EffectiveCost": cost,
            **columns,
        }
        start += step


def the_bill() -> Iterator[Mapping[str, Any]]:
    """Resources of every sort; each is named for what it is."""
    yield from charges("steady", "24", 1, 31)
    yield from charges("hourly", "1", 1, 31, HOUR)
    yield from charges("a week old", "24", 25, 31)
    yield from charges("since noon", "1", 31, 31, HOUR)
    yield from charges("gone", "24", 2, 24)
    yield from charges("gone six days", "24", 2, 25)
    for sunday in (4, 11, 18, 25):
        yield from charges("sundays", "24", sunday, sunday)
    yield {**next(charges("a month at once", "744", 1, 1)), "ChargePeriodEnd": END}
    yield {
        **next(charges("a quarter of an hour more", "25", 31, 31)),
        "ChargePeriodEnd": END + timedelta(minutes=15),
    }
    yield from charges("before all this", "24", 1, 1)
    yield {**next(charges("ends before it starts", "24", 31, 31)), "ChargePeriodEnd": FIRST}
    yield {**next(charges("never ends", "24", 31, 31)), "ChargePeriodEnd": None}
    yield from charges("beyond money", "10000000000000000", 31, 31, HOUR)
    used = {"CommitmentDiscountStatus": "Used", "PricingCategory": "Committed"}
    yield from charges("three quarters committed", "18", 2, 31, **used, CommitmentDiscountId="ri")
    yield from charges("three quarters committed", "4", 2, 31)
    yield from charges("three quarters committed", "2", 2, 31, PricingCategory="Dynamic")
    yield from charges("of some commitment", "24", 2, 31, CommitmentDiscountId="cud")
    unused = {**used, "CommitmentDiscountStatus": "Unused"}
    yield from charges("ri", "5", 2, 31, **unused, CommitmentDiscountId="ri")
    # A negotiated discount beside the charge, and what says nothing of a rate.
    yield from charges("discounted", "24", 2, 31, ListCost="30")
    yield from charges("discounted", "-6", 2, 31, ChargeFrequency="One-Time", ListCost="0")
    for category in ("Tax", "Credit", "Purchase", "Adjustment"):
        yield from charges("discounted", "100", 10, 10, ChargeCategory=category)
    yield from charges("refunded", "1", 2, 31)
    yield from charges("refunded", "-50", 20, 20, ChargeClass="Correction")
    yield from charges("in euros", "24", 2, 31, BillingCurrency="EUR")
    yield from charges("in two currencies", "12", 2, 31, BillingCurrency="EUR")
    yield from charges("in two currencies", "12", 2, 31)
    yield from charges("in shells", "24", 2, 31, BillingCurrency="XYZ")
    yield from charges("in shells", "24", 2, 31)
    yield from charges("in two sources", "12", 2, 31)
    yield from charges("in two sources", "13", 2, 31, x_source="reseller", RegionId="eu")
    yield from charges("late", "24", 2, 20, x_source="a late bill")
    hours = {"ConsumedQuantity": "24", "ConsumedUnit": "Hrs", "SkuMeter": "g5.xlarge"}
    yield from charges("metered", "20", 2, 31, **hours)
    yield from charges("metered", "1", 2, 31, **{**hours, "SkuMeter": "licence"})
    gigabytes = {"ConsumedQuantity": "100", "ConsumedUnit": "GB", "SkuMeter": "out"}
    yield from charges("metered", "3", 2, 31, **gigabytes)
    yield from charges("by account", "1", 2, 31, SubAccountId="42", ServiceName="B")
    yield from charges("by account", "1", 2, 31, SubAccountId="42", ServiceName="A")
    yield from charges("tagged", "1", 2, 20, Tags='{"team": "old"}')
    yield from charges("tagged", "1", 21, 31, Tags='{"team": "new"}')


CONFIG = """
rates: {rates}
attribution:
  - {{name: research, match: {{SubAccountId: "42"}}, team: research}}
"""


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    """The ledger of that bill; a euro is 1.5, and nobody knows what a shell is worth."""
    rates = tmp_path_factory.mktemp("rates") / "rates.csv"
    rates.write_text("date,currency,rate\n2026-01-01,EUR,1.5\n")
    warehouse = a_warehouse()
    rows = [{**row, "x_row": number} for number, row in enumerate(the_bill(), start=1)]
    insert_all(warehouse, "focus.charge", rows)
    build(warehouse, CONFIG.format(rates=rates))
    return warehouse


def rate(warehouse: Warehouse, resource: str) -> dict[str, Any]:
    """What is said of a resource."""
    (row,) = warehouse.records(
        "select * from ledger.resource_rate where resource_id = ?", [resource]
    )
    return row


@pytest.mark.parametrize(
    ("resource", "cost"),
    [
        ("steady", "730"),
        ("hourly", "730"),
        ("a week old", "730"),
        ("since noon", "730"),
        # A seventh: since the first Sunday of the window there were 28 days.
        ("sundays", "104.2857"),
        ("a month at once", "730"),
        ("a quarter of an hour more", "760.4167"),
        ("gone", "0"),
        ("gone six days", "584"),
        ("discounted", "547.5"),
        ("refunded", "0"),
        ("in euros", "1095"),
        ("in two currencies", "912.5"),
        ("in two sources", "760.4167"),
        ("late", "730"),
        ("ends before it starts", "730"),
        ("never ends", "730"),
    ],
)
def test_a_month_costs_what_the_last_days_did(warehouse, resource, cost):
    """730 hours at the rate of the time since its first charge, to the last day that is complete.

    Rates of days without a charge are zero, so that what runs one day a week costs a seventh; what
    was not charged for a week is gone; tax, credits and purchases are no rate.
    """
    assert rate(warehouse, resource)["cost_per_month"] == Decimal(cost)


def test_what_was_last_charged_before_these_days_has_no_rate(warehouse):
    """The window is 2 to 31 October."""
    assert (
        warehouse.rows("select 1 from ledger.resource_rate where resource_id = 'before all this'")
        == []
    )


def test_without_an_exchange_rate_there_is_no_rate(warehouse):
    """Unknown is null in every figure that is made of it, even where a part is known."""
    one = rate(warehouse, "in shells")

    assert {one[name] for name in ("effective_cost", "committed_cost", "spot_cost")} == {None}
    assert {one[name] for name in ("standard_cost", "cost_per_month", "committed_ratio")} == {None}


def test_a_rate_that_no_money_can_have_is_unknown(warehouse):
    """A day's cost of 17 digits is loaded; its month is not made up."""
    one = rate(warehouse, "beyond money")

    assert (one["effective_cost"] > 10**17, one["cost_per_month"]) == (True, None)


def test_what_commitments_cover_is_told_apart(warehouse):
    """As is what is paid at spot and at standard prices; what stands unused is nobody's rate."""
    one = rate(warehouse, "three quarters committed")

    assert one["committed_cost"] == Decimal(540)
    assert (one["standard_cost"], one["spot_cost"]) == (Decimal(120), Decimal(60))
    assert one["committed_ratio"] == 0.75
    assert rate(warehouse, "of some commitment")["committed_ratio"] == 1
    assert rate(warehouse, "steady")["committed_ratio"] == 0
    assert warehouse.rows("select 1 from ledger.resource_rate where resource_id = 'ri'") == []


def test_its_days_are_told(warehouse):
    """When it was first and last charged, up to when its source was delivered, and how often."""

    def days(resource: str) -> tuple[str, str, str, int]:
        one = rate(warehouse, resource)
        first, last, until = one["first_day"], one["last_day"], one["until"]
        return (f"{first:%m-%d}", f"{last:%m-%d}", f"{until:%m-%d}", one["days"])

    assert days("steady") == ("10-02", "10-31", "10-31", 30)
    assert days("hourly") == ("10-02", "10-31", "10-31", 30)
    assert days("sundays") == ("10-04", "10-25", "10-31", 4)
    assert days("a month at once") == ("10-02", "10-31", "10-31", 30)
    assert days("late") == ("10-02", "10-20", "10-20", 19)


def test_hours_are_those_of_the_meter_that_cost_most(warehouse):
    """A licence that is counted by the same hours does not make them twice as many."""
    assert rate(warehouse, "metered")["hours"] == 720
    assert rate(warehouse, "steady")["hours"] is None


def test_what_may_differ_is_that_of_most_of_its_cost(warehouse):
    """Ties go by the alphabet, so that each build says the same; its tags are those last billed."""
    assert rate(warehouse, "in two sources")["source"] == "reseller"
    assert rate(warehouse, "in two sources")["region"] == "eu"
    assert rate(warehouse, "by account")["service"] == "B"
    assert rate(warehouse, "tagged")["tags"] == '{"team": "new"}'


def test_its_owner_is_whom_the_ledger_gives_it_to(warehouse):
    """Rules of quaestor.yaml count as tags do; of two owners, the one it is tagged with now."""
    assert rate(warehouse, "by account")["team"] == "research"
    assert rate(warehouse, "tagged")["team"] == "new"
    assert rate(warehouse, "steady")["team"] is None

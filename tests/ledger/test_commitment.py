"""What commitments cost, how much of them is used, and how much they cover of what they could."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from builders.azure_bills import a_pair, export
from builders.bills import Bill
from builders.curs import PLAN, RESERVATION, legacy_csv
from builders.gcp_bills import credit, json_lines, row
from builders.ledgers import a_warehouse
from builders.plans import PLAN as SQL
from quaestor.ledger.commitment import blind_spots
from quaestor.warehouse.duckdb import Warehouse

USED = {
    "ChargeCategory": "Usage",
    "ServiceName": "Compute",
    "PricingCategory": "Committed",
    "CommitmentDiscountId": "plan",
    "CommitmentDiscountCategory": "Spend",
    "CommitmentDiscountStatus": "Used",
    "BilledCost": "0",
    "EffectiveCost": "6",
    "ContractedCost": "10",
}
UNUSED = {**USED, "CommitmentDiscountStatus": "Unused", "EffectiveCost": "2", "ContractedCost": "2"}
STANDARD = {
    "ChargeCategory": "Usage",
    "ServiceName": "Compute",
    "PricingCategory": "Standard",
    "BilledCost": "30",
    "EffectiveCost": "30",
    "ContractedCost": "30",
}
PURCHASE = {
    **UNUSED,
    "ChargeCategory": "Purchase",
    "CommitmentDiscountStatus": None,
    "BilledCost": "8",
    "EffectiveCost": "0",
}


def told(warehouse: Warehouse) -> Warehouse:
    """Fill ledger.commitment of every month of the bill."""
    sql = (SQL / "commitment.sql").read_text(encoding="utf-8")
    warehouse.run(
        f"""
        delete from ledger.stale_month;
        insert into ledger.stale_month
        select distinct date_trunc('month', ChargePeriodStart)::date from focus.charge;
        delete from ledger.commitment;
        insert into ledger.commitment by name {sql}
        """
    )
    return warehouse


def lines(*charges: dict[str, Any]) -> dict[str | None, dict[str, Any]]:
    """The lines of a bill by commitment; each commitment has one."""
    rows = told(a_warehouse(*charges)).records("from ledger.commitment")
    found = {row["commitment_id"]: row for row in rows}

    assert len(found) == len(rows)
    return found


def test_used_and_unused_make_up_what_was_committed():
    """Six of eight are used: 75 %; what was billed for it is another figure."""
    plan = lines(USED, UNUSED, PURCHASE)["plan"]

    assert (plan["used_cost"], plan["unused_cost"], plan["committed_cost"]) == (6, 2, 8)
    assert (plan["utilization_ratio"], plan["purchased_cost"]) == (0.75, 8)


def test_coverage_is_of_what_could_have_been_covered():
    """10 at standard prices are covered and 30 are not: a quarter, whatever the discount."""
    found = lines(USED, UNUSED, STANDARD)

    assert (found["plan"]["eligible_cost"], found["plan"]["coverage_ratio"]) == (40, 0.25)
    assert found["plan"]["coverage_basis"] == "contracted"
    assert (found[None]["eligible_cost"], found[None]["coverage_ratio"]) == (40, 0.25)
    assert found[None]["used_cost"] is None


def test_where_contracted_cost_is_missing_coverage_is_by_effective_cost_and_says_so():
    """Azure states 0 for what a reservation covers: 6 of 36, on what was paid."""
    plan = lines({**USED, "ContractedCost": "0"}, STANDARD)["plan"]

    assert plan["coverage_basis"] == "effective"
    assert (plan["eligible_cost"], plan["coverage_ratio"]) == (36, 6 / 36)


@pytest.mark.parametrize(
    "other",
    [
        {"PricingCategory": "Dynamic"},
        {"ServiceName": "Storage"},
        {"ChargeCategory": "Tax"},
        {"x_source": "another"},
        {"ChargePeriodStart": "2026-09-30"},
    ],
)
def test_spot_other_services_taxes_sources_and_months_are_not_eligible(other: dict[str, str]):
    """Nothing that the commitment could not have covered counts against it."""
    found = lines(USED, {**STANDARD, **other})

    assert list(found) == ["plan"]
    assert found["plan"]["coverage_ratio"] == 1


def test_currencies_are_never_added():
    """One commitment billed in two currencies is two lines, each with its own coverage."""
    euro = {"BillingCurrency": "EUR"}
    warehouse = told(a_warehouse(USED, STANDARD, {**USED, **euro}, {**UNUSED, **euro}))

    assert warehouse.rows(
        "select billing_currency, commitment_id, committed_cost, eligible_cost "
        "from ledger.commitment order by all"
    ) == [("EUR", "plan", 8, 10), ("USD", "plan", 6, 40), ("USD", None, None, 40)]


def test_several_commitments_share_what_is_eligible_and_the_rest_counts_it_once():
    """Each is held against its own services; the line without one against all of them."""
    disk = {"ServiceName": "Storage", "CommitmentDiscountId": "disks"}
    found = lines(USED, {**USED, **disk}, STANDARD, {**STANDARD, "ServiceName": "Storage"})

    assert {name: row["eligible_cost"] for name, row in found.items()} == {
        "plan": 40,
        "disks": 40,
        None: 80,
    }
    assert found[None]["coverage_ratio"] == 0.25


def test_what_was_never_used_is_all_unused():
    """No use is known here: the bill says Unused."""
    plan = lines(UNUSED)["plan"]

    assert (plan["used_cost"], plan["unused_cost"], plan["utilization_ratio"]) == (0, 2, 0)


def test_a_purchase_alone_tells_no_utilisation():
    """The month in which a term was bought at once says when it ends, and nothing of its use."""
    bought = {
        **PURCHASE,
        "ChargeFrequency": "One-Time",
        "ChargePeriodStart": "2026-10-05",
        "ChargePeriodEnd": "2027-10-05",
    }
    plan = lines(bought)["plan"]

    assert (plan["ends"], plan["purchased_cost"]) == (date(2027, 10, 4), 8)
    assert (plan["used_cost"], plan["committed_cost"], plan["utilization_ratio"]) == (None,) * 3


def test_a_missing_status_is_a_blind_spot_with_its_money():
    """Neither used nor unused: no ratio is made of it."""
    warehouse = told(a_warehouse(USED, {**USED, "CommitmentDiscountStatus": None}, STANDARD))
    plan, rest = warehouse.records("from ledger.commitment order by commitment_id nulls last")
    [spot] = blind_spots(warehouse)

    assert {plan["used_cost"], plan["utilization_ratio"], plan["coverage_ratio"]} == {None}
    assert rest["coverage_ratio"] is None
    assert (spot.amount, spot.currency, spot.period) == (6, "USD", "2026-10")
    assert "CommitmentDiscountStatus" in spot.reason


def test_only_stale_months_are_told_anew():
    """The file asks for the stale months alone, as an incremental build needs."""
    warehouse = told(a_warehouse(USED, {**USED, "ChargePeriodStart": "2026-09-03"}))
    warehouse.run("delete from ledger.stale_month where month = '2026-09-01'")
    sql = (SQL / "commitment.sql").read_text(encoding="utf-8")

    assert [row["month"] for row in warehouse.records(sql)] == [date(2026, 10, 1)]


def test_a_bill_without_commitments_has_no_line():
    """Nothing is eligible for what nobody bought."""
    assert lines(STANDARD) == {}


def test_aws_plans_and_reservations(tmp_path: Path):
    """A CUR: a plan of 8 of which 6 are used, a reservation of 8.75 of which 7 are."""
    plan = {"savings_plan_savings_plan_a_r_n": PLAN}
    reserved = {"reservation_reservation_a_r_n": RESERVATION}
    bill = Bill(tmp_path)
    bill.write(
        "cur.csv",
        legacy_csv(
            {
                **plan,
                "line_item_line_item_type": "SavingsPlanCoveredUsage",
                "line_item_unblended_cost": "10",
                "savings_plan_savings_plan_effective_cost": "6",
            },
            {
                **plan,
                "line_item_line_item_type": "SavingsPlanNegation",
                "line_item_unblended_cost": "-10",
            },
            {
                **plan,
                "line_item_line_item_type": "SavingsPlanRecurringFee",
                "line_item_unblended_cost": "8",
                "savings_plan_total_commitment_to_date": "8",
                "savings_plan_used_commitment": "6",
            },
            {
                **reserved,
                "line_item_line_item_type": "DiscountedUsage",
                "line_item_unblended_cost": "0",
                "reservation_effective_cost": "7",
            },
            {
                **reserved,
                "line_item_line_item_type": "RIFee",
                "line_item_unblended_cost": "5",
                "reservation_unused_amortized_upfront_fee_for_billing_period": "1.25",
                "reservation_unused_recurring_fee": "0.5",
            },
        ),
    )
    bill.load()

    assert told(bill.warehouse).rows(
        "select commitment_id, category, used_cost, unused_cost, purchased_cost, "
        "utilization_ratio from ledger.commitment where commitment_id is not null order by all"
    ) == [
        (RESERVATION, "Usage", 7, Decimal("1.75"), 5, 0.8),
        (PLAN, "Spend", 6, 2, 8, 0.75),
    ]


def test_azure_reservations(tmp_path: Path):
    """The pair of actual and amortised cost: used and unused by the day, and the purchase."""
    pair, bill = a_pair(), Bill(tmp_path)
    bill.write("actual.csv", export(*pair.actual))
    bill.write("amortised.csv", export(*pair.amortised))
    bill.load()
    [line] = told(bill.warehouse).records("from ledger.commitment where commitment_id is not null")

    assert (line["used_cost"], line["unused_cost"]) == (
        11 * Decimal("3.3333333333333333"),
        11 * Decimal("0.25"),
    )
    assert (line["purchased_cost"], line["billing_currency"]) == (365, "EUR")


def test_google_committed_use(tmp_path: Path):
    """Since 2025 a fee says what is left of it: 7.5 of 10 used at the commitment's price."""
    bill = Bill(tmp_path)
    subscription = {"subscription": {"instance_id": "sub-1"}}
    bill.write(
        "export.json",
        json_lines(
            row(
                **subscription,
                sku={"id": "fee", "description": "Commitment v1: N2 Cpu in Americas for 1 Year"},
                cost_at_list=None,
                cost="10",
                credits=[credit("FEE_UTILIZATION_OFFSET", "-7.5")],
            ),
            row(
                **subscription,
                cost="7.5",
                cost_at_effective_price_default="15",
                consumption_model={"id": "m", "description": "Compute Flexible CUDs - 1 Year"},
            ),
        ),
    )
    bill.load()
    [line] = told(bill.warehouse).records("from ledger.commitment where commitment_id is not null")

    assert (line["commitment_id"], line["used_cost"], line["unused_cost"]) == (
        "sub-1",
        Decimal("7.5"),
        Decimal("2.5"),
    )
    assert (line["utilization_ratio"], line["purchased_cost"]) == (0.75, Decimal("2.5"))


@pytest.mark.thirdparty
@pytest.mark.parametrize(
    ("name", "used", "unused", "purchased", "utilisation", "ends"),
    [
        ("commitment_discount_purchase_scenario_1", None, None, 8760, None, date(2023, 12, 31)),
        ("commitment_discount_purchase_scenario_2", None, None, 3, None, None),
        ("commitment_discount_usage_scenario_1", 1, 0, None, 1.0, None),
        ("commitment_discount_usage_scenario_2", 0, 1, None, 0.0, None),
        (
            "one_hundred_percent_utilization_without_commitment_discount_flexibility",
            *(Decimal("1.5"), 0, Decimal("1.5"), 1.0, None),
        ),
    ],
)
def test_the_examples_of_the_standard(
    tmp_path: Path, reference: Path, name: str, used, unused, purchased, utilisation, ends
):
    """FOCUS 1.2 writes what a purchase, its use and its unused part look like."""
    one = Bill(tmp_path)
    one.write("a.csv", (reference / "focus_spec12" / f"{name}.csv").read_bytes())
    one.load()
    [line] = told(one.warehouse).records("from ledger.commitment")

    assert (line["used_cost"], line["unused_cost"], line["purchased_cost"]) == (
        used,
        unused,
        purchased,
    )
    assert (line["utilization_ratio"], line["ends"]) == (utilisation, ends)

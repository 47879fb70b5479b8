"""What Cost Explorer answered, landed as CSV, becomes charges with its totals."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from builders.bills import Bill
from quaestor.normalise.formats.cost_explorer import HEADER

ROW = {
    "time_period_start": "2026-10-01",
    "time_period_end": "2026-11-01",
    "estimated": "false",
    "linked_account": "012345678901",
    "linked_account_name": "research",
    "service": "Amazon SageMaker",
    "unblended_cost": "100",
    "amortized_cost": "80.123456789012",
    "currency": "USD",
}


def answers(*rows: dict[str, str]) -> str:
    """A landed file with these rows; what one does not say is as in ROW."""
    lines = [",".join(({**ROW, **row}).get(name, "") for name in HEADER) for row in rows]
    return "\n".join([",".join(HEADER), *lines, ""])


def test_an_account_and_a_service_become_a_charge(bill: Bill):
    """Billed is unblended, effective is amortized, and the month is the billing period."""
    bill.write("a.csv", answers({}))

    assert bill.load() == []
    assert bill.values(
        "BilledCost, EffectiveCost, ListCost, BillingCurrency, BillingPeriodStart, "
        "BillingPeriodEnd, SubAccountId, SubAccountName, ServiceName, ServiceCategory, "
        "ChargeCategory"
    ) == [
        (
            Decimal(100),
            Decimal("80.123456789012"),
            None,
            "USD",
            datetime(2026, 10, 1),
            datetime(2026, 11, 1),
            "012345678901",
            "research",
            "Amazon SageMaker",
            "AI and Machine Learning",
            None,
        )
    ]


def test_net_costs_win(bill: Bill):
    """What is owed is what stands after discounts."""
    bill.write("a.csv", answers({"net_unblended_cost": "90", "net_amortized_cost": "75"}, {}))
    bill.load()

    assert bill.values("BilledCost, EffectiveCost") == [
        (Decimal(90), Decimal(75)),
        (Decimal(100), Decimal("80.123456789012")),
    ]


def test_a_tag_is_a_tag_and_no_tag_is_none(bill: Bill):
    """Cost Explorer writes untagged spend with an empty value."""
    rows = ({"tag_key": "team", "tag_value": "fraud"}, {"tag_key": "team", "tag_value": ""})
    bill.write("a.csv", answers(*rows))
    bill.load()

    assert bill.values("Tags") == [('{"team":"fraud"}',), (None,)]


def test_record_types_are_categories(bill: Bill):
    """Where the group is a record type, what it is is known."""
    kinds = ["Usage", "Tax", "Credit", "Refund", "SavingsPlanRecurringFee", "Upfront"]
    bill.write("a.csv", answers(*({"record_type": kind} for kind in kinds), {"service": "Tax"}))
    bill.load()

    assert bill.values("ChargeCategory, ChargeClass, ChargeFrequency") == [
        ("Usage", None, "Usage-Based"),
        ("Tax", None, "One-Time"),
        ("Credit", None, "One-Time"),
        ("Usage", "Correction", "Usage-Based"),
        ("Purchase", None, "Recurring"),
        ("Purchase", None, "One-Time"),
        ("Tax", None, "One-Time"),
    ]


def test_what_was_claimed_is_what_was_charged(bill: Bill):
    """The control sums equal the charges, also where a row went to quarantine."""
    bill.write("a.csv", answers({}, {"net_unblended_cost": "many"}, {"unblended_cost": "1E-7"}))
    spots = bill.load()

    assert bill.quarantined() == [(2, "net_unblended_cost 'many' is not a number")]
    assert [spot.rows for spot in spots] == [1]
    assert (
        bill.warehouse.row(
            "select sum(landed_billed_cost) - coalesce(sum(quarantined_billed_cost), 0), "
            "(select sum(BilledCost) from focus.charge) from focus.control"
        )
        == (Decimal("100.0000001"),) * 2
    )

"""Google Cloud's billing export becomes exact FOCUS: what each of its words means in money."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest

from builders.bills import Bill
from builders.gcp_bills import credit, json_lines, row

ZERO = Decimal(0)


def charges(bill: Bill, *rows: dict[str, Any], columns: str) -> list[tuple[object, ...]]:
    """Load these rows, insist that all could be read and add up, and return their charges."""
    bill.write("export.json", json_lines(*rows))

    assert bill.load() == []
    claimed = bill.warehouse.rows(
        "select sum(landed_billed_cost), sum(landed_effective_cost) from focus.control"
    )
    assert claimed == bill.warehouse.rows(
        "select sum(BilledCost), sum(EffectiveCost) from focus.charge"
    )
    return bill.values(columns)


def test_a_row_of_use_is_a_charge(bill: Bill):
    """Who, what, where, when, and at which price."""
    found = charges(
        bill,
        row(),
        columns="BilledCost, EffectiveCost, ListCost, ContractedCost, ChargeCategory, "
        "ChargeClass, ChargeFrequency, PricingCategory, BillingAccountId, SubAccountId, "
        "SubAccountName, ResourceId, ResourceName, ResourceType, RegionId, AvailabilityZone, "
        "ServiceName, ServiceCategory, ServiceSubcategory, SkuId, SkuMeter, ConsumedQuantity, "
        "ConsumedUnit, PricingQuantity, PricingUnit, ChargePeriodStart, ChargePeriodEnd, "
        "ProviderName, InvoiceIssuerName, ContractedUnitPrice",
    )

    assert found == [
        (
            *(Decimal("1.5"), Decimal("1.5"), Decimal(2), Decimal("1.5"), "Usage", None),
            *("Usage-Based", "Standard", "0A1B2C-000000-FFFFFF", "research", "Research"),
            "//compute.googleapis.com/projects/1234/zones/us-central1-a/instances/77",
            *("gpu-1", "compute.googleapis.com/instances", "us-central1", "us-central1-a"),
            *("Compute Engine", "Compute", "Virtual Machines", "2E27-4F75-95CD"),
            *("N2 Instance Core running in Americas", Decimal(3600), "seconds", Decimal(1)),
            *("hour", datetime(2026, 10, 5, 3), datetime(2026, 10, 5, 4)),
            *("Google Cloud", "Google Cloud", Decimal("1.5")),
        )
    ]


def test_labels_tags_and_the_projects_labels_are_told_apart(bill: Bill):
    """A resource's own labels go by their name; what it inherits says where from."""
    tags = '{"stage": "train", "tag:env": "prod", "project:team": "nlp"}'

    assert charges(bill, row(), columns="Tags") == [(tags,)]


def test_one_key_twice_is_one_tag(bill: Bill):
    """The nearest value counts; an object with a key twice is none."""
    twice = [
        {"key": "env", "value": value, "inherited": inherited, "namespace": "1"}
        for value, inherited in (("prod", False), ("test", True))
    ]
    changed = row(labels=[], tags=twice, project={"labels": []})

    assert charges(bill, changed, columns="Tags") == [('{"tag:env": "prod"}',)]


def test_system_labels_describe_the_sku(bill: Bill):
    """Under FOCUS's names where it has some, else behind x_."""
    details = (
        '{"InstanceType": "n2-standard-8", "CoreCount": "8", '
        '"x_compute.googleapis.com/memory": "32768"}'
    )

    assert charges(bill, row(), columns="SkuPriceDetails") == [(details,)]


@pytest.mark.parametrize(
    "kind",
    [
        "SUSTAINED_USAGE_DISCOUNT",
        "SPENDING_BASED_DISCOUNT",
        "DISCOUNT",
        "FREE_TIER",
        "COMMITTED_USAGE_DISCOUNT",
        "COMMITTED_USAGE_DISCOUNT_DOLLAR_BASE",
        "RESELLER_MARGIN",
        "SUBSCRIPTION_BENEFIT",
    ],
)
def test_a_discount_is_part_of_the_charge(bill: Bill, kind: str):
    """It lowers what this use costs; list and contracted cost stay."""
    changed = row(credits=[credit(kind, "-0.4"), credit(kind, "-0.1")])
    columns = "ChargeCategory, BilledCost, EffectiveCost, ContractedCost, x_CostBeforeCredits"

    assert charges(bill, changed, columns=columns) == [
        ("Usage", Decimal(1), Decimal(1), Decimal("1.5"), "1.50000000000000000000")
    ]


@pytest.mark.parametrize("kind", ["PROMOTION", "CREDIT_TYPE_UNSPECIFIED", "NEW_KIND", None])
def test_a_promotion_is_a_credit_of_its_own(bill: Bill, kind: str | None):
    """Use that somebody else pays costs what it costs; so does use under a credit nobody knows."""
    changed = row(credits=[credit(kind, "-1.5", "Free trial"), credit("DISCOUNT", "-0.5")])
    columns = "x_row, ChargeCategory, BilledCost, EffectiveCost, ListCost, ChargeDescription"

    assert charges(bill, changed, columns=f"{columns}, x_CreditType") == [
        (1, "Usage", Decimal(1), Decimal(1), Decimal(2), changed["sku"]["description"], None),
        (1, "Credit", *[Decimal("-1.5")] * 3, "Free trial", kind),
    ]


@pytest.mark.parametrize(
    ("cost_type", "category"),
    [
        ("tax", "Tax"),
        ("adjustment", "Adjustment"),
        ("rounding_error", "Adjustment"),
        ("rounding error", "Adjustment"),
        (None, "Usage"),
    ],
)
def test_what_is_no_use_is_told_apart(bill: Bill, cost_type: str | None, category: str):
    """A tax or an adjustment has no quantity, and no price but itself."""
    changed = row(cost_type=cost_type, cost_at_list=None)
    columns = "ChargeCategory, BilledCost, ListCost, ConsumedQuantity, PricingCategory"
    of_use = (None, Decimal(3600), "Standard")

    assert charges(bill, changed, columns=columns) == [
        (
            category,
            Decimal("1.5"),
            *(of_use if category == "Usage" else (Decimal("1.5"), None, None)),
        )
    ]


@pytest.mark.parametrize(
    "info",
    [
        {"mode": "COMPLETE_NEGATION", "type": "USAGE_CORRECTION", "id": "a-1"},
        {"mode": "PARTIAL_CORRECTION", "type": "PRICE_CORRECTION", "id": "a-1"},
    ],
)
def test_a_correction_says_so(bill: Bill, info: dict[str, str]):
    """Its category is that of what it corrects."""
    changed = row(cost="-0.3", adjustment_info=info)

    assert charges(
        bill, changed, columns="ChargeCategory, ChargeClass, BilledCost, x_AdjustmentId"
    ) == [("Usage", "Correction", Decimal("-0.3"), "a-1")]


def test_goodwill_is_no_correction(bill: Bill):
    """An adjustment for other reasons corrects nothing."""
    changed = row(
        cost_type="adjustment", adjustment_info={"mode": "MANUAL_ADJUSTMENT", "type": "GOODWILL"}
    )

    assert charges(bill, changed, columns="ChargeCategory, ChargeClass") == [("Adjustment", None)]


FEE = {
    "sku": {"id": "fee", "description": "Commitment v1: N2 Cpu in Americas for 1 Year"},
    "subscription": {"instance_id": "sub-1"},
    "cost_at_list": None,
}
OF_FEES = (
    "ChargeCategory, BilledCost, EffectiveCost, PricingCategory, CommitmentDiscountId, "
    "CommitmentDiscountCategory, CommitmentDiscountStatus, ChargeFrequency, ConsumedQuantity"
)


def test_a_fee_is_billed_once_and_effective_beside_it(bill: Bill):
    """Which use it paid for the export does not tell: no status is made up."""
    assert charges(bill, row(**FEE, cost="0.8"), columns=OF_FEES) == [
        ("Purchase", Decimal("0.8"), ZERO, "Standard", "sub-1", "Usage", None, "Recurring", None),
        ("Usage", ZERO, Decimal("0.8"), "Committed", None, None, None, "Usage-Based", None),
    ]


def test_what_is_left_of_a_fee_is_the_unused_part(bill: Bill):
    """Since 2025 use is billed at its discounted price, and the fee less what was used."""
    fee = row(**FEE, cost="10", credits=[credit("FEE_UTILIZATION_OFFSET", "-7.5")])

    assert [found[:7] for found in charges(bill, fee, columns=OF_FEES)] == [
        ("Purchase", Decimal("2.5"), ZERO, "Standard", "sub-1", "Spend", None),
        ("Usage", ZERO, Decimal("2.5"), "Committed", "sub-1", "Spend", "Unused"),
    ]


def test_a_fee_that_is_used_up_leaves_nothing(bill: Bill):
    """Its offset takes it to zero: no unused row."""
    fee = row(**FEE, cost="10", credits=[credit("FEE_UTILIZATION_OFFSET", "-10")])

    assert charges(bill, fee, columns="ChargeCategory, BilledCost, EffectiveCost") == [
        ("Purchase", ZERO, ZERO)
    ]


def test_use_at_a_commitments_price_is_committed(bill: Bill):
    """The consumption model says so; what it would have cost is the contracted cost."""
    used = row(
        cost="0.9",
        cost_at_effective_price_default="1.5",
        consumption_model={"id": "m", "description": "Compute Flexible CUDs - 1 Year"},
        subscription={"instance_id": "sub-1"},
    )

    assert charges(bill, used, columns=f"ContractedCost, {OF_FEES}") == [
        (
            *(Decimal("1.5"), "Usage", Decimal("0.9"), Decimal("0.9"), "Committed", "sub-1"),
            *("Spend", "Used", "Usage-Based", Decimal(3600)),
        )
    ]


def test_the_default_consumption_model_is_no_commitment(bill: Bill):
    """Every row names a model since 2026."""
    used = row(consumption_model={"id": "d", "description": "Default"})

    assert charges(bill, used, columns="PricingCategory, CommitmentDiscountStatus") == [
        ("Standard", None)
    ]


def test_spot_machines_have_a_price_that_moves(bill: Bill):
    """As their SKU says."""
    used = row(sku={"description": "Spot Preemptible N2 Instance Core running in Americas"})

    assert charges(bill, used, columns="PricingCategory") == [("Dynamic",)]


def test_a_marketplace_sells_for_others(bill: Bill):
    """The seller provides and publishes; Google hosts and invoices."""
    sold = row(
        service={"id": "S", "description": "Example Vector Database"},
        transaction_type="THIRD_PARTY_RESELLER",
        seller_name="Example Inc.",
        invoice={"publisher_type": "PARTNER"},
    )

    assert charges(
        bill,
        sold,
        columns="PublisherName, ServiceProviderName, HostProviderName, InvoiceIssuerName, "
        "ServiceCategory, ServiceSubcategory, x_TransactionType, x_InvoicePublisherType",
    ) == [
        (
            *("Example Inc.", "Example Inc.", "Google Cloud", "Google Cloud", "Other"),
            *("Other (Other)", "THIRD_PARTY_RESELLER", "PARTNER"),
        )
    ]


@pytest.mark.parametrize(
    ("month", "start", "end"),
    [
        ("202610", datetime(2026, 10, 1, 7), datetime(2026, 11, 1, 7)),
        ("202611", datetime(2026, 11, 1, 7), datetime(2026, 12, 1, 8)),
        ("202612", datetime(2026, 12, 1, 8), datetime(2027, 1, 1, 8)),
        ("202603", datetime(2026, 3, 1, 8), datetime(2026, 4, 1, 7)),
    ],
)
def test_a_month_begins_at_midnight_in_california(
    bill: Bill, month: str, start: datetime, end: datetime
):
    """08:00 UTC, and 07:00 while daylight is saved; one month's end is the next one's start."""
    changed = row(invoice={"month": month})

    assert charges(bill, changed, columns="BillingPeriodStart, BillingPeriodEnd") == [(start, end)]


def test_the_invoice_decides_about_the_last_hours_of_a_month(bill: Bill):
    """In UTC it is November; in California, and on the invoice, it is October still."""
    late = row(usage_start_time="2026-11-01 06:00:00 UTC", usage_end_time="2026-11-01 07:00:00 UTC")
    columns = "BillingPeriodStart, ChargePeriodStart"

    assert charges(bill, late, columns=columns) == [
        (datetime(2026, 10, 1, 7), datetime(2026, 11, 1, 6))
    ]


def test_a_row_that_comes_late_belongs(bill: Bill):
    """Rows arrive for weeks; the invoice month that they name is theirs."""
    late = row(export_time="2026-11-19 00:00:00 UTC")

    assert (
        charges(bill, row(), late, columns="BillingPeriodStart, BilledCost")
        == [(datetime(2026, 10, 1, 7), Decimal("1.5"))] * 2
    )


def test_two_equal_rows_are_two_charges(bill: Bill):
    """The export only grows; what looks like a repetition was charged twice."""
    assert charges(bill, row(), row(), columns="x_row, BilledCost") == [
        (1, Decimal("1.5")),
        (2, Decimal("1.5")),
    ]


def test_currencies_stay_apart(bill: Bill):
    """With the rate that Google applied kept beside them."""
    euro = row(currency="EUR", currency_conversion_rate="0.9134")

    assert charges(bill, row(), euro, columns="BillingCurrency, x_CurrencyConversionRate") == [
        ("USD", "1.00000000000000000000"),
        ("EUR", "0.91340000000000000000"),
    ]


def test_a_charge_without_project_has_no_sub_account(bill: Bill):
    """Tax and support are the billing account's own."""
    support = row(project=None, resource=None, labels=[], tags=[], system_labels=[], location=None)

    assert charges(
        bill, support, columns="SubAccountId, SubAccountType, ResourceId, RegionId, Tags"
    ) == [(None,) * 5]

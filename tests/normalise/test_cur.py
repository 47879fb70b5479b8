"""An AWS Cost and Usage Report becomes FOCUS: what each kind of line item is, and costs."""

from __future__ import annotations

import gzip
import json
from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest

from builders.bills import Bill
from builders.curs import PLAN, RESERVATION, cur2_csv, cur2_parquet, legacy_csv

COVERED = {
    "line_item_line_item_type": "SavingsPlanCoveredUsage",
    "line_item_unblended_cost": "10",
    "pricing_public_on_demand_cost": "11",
    "savings_plan_savings_plan_a_r_n": PLAN,
    "savings_plan_savings_plan_effective_cost": "6",
    "savings_plan_offering_type": "ComputeSavingsPlans",
}
NEGATION = {
    "line_item_line_item_type": "SavingsPlanNegation",
    "line_item_unblended_cost": "-10",
    "savings_plan_savings_plan_a_r_n": PLAN,
}
PLAN_FEE = {
    "line_item_line_item_type": "SavingsPlanRecurringFee",
    "line_item_product_code": "ComputeSavingsPlans",
    "line_item_unblended_cost": "8",
    "savings_plan_savings_plan_a_r_n": PLAN,
    "savings_plan_total_commitment_to_date": "8",
    "savings_plan_used_commitment": "6",
}
RESERVED = {
    "line_item_line_item_type": "DiscountedUsage",
    "line_item_unblended_cost": "0",
    "pricing_public_on_demand_cost": "11",
    "reservation_reservation_a_r_n": RESERVATION,
    "reservation_effective_cost": "7",
}
RESERVATION_FEE = {
    "line_item_line_item_type": "RIFee",
    "line_item_unblended_cost": "5",
    "reservation_reservation_a_r_n": RESERVATION,
    "reservation_unused_amortized_upfront_fee_for_billing_period": "1.25",
    "reservation_unused_recurring_fee": "0.5",
    "reservation_unused_quantity": "3",
}


def kinds(bill: Bill, **line: Any) -> list[tuple[object, ...]]:
    """What one line item becomes: costs, and what it is."""
    bill.write("a.csv", legacy_csv(line))
    assert bill.load() == []
    return bill.values(
        "BilledCost, EffectiveCost, ChargeCategory, ChargeClass, CommitmentDiscountStatus"
    )


def claims(bill: Bill) -> list[tuple[object, ...]]:
    """What the landed files claim, less what is in quarantine, beside what was charged."""
    return bill.warehouse.rows(
        """
        select
            sum(landed_billed_cost) - coalesce(sum(quarantined_billed_cost), 0)
            = (select sum(BilledCost) from focus.charge),
            sum(landed_effective_cost) - coalesce(sum(quarantined_effective_cost), 0)
            = (select sum(EffectiveCost) from focus.charge),
            (
                select sum(rows_landed) = sum(rows_loaded + rows_quarantined + rows_left_out)
                from focus.file
            )
        from focus.control
        """
    )


def test_usage_is_billed_as_unblended(bill: Bill):
    """Billed and effective are the unblended cost; a blended one is nobody's."""
    found = kinds(bill, line_item_blended_cost="1")

    assert found == [(Decimal("98.32"), Decimal("98.32"), "Usage", None, None)]


def test_net_costs_win(bill: Bill):
    """What stands after private discounts is what is owed; blank, the gross cost stands."""
    lines = ({"line_item_net_unblended_cost": "90"}, {})
    bill.write("a.csv", legacy_csv(*lines))
    bill.load()

    assert bill.values("BilledCost, EffectiveCost, ContractedCost") == [
        (Decimal(90),) * 3,
        (Decimal("98.32"),) * 3,
    ]


def test_use_that_a_savings_plan_covers(bill: Bill):
    """It is paid by the plan's fee: billed 0, and its share of the commitment is its cost."""
    assert kinds(bill, **COVERED) == [(Decimal(0), Decimal(6), "Usage", None, "Used")]
    assert bill.values(
        "CommitmentDiscountId, CommitmentDiscountCategory, CommitmentDiscountType, "
        "CommitmentDiscountQuantity, CommitmentDiscountUnit, PricingCategory, ListCost, "
        "ContractedCost"
    ) == [
        (
            PLAN,
            "Spend",
            "ComputeSavingsPlans",
            Decimal(6),
            "USD",
            "Committed",
            Decimal(11),
            Decimal(10),
        )
    ]


def test_a_negation_is_left_out_and_accounted_for(bill: Bill):
    """It takes back the covered row, which is billed 0; the invoice's sum stays."""
    bill.write("a.csv", legacy_csv({}, COVERED, NEGATION))

    assert bill.load() == []
    assert bill.values("x_row, BilledCost, EffectiveCost") == [
        (1, Decimal("98.32"), Decimal("98.32")),
        (2, Decimal(0), Decimal(6)),
    ]
    assert claims(bill) == [(True, True, True)]
    assert bill.warehouse.rows("select rows_left_out from focus.file") == [(1,)]


def test_a_savings_plan_fee_and_what_nobody_used(bill: Bill):
    """The fee is a purchase that costs no use; the unused part is a row of its own."""
    assert kinds(bill, **PLAN_FEE) == [
        (Decimal(8), Decimal(0), "Purchase", None, None),
        (Decimal(0), Decimal(2), "Usage", None, "Unused"),
    ]
    assert bill.values(
        "x_row, ChargeFrequency, PricingCategory, CommitmentDiscountQuantity, ConsumedQuantity"
    ) == [
        (1, "Recurring", "Standard", Decimal(8), None),
        (1, "Usage-Based", "Committed", Decimal(2), None),
    ]
    assert claims(bill) == [(True, True, True)]


def test_a_plan_used_up_has_no_unused_row(bill: Bill):
    """Nothing unused is no row, not a row of nothing."""
    found = kinds(bill, **{**PLAN_FEE, "savings_plan_used_commitment": "8"})

    assert found == [(Decimal(8), Decimal(0), "Purchase", None, None)]


def test_an_upfront_fee_costs_no_use(bill: Bill):
    """Cash on the day, effective over the term."""
    line = {**PLAN_FEE, "line_item_line_item_type": "SavingsPlanUpfrontFee"}

    assert kinds(bill, **line) == [(Decimal(8), Decimal(0), "Purchase", None, None)]
    assert bill.values("ChargeFrequency") == [("One-Time",)]


def test_use_that_a_reservation_covers(bill: Bill):
    """Billed 0, and its share of the reservation is its cost."""
    assert kinds(bill, **RESERVED) == [(Decimal(0), Decimal(7), "Usage", None, "Used")]
    assert bill.values(
        "CommitmentDiscountId, CommitmentDiscountCategory, CommitmentDiscountType, "
        "PricingCategory, ListCost, ContractedCost"
    ) == [(RESERVATION, "Usage", "Reserved", "Committed", Decimal(11), Decimal(11))]


def test_a_reservation_fee_and_what_nobody_used(bill: Bill):
    """Upfront and recurring parts, both as far as nobody used them."""
    assert kinds(bill, **RESERVATION_FEE) == [
        (Decimal(5), Decimal(0), "Purchase", None, None),
        (Decimal(0), Decimal("1.75"), "Usage", None, "Unused"),
    ]
    assert claims(bill) == [(True, True, True)]


def test_an_upfront_reservation_fee_is_a_purchase(bill: Bill):
    """A `Fee` with a reservation covers later use; any other, a domain say, is its own cost."""
    line = {"line_item_line_item_type": "Fee"}
    bill.write("a.csv", legacy_csv({**line, "reservation_reservation_a_r_n": RESERVATION}, line))
    bill.load()

    assert bill.values("BilledCost, EffectiveCost, ChargeCategory, CommitmentDiscountId") == [
        (Decimal("98.32"), Decimal(0), "Purchase", RESERVATION),
        (Decimal("98.32"), Decimal("98.32"), "Purchase", None),
    ]


def test_net_commitments_win(bill: Bill):
    """With private discounts, the net effective and the net unused cost are what it costs."""
    lines = (
        {**COVERED, "savings_plan_net_savings_plan_effective_cost": "5"},
        {**RESERVED, "reservation_net_effective_cost": "6.5"},
        {
            **RESERVATION_FEE,
            "reservation_net_unused_amortized_upfront_fee_for_billing_period": "1",
            "reservation_net_unused_recurring_fee": "0.25",
        },
        NEGATION,
    )
    bill.write("a.csv", legacy_csv(*lines))
    bill.load()

    assert bill.values("EffectiveCost") == [
        (Decimal(5),),
        (Decimal("6.5"),),
        (Decimal(0),),
        (Decimal("1.25"),),
    ]
    assert claims(bill) == [(True, True, True)]


def test_a_reservation_of_an_old_report(bill: Bill):
    """Before there was an effective cost, its two parts were stated."""
    line = {
        **RESERVED,
        "reservation_effective_cost": "",
        "reservation_amortized_upfront_cost_for_usage": "3",
        "reservation_recurring_fee_for_usage": "1.5",
    }

    assert kinds(bill, **line)[0][1] == Decimal("4.5")


def test_covered_use_whose_cost_nobody_states_waits(bill: Bill):
    """Neither 0 nor the on-demand cost is what it costs."""
    nameless = {**COVERED, "savings_plan_savings_plan_effective_cost": ""}
    bill.write("a.csv", legacy_csv({}, nameless, {**RESERVED, "reservation_effective_cost": ""}))
    bill.load()

    assert bill.quarantined() == [
        (2, "savings_plan_savings_plan_effective_cost is empty"),
        (3, "reservation_effective_cost is empty"),
    ]


@pytest.mark.parametrize(
    ("kind", "cost", "category", "charge_class"),
    [
        ("Tax", "0.5", "Tax", None),
        ("Credit", "-10", "Credit", None),
        ("Refund", "-3", "Usage", "Correction"),
        ("Fee", "12", "Purchase", None),
        ("SomeNewFee", "1", "Purchase", None),
        ("SomethingNew", "1", "Adjustment", None),
    ],
)
def test_other_kinds(bill: Bill, kind: str, cost: str, category: str, charge_class: str | None):
    """Billed and effective are one, and negative stays negative."""
    found = kinds(bill, line_item_line_item_type=kind, line_item_unblended_cost=cost)

    assert found == [(Decimal(cost), Decimal(cost), category, charge_class, None)]
    assert bill.values("ListCost, ContractedCost") == [(Decimal(cost), Decimal(cost))]


@pytest.mark.parametrize("kind", ["Tax", "Credit"])
def test_tax_and_credits_consume_nothing(bill: Bill, kind: str):
    """Their usage amount of 1 counts nothing."""
    bill.write("a.csv", legacy_csv({"line_item_line_item_type": kind}))
    bill.load()

    assert bill.values("ConsumedQuantity, ConsumedUnit, PricingQuantity, PricingUnit") == [
        (None,) * 4
    ]


def test_a_refund_of_a_commitment_corrects_the_purchase(bill: Bill):
    """It names the commitment."""
    line = {"line_item_line_item_type": "Refund", "line_item_unblended_cost": "-3"}
    found = kinds(bill, **line, savings_plan_savings_plan_a_r_n=PLAN)

    assert found == [(Decimal(-3), Decimal(-3), "Purchase", "Correction", None)]


DISCOUNTS = [
    "EdpDiscount",
    "PrivateRateDiscount",
    "BundledDiscount",
    "RiVolumeDiscount",
    "SppDiscount",
]


@pytest.mark.parametrize("kind", DISCOUNTS)
def test_a_discount_is_negative_use(bill: Bill, kind: str):
    """Without net columns it is a row of its own."""
    found = kinds(bill, line_item_line_item_type=kind, line_item_unblended_cost="-4")

    assert found == [(Decimal(-4), Decimal(-4), "Usage", None, None)]


@pytest.mark.parametrize("net", ["0", ""])
def test_a_discount_folded_into_net_costs_counts_once(bill: Bill, net: str):
    """Net costs are less by it already; its own row says 0, or nothing."""
    discount = {
        "line_item_line_item_type": "EdpDiscount",
        "line_item_unblended_cost": "-8.32",
        "line_item_net_unblended_cost": net,
    }
    bill.write("a.csv", legacy_csv({"line_item_net_unblended_cost": "90"}, discount))
    bill.load()

    assert bill.values("BilledCost") == [(Decimal(90),), (Decimal(0),)]
    assert claims(bill) == [(True, True, True)]


def test_spot_is_dynamic(bill: Bill):
    """By its usage type, as its pricing term is often empty."""
    bill.write("a.csv", legacy_csv({"line_item_usage_type": "EUW1-SpotUsage:g5.xlarge"}))
    bill.load()

    assert bill.values("PricingCategory, SkuMeter") == [("Dynamic", "EUW1-SpotUsage:g5.xlarge")]


def test_what_is_bought_on_the_marketplace(bill: Bill):
    """Its seller is the publisher; its opaque product code has a name."""
    line = {
        "bill_billing_entity": "AWS Marketplace",
        "line_item_legal_entity": "Example Models, Inc.",
        "line_item_product_code": "6r6m3pkbmyn8ynz4u4v6ajzk5",
        "product": {"product_name": "Example Model (Amazon Bedrock Edition)"},
    }
    bill.write("a.csv", legacy_csv(line))
    bill.load()

    assert bill.values("PublisherName, InvoiceIssuerName, ServiceName, ServiceCategory") == [
        (
            "Example Models, Inc.",
            "Amazon Web Services, Inc.",
            "Example Model (Amazon Bedrock Edition)",
            "AI and Machine Learning",
        )
    ]


def test_list_cost_is_what_aws_states_of_use(bill: Bill):
    """A 0 beside a cost is no price; on a fee there is none."""
    lines = (
        {"pricing_public_on_demand_cost": "100", "pricing_public_on_demand_rate": "100"},
        {"pricing_public_on_demand_cost": "0"},
        {"line_item_line_item_type": "Fee", "pricing_public_on_demand_cost": "0"},
    )
    bill.write("a.csv", legacy_csv(*lines))
    bill.load()

    assert bill.values("ListCost, ListUnitPrice") == [
        (Decimal(100), Decimal(100)),
        (Decimal("98.32"), None),
        (Decimal("98.32"), None),
    ]


def test_periods_accounts_and_invoice(bill: Bill):
    """Ends are exclusive, accounts are text, and an invoice has its id once it is closed."""
    bill.write("a.csv", legacy_csv({"bill_invoice_id": "EUINGB26-1"}, {}))
    bill.load()

    common = (
        datetime(2026, 10, 1),
        datetime(2026, 11, 1),
        datetime(2026, 10, 5),
        datetime(2026, 10, 5, 1),
        "012345678901",
        "098765432109",
        "USD",
    )
    assert bill.values(
        "BillingPeriodStart, BillingPeriodEnd, ChargePeriodStart, ChargePeriodEnd, "
        "BillingAccountId, SubAccountId, BillingCurrency, InvoiceId"
    ) == [(*common, "EUINGB26-1"), (*common, None)]


def test_a_rounded_account_id_is_told_and_the_row_loaded(bill: Bill):
    """A spreadsheet's 4.69592E+11 names nobody; the money is known all the same."""
    lines = (
        {"line_item_usage_account_id": "4.69592E+11"},
        {"line_item_usage_account_id": "469592000001.0"},
    )
    bill.write("a.csv", legacy_csv(*lines))
    bill.load()

    assert bill.values("BilledCost, SubAccountId") == [
        (Decimal("98.32"), None),
        (Decimal("98.32"), "469592000001"),
    ]
    assert bill.warehouse.rows("select row_number, reason from quarantine.value") == [
        (
            1,
            (
                "line_item_usage_account_id '4.69592E+11' is a number that a spreadsheet made of "
                "an account id; its digits are lost"
            ),
        )
    ]


def test_what_was_used_and_where(bill: Bill):
    """SKU, meter, unit, resource, zone and region, as AWS names them."""
    line = {
        "line_item_resource_id": "arn:aws:sagemaker:eu-west-1:098765432109:endpoint/fraud",
        "line_item_availability_zone": "eu-west-1a",
        "line_item_product_code": "AmazonSageMaker",
        "product_region_code": "eu-west-1",
        "product_location": "EU (Ireland)",
        "product_sku": "ABC",
        "product_instance_type": "ml.g5.xlarge",
        "pricing_rate_code": "ABC.JRTCKXETXF.6YS6EN2CT7",
    }
    bill.write("a.csv", legacy_csv(line))
    bill.load()

    assert bill.values(
        "ResourceId, ResourceName, ResourceType, AvailabilityZone, RegionId, RegionName, SkuId, "
        "SkuPriceId, ServiceName, ServiceSubcategory, SkuPriceDetails, ConsumedQuantity, "
        "ConsumedUnit"
    ) == [
        (
            "arn:aws:sagemaker:eu-west-1:098765432109:endpoint/fraud",
            "fraud",
            "endpoint",
            "eu-west-1a",
            "eu-west-1",
            "EU (Ireland)",
            "ABC",
            "ABC.JRTCKXETXF.6YS6EN2CT7",
            "Amazon SageMaker",
            "AI Platforms",
            '{"InstanceType":"ml.g5.xlarge"}',
            Decimal(1),
            "Hrs",
        )
    ]


@pytest.mark.parametrize(
    ("resource", "name", "kind"),
    [
        ("i-0abc", None, "instance"),
        ("vol-0abc", None, "volume"),
        ("my-bucket", None, None),
        ("arn:aws:lambda:us-east-1:1:function:score", "score", "function"),
        ("arn:aws:bedrock:us-east-1:1:provisioned-model/abc", "abc", "provisioned-model"),
        ("arn:aws:s3:::my-bucket", "my-bucket", None),
        (None, None, None),
    ],
)
def test_a_resource_has_a_name_and_a_type_where_its_id_says_so(
    bill: Bill, resource: str | None, name: str | None, kind: str | None
):
    """An ARN says both; other ids say little."""
    bill.write("a.csv", legacy_csv({"line_item_resource_id": resource or ""}))
    bill.load()

    assert bill.values("ResourceId, ResourceName, ResourceType") == [(resource, name, kind)]


TAGS = {"user_team": "fraud", "user_cost:center": 'a "b", {"user_c', "aws_createdBy": "me"}
AS_TAGS = {"team": "fraud", "cost:center": 'a "b", {"user_c', "aws:createdBy": "me"}


@pytest.mark.parametrize("layout", ["legacy CSV", "Athena CSV", "CUR 2.0 CSV", "CUR 2.0 Parquet"])
def test_tags_are_one_object_in_every_layout(bill: Bill, layout: str):
    """The prefix of users' own keys goes, aws's stays; what an untagged row has is nothing."""
    tagged = {"resource_tags": TAGS, "cost_category": {"Product": "Fraud"}}
    bare: dict[str, Any] = {"resource_tags": {}, "cost_category": {}}
    if layout == "legacy CSV":
        bill.write("a.csv", legacy_csv(tagged, bare))
    elif layout == "CUR 2.0 CSV":
        bill.write("a.csv", cur2_csv(tagged, bare))
    elif layout == "Athena CSV":
        columns = {f"resource_tags_{key}": value for key, value in TAGS.items()}
        bill.write("a.csv", cur2_csv({**columns, "cost_category_Product": "Fraud"}, {}))
    else:
        bill.write("a.parquet", cur2_parquet(bill.folder / "a.parquet", tagged, bare))
    bill.load()

    [(tags, categories), empty] = bill.values("Tags, x_CostCategories")
    assert json.loads(str(tags)) == AS_TAGS
    assert json.loads(str(categories)) == {"Product": "Fraud"}
    assert empty == (None, None)


SPELLINGS = {
    "legacy": "savingsPlan/SavingsPlanARN",
    "legacy, later": "savingsPlan/SavingsPlanArn",
    "CUR 2.0": "savings_plan_savings_plan_a_r_n",
    "by dbt": "savings_plan_savings_plan_arn",
    "in capitals": "SAVINGS_PLAN_SAVINGS_PLAN_A_R_N",
}


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_a_commitment_is_found_whatever_its_column_is_called(bill: Bill, spelling: str):
    """AWS writes it in four ways."""
    text = cur2_csv(COVERED)
    bill.write("a.csv", text.replace("savings_plan_savings_plan_a_r_n", SPELLINGS[spelling]))

    assert bill.load() == []
    assert bill.values("CommitmentDiscountId") == [(PLAN,)]


EVERYTHING = (
    {"resource_tags": {"user_team": "fraud"}, "product": {"product_name": "EC2"}},
    COVERED,
    NEGATION,
    PLAN_FEE,
    RESERVED,
    RESERVATION_FEE,
    {"line_item_line_item_type": "Tax", "line_item_unblended_cost": "0.1"},
    {"line_item_line_item_type": "Credit", "line_item_unblended_cost": "-1.60101E-07"},
)


def test_every_layout_gives_the_same_charges(bill: Bill, tmp_path_factory: pytest.TempPathFactory):
    """Legacy CSV, zipped or not, CUR 2.0 as CSV and as Parquet."""
    parquet = cur2_parquet(bill.folder / "made.parquet", *EVERYTHING)
    files = {
        "a.csv": legacy_csv(*EVERYTHING).encode(),
        "a.csv.gz": gzip.compress(legacy_csv(*EVERYTHING).encode()),
        "b.csv": cur2_csv(*EVERYTHING).encode(),
        "b.parquet": parquet,
    }
    found = []
    for name, content in files.items():
        one = Bill(tmp_path_factory.mktemp("bill"))
        one.write(name, content)
        assert one.load() == []
        assert claims(one) == [(True, True, True)]
        found.append(one.values("* exclude (x_file, x_file_sha256)"))

    assert len(found[0]) == 9
    assert found == [found[0]] * len(files)


def test_a_report_whose_columns_change_in_the_middle_of_a_month(bill: Bill):
    """A tag or a commitment that comes up adds columns; each file has its own."""
    bill.write("1.csv", legacy_csv({}))
    bill.write("2.csv", legacy_csv({"resource_tags": {"user_team": "fraud"}}, PLAN_FEE))

    assert bill.load() == []
    assert sorted(bill.values("BilledCost, coalesce(Tags, '')")) == [
        (Decimal(0), ""),
        (Decimal(8), ""),
        (Decimal("98.32"), ""),
        (Decimal("98.32"), '{"team":"fraud"}'),
    ]
    assert claims(bill) == [(True, True, True)]


def test_a_cost_that_is_no_number_waits(bill: Bill):
    """The row goes to quarantine; the books balance without it."""
    bill.write("a.csv", legacy_csv({}, {"line_item_unblended_cost": "$1"}, PLAN_FEE))
    bill.load()

    assert bill.quarantined() == [(2, "line_item_unblended_cost '$1' is not a number")]
    assert claims(bill) == [(True, True, True)]


def test_a_report_without_its_cost_is_refused(bill: Bill):
    """It says which column is missing and what to export."""
    text = legacy_csv({}).replace("lineItem/UnblendedCost", "lineItem/Unblended")
    bill.write("a.csv", text)
    [spot] = bill.load()

    assert "column line_item_unblended_cost is missing" in spot.reason
    assert "1 row is kept" in str(spot.fix)


def test_a_closed_month_replaces_the_open_one(bill: Bill):
    """AWS overwrites the month's file: the invoice id arrives, and nothing counts twice."""
    bill.write("2026-10.csv", legacy_csv({}))
    bill.load()
    bill.write("2026-10.csv", legacy_csv({"bill_invoice_id": "1"}, {"bill_invoice_id": "1"}))
    bill.load()

    assert bill.values("InvoiceId, BilledCost") == [("1", Decimal("98.32"))] * 2


def test_capacity_that_is_reserved_is_no_commitment(bill: Bill):
    """An unused box is paid for in full, and is not an unused discount."""
    arn = "arn:aws:ec2:us-east-1:1:capacity-reservation/cr-1"
    lines = (
        {"reservation_reservation_a_r_n": arn},
        {"reservation_reservation_a_r_n": arn, "line_item_usage_type": "UnusedBox:p5.48xlarge"},
    )
    bill.write("a.csv", legacy_csv(*lines))
    bill.load()

    assert bill.values(
        "CapacityReservationId, CapacityReservationStatus, CommitmentDiscountId"
    ) == [
        (arn, "Used", None),
        (arn, "Unused", None),
    ]


@pytest.mark.parametrize("others", [["arn:aws:s3:::a", "arn:aws:s3:::b"], ["A", "zz"], [None, ""]])
@pytest.mark.parametrize("spelling", ["", "NULL", "null", "(null)", "\\N"])
def test_null_as_text_is_null_in_parquet_too(bill: Bill, spelling: str, others: list[str | None]):
    """Whether a file's footer shows that no value can be one, or each must be looked at."""
    lines = [{"line_item_resource_id": each} for each in (spelling, *others)]
    bill.write("a.parquet", cur2_parquet(bill.folder / "made.parquet", *lines))
    bill.load()

    assert bill.values("ResourceId") == [(each or None,) for each in (None, *others)]


@pytest.mark.parametrize(
    "name", ["savings_plan_total_commitment_to_date", "savings_plan_used_commitment"]
)
def test_a_fee_whose_use_nobody_states_waits_in_quarantine(bill: Bill, name: str):
    """What was not used of it is a cost; to leave it out would make 8 USD vanish without a word."""
    bill.write("a.csv", cur2_csv({**PLAN_FEE, name: ""}))
    bill.load()

    assert bill.values("BilledCost") == []
    assert bill.quarantined() == [(1, f"{name} is empty")]


def test_a_reservations_fee_whose_unused_part_nobody_states_waits_too(bill: Bill):
    """A blank is not "all of it was used"; that is a 0."""
    blank = dict.fromkeys(
        (
            "reservation_unused_amortized_upfront_fee_for_billing_period",
            "reservation_unused_recurring_fee",
        ),
        "",
    )
    used = {"reservation_unused_recurring_fee": "0"}
    bill.write("a.csv", legacy_csv(RESERVATION_FEE | blank, RESERVATION_FEE | blank | used))
    bill.load()

    assert bill.quarantined() == [(1, "reservation_unused_recurring_fee is empty")]
    assert bill.values("BilledCost, EffectiveCost") == [(5, 0)]


@pytest.mark.parametrize("first", ["net", "gross"])
@pytest.mark.parametrize("together", [True, False])
def test_a_discount_in_another_file_of_the_month_counts_once(
    bill: Bill, first: str, together: bool
):
    """Net costs of a month's one file are less by the discounts that stand in another one."""
    discount = {"line_item_line_item_type": "EdpDiscount", "line_item_unblended_cost": "-8.32"}
    files = {
        "net": legacy_csv({"line_item_net_unblended_cost": "90"}),
        "gross": legacy_csv(
            {"line_item_unblended_cost": "1", "line_item_net_unblended_cost": ""}, discount
        ),
    }
    bill.write("a.csv", files.pop(first))
    if not together:
        bill.load()
    [other] = files.values()
    bill.write("b.csv", other)
    bill.load()

    assert sorted(bill.values("BilledCost")) == [(Decimal(0),), (Decimal(1),), (Decimal(90),)]
    assert claims(bill) == [(True, True, True)]


@pytest.mark.parametrize(
    "month",
    [
        {"bill_payer_account_id": "999999999999"},
        {
            "bill_billing_period_start_date": "2026-09-01T00:00:00Z",
            "bill_billing_period_end_date": "2026-10-01T00:00:00Z",
        },
    ],
)
def test_a_discount_of_another_payer_or_month_stays(bill: Bill, month: dict[str, str]):
    """Who has no net costs has the discount as a row of its own."""
    discount = {"line_item_line_item_type": "EdpDiscount", "line_item_unblended_cost": "-4"}
    bill.write("a.csv", legacy_csv({"line_item_net_unblended_cost": "90"}))
    bill.write("b.csv", legacy_csv({**discount, **month}))
    bill.load()

    assert sorted(bill.values("BilledCost")) == [(Decimal(-4),), (Decimal(90),)]
    assert claims(bill) == [(True, True, True)]


def test_a_discount_counts_again_once_the_file_of_net_costs_is_gone(bill: Bill):
    """Nothing else in the month is less by it then."""
    discount = {"line_item_line_item_type": "EdpDiscount", "line_item_unblended_cost": "-4"}
    bill.write("a.csv", legacy_csv({"line_item_net_unblended_cost": "90"}))
    bill.write("b.csv", legacy_csv({"line_item_unblended_cost": "10"}, discount))
    bill.load()
    assert bill.warehouse.row("select sum(BilledCost) from focus.charge") == (Decimal(100),)
    (bill.folder / "bills/a.csv").unlink()
    bill.load()

    assert bill.values("BilledCost") == [(Decimal(10),), (Decimal(-4),)]
    assert claims(bill) == [(True, True, True)]

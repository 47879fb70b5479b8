"""What each provider's own bill cannot say of what FOCUS asks for: these rules, and no others.

A rule that is named here is broken because the source does not tell; NULL stands for it. Any
other broken rule would be our mapping's fault.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from builders import azure_bills, curs, gcp_bills
from builders.bills import Bill
from builders.oci_bills import report
from quaestor.normalise import conformance, export
from quaestor.normalise.conformance import Checked
from quaestor.normalise.conformance_rules import MUST
from quaestor.normalise.focus_values import SERVICE_SUBCATEGORIES
from quaestor.normalise.formats.cost_explorer import HEADER

SQL = Path(conformance.__file__).parent / "sql"
NO_PRICE_ID = "no id of the price is on the bill, only one of the SKU"
NO_LIST = "no list price is on the bill"
NO_CURRENCY = "the currency of the price list is not told"
OWN_UNITS = "units are the provider's own words"


@dataclass(frozen=True)
class Case:
    """A bill, and why each rule that it breaks cannot be kept."""

    name: str
    files: Mapping[str, str | bytes]
    cannot: Mapping[str, str]


LINE = {
    "bill_invoice_id": "INV-1",
    "bill_payer_account_name": "Example",
    "pricing_currency": "USD",
    "pricing_rate_code": "SKU1.TERM.RATE",
    "pricing_public_on_demand_cost": "98.32",
    "pricing_public_on_demand_rate": "98.32",
    "product_sku": "SKU1",
    "product_region_code": "us-east-1",
    "product_location": "US East (N. Virginia)",
    "line_item_resource_id": "i-1",
}
PLAN = {"savings_plan_savings_plan_a_r_n": curs.PLAN}
RESERVED = {"reservation_reservation_a_r_n": curs.RESERVATION, "pricing_term": "Reserved"}
LINES = (
    {},
    {"line_item_usage_type": "SpotUsage:m5"},
    {"bill_billing_entity": "AWS Marketplace"},
    {"line_item_line_item_type": "Tax", "line_item_unblended_cost": "5"},
    {"line_item_line_item_type": "Credit", "line_item_unblended_cost": "-5"},
    {"line_item_line_item_type": "Refund", "line_item_unblended_cost": "-5"},
    {"line_item_line_item_type": "EdpDiscount", "line_item_unblended_cost": "-1"},
    {"line_item_line_item_type": "Fee", "line_item_product_code": "AWSSupportBusiness"},
    {
        **PLAN,
        "line_item_line_item_type": "SavingsPlanCoveredUsage",
        "savings_plan_savings_plan_effective_cost": "60",
    },
    {
        **RESERVED,
        "line_item_line_item_type": "DiscountedUsage",
        "line_item_unblended_cost": "0",
        "reservation_effective_cost": "30",
    },
    {
        **RESERVED,
        "line_item_line_item_type": "RIFee",
        "reservation_total_reserved_units": "744",
        "reservation_unused_quantity": "3",
        "reservation_unused_recurring_fee": "1",
    },
)
UNUSED_PLAN = {
    **PLAN,
    "line_item_line_item_type": "SavingsPlanRecurringFee",
    "savings_plan_total_commitment_to_date": "10",
    "savings_plan_used_commitment": "6",
}
CUR_CANNOT = {
    "PricingCurrencyEffectiveCost-comes-with-PricingCurrency": (
        "costs are told in the currency of the bill alone"
    )
}
PLAN_IN_MONEY = "of the unused part of a plan the report tells the money, and no quantity"
EA_KINDS = (
    {},
    {"ChargeType": "Purchase", "Frequency": "OneTime"},
    {"ChargeType": "Refund", "Frequency": "OneTime"},
    {"ChargeType": "Tax"},
    {"ChargeType": "RoundingAdjustment"},
    {"PublisherType": "Marketplace", "PublisherName": "Example Ltd"},
    {"PricingModel": "Spot"},
)
PAIR = azure_bills.a_pair()
GOOGLE = tuple(
    gcp_bills.row(**one)
    for one in (
        {},
        {"cost_type": "tax"},
        {"cost_type": "adjustment"},
        {"credits": [gcp_bills.credit("PROMOTION", "-0.5")]},
    )
)
CUD = gcp_bills.row(credits=[gcp_bills.credit("COMMITTED_USAGE_DISCOUNT", "-0.2")])
GOOGLE_CANNOT = {
    "SkuPriceId-of-usage-and-purchases": NO_PRICE_ID,
    "SkuPriceDetails-needs-SkuPriceId": "system labels describe the price that has no id",
    "PricingCurrency-is-there": NO_CURRENCY,
    "PricingUnit-format": OWN_UNITS,
    "ConsumedUnit-format": OWN_UNITS,
}
ANSWER = {
    "time_period_start": "2026-10-01",
    "time_period_end": "2026-11-01",
    "linked_account": "012345678901",
    "linked_account_name": "research",
    "service": "Amazon SageMaker",
    "unblended_cost": "100",
    "amortized_cost": "100",
    "usage_quantity": "5",
    "usage_unit": "Hrs",
    "currency": "USD",
}
RECORDS = ("Usage", "Tax", "Credit", "Refund", "SavingsPlanRecurringFee", "Upfront")
TOTALS_ONLY = "totals by account and kind of charge have no price, no SKU and no quantity of one"


def answers(*records: str) -> str:
    """What Cost Explorer answered, by record type; an empty one is not told."""
    rows = ({**ANSWER, "record_type": record} for record in records)
    return "\n".join([",".join(HEADER), *(",".join(r.get(n, "") for n in HEADER) for r in rows)])


CASES = [
    Case("CUR 2.0", {"a.csv": curs.cur2_csv(*({**LINE, **line} for line in LINES))}, CUR_CANNOT),
    Case("CUR", {"a.csv": curs.legacy_csv(*({**LINE, **line} for line in LINES))}, CUR_CANNOT),
    Case(
        "CUR 2.0 with a plan that is not used up",
        {"a.csv": curs.cur2_csv({**LINE, **UNUSED_PLAN})},
        CUR_CANNOT
        | {
            "PricingQuantity-of-usage-and-purchases": PLAN_IN_MONEY,
            "PricingUnit-of-usage-and-purchases": PLAN_IN_MONEY,
        },
    ),
    Case(
        "Azure EA",
        {"a.csv": azure_bills.export(*EA_KINDS)},
        {"PricingCurrency-is-there": NO_CURRENCY},
    ),
    Case("Azure MCA", {"a.csv": azure_bills.export({}, like=azure_bills.MCA)}, {}),
    Case(
        "Azure EA with reservations",
        {
            "actual.csv": azure_bills.export(*PAIR.actual),
            "amortised.csv": azure_bills.export(*PAIR.amortised),
        },
        {
            "PricingCurrency-is-there": NO_CURRENCY,
            "CommitmentDiscountQuantity-comes-with-CommitmentDiscountId": (
                "how much of a reservation a row takes is not told"
            ),
        },
    ),
    Case(
        "Azure's query API",
        {"a.csv": azure_bills.export({}, {"ChargeType": "Tax"}, like=azure_bills.QUERY)},
        {
            "BillingAccountId-is-there": "whose bill it is, an answer does not say",
            "BillingAccountType-is-there": "whose bill it is, an answer does not say",
            "ListCost-is-there": NO_LIST,
            "ContractedCost-is-there": "an answer knows no price",
            "PricingCurrency-is-there": NO_CURRENCY,
            "ConsumedQuantity-of-usage": "an answer knows no quantity",
            **{
                f"{name}-of-usage-and-purchases": "an answer knows no price and no quantity"
                for name in ("PricingQuantity", "PricingUnit", "SkuId", "SkuPriceId")
            },
        },
    ),
    Case("Google Cloud", {"a.json": gcp_bills.json_lines(*GOOGLE)}, GOOGLE_CANNOT),
    Case(
        "Google Cloud with commitments",
        {"a.json": gcp_bills.json_lines(CUD)},
        GOOGLE_CANNOT
        | {
            "PricingCategory-Committed-names-its-commitment": (
                "a credit tells of a commitment and names none"
            )
        },
    ),
    Case(
        "Oracle",
        {"a.csv.gz": report({}, {"lineItem/isCorrection": "true"})},
        {
            "ListCost-is-there": NO_LIST,
            "SkuPriceId-of-usage-and-purchases": NO_PRICE_ID,
            "PricingCurrency-is-there": NO_CURRENCY,
            "RegionName-comes-with-RegionId": "regions have an id and no name",
        },
    ),
    Case(
        "Cost Explorer",
        {"a.csv": answers(*RECORDS, "")},
        {
            "BillingAccountId-is-there": "whose bill it is, an answer does not say",
            "BillingAccountType-is-there": "whose bill it is, an answer does not say",
            "SubAccountType-comes-with-SubAccountId": "an answer names accounts, no kind of them",
            "ChargeCategory-is-there": "a group without its record type mixes charges of all kinds",
            "ChargeFrequency-is-there": "the same",
            "ListCost-is-there": TOTALS_ONLY,
            "ContractedCost-is-there": TOTALS_ONLY,
            "PricingCurrency-is-there": TOTALS_ONLY,
            **{
                f"{name}-of-usage-and-purchases": TOTALS_ONLY
                for name in ("PricingCategory", "PricingQuantity", "PricingUnit")
            },
            **{f"{name}-of-usage-and-purchases": TOTALS_ONLY for name in ("SkuId", "SkuPriceId")},
        },
    ),
]


def checked(bill: Bill, version: str) -> Checked:
    """Load the bill, whole, and hold it to FOCUS."""
    assert bill.load() == []
    charges = export.charges(bill.warehouse, export.Wanted(version))
    return conformance.check(bill.warehouse, charges, version)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_bill_breaks_what_its_source_cannot_tell_and_nothing_else(bill: Bill, case: Case):
    """Of FOCUS 1.2, a MUST and a SHOULD alike."""
    for name, content in case.files.items():
        bill.write(name, content)

    assert {one.rule.name for one in checked(bill, "1.2").broken} == set(case.cannot)


NOT_STATED = {
    "aws/cur_legacy_anon_2023-11.csv.gz": set(),
    "azure/ea_anon_2023-09.csv": set(),
    # An old layout, without list prices, units, or whose bill it is.
    "azure/koku_azure_camelCased.csv": {
        "BillingAccountId-is-there",
        "ListCost-is-there",
        "PricingUnit-of-usage-and-purchases",
        "SkuPriceId-of-usage-and-purchases",
        "PricingUnit-comes-with-PricingQuantity",
        "ConsumedUnit-comes-with-ConsumedQuantity",
    },
    # Made up for somebody's tests: in the currency MC, without list prices.
    "azure/koku_azure_version_2.csv": {
        "ListCost-is-there",
        "BillingCurrency-is-a-currency",
        "PricingQuantity-of-usage-and-purchases",
        "PricingUnit-of-usage-and-purchases",
    },
    "azure/koku_camel_azure_version_2.csv": set(),
    # Before Google told what a charge is at list price.
    "gcp/koku_detailed_2022-08.csv": {"ListCost-is-there", "SkuPriceId-of-usage-and-purchases"},
    "gcp/koku_standard_2020-11.csv": {"ListCost-is-there", "SkuPriceId-of-usage-and-purchases"},
    "oci/cost_2023-11-13_even.csv": {"ListCost-is-there", "SkuPriceId-of-usage-and-purchases"},
}


@pytest.mark.thirdparty
@pytest.mark.parametrize("name", NOT_STATED)
def test_a_real_bill_breaks_no_other_must(bill: Bill, reference: Path, name: str):
    """What providers wrote, and what they left out."""
    bill.write(Path(name).name, (reference / name).read_bytes())
    found = checked(bill, "1.2")

    musts = {one.rule.name for one in found.broken if one.rule.severity == MUST}
    assert (musts, found.rows > 0) == (NOT_STATED[name], True)


def test_a_service_is_of_a_category_that_focus_has():
    """Each list of services names FOCUS's categories, with subcategories of these."""
    texts = [path.read_text(encoding="utf-8") for path in SQL.glob("*_macros.sql")]
    listed = [
        pair
        for text in texts
        for pair in re.findall(
            r"'([^'\n]+)',\s+'([^'\n]+)'\)",
            text.partition("_services() as table")[2].partition(") as service")[0],
        )
        + re.findall(r"then\s+'([^'|\n]+)\|([^'|\n]+)'", text)
    ]

    assert len(listed) > 150
    assert [one for one in listed if one[1] not in SERVICE_SUBCATEGORIES.get(one[0], ())] == []

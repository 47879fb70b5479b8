"""FOCUS's rules: what keeps them passes, and each single fault is found by its rule alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from builders.bills import Bill, csv_text
from builders.focus import COVERED, CREDIT, KINDS, PURCHASE, TAX, UNUSED, USAGE
from quaestor.normalise import export
from quaestor.normalise.conformance import Checked, check
from quaestor.normalise.conformance_rules import MUST, SHOULD, rules_of
from quaestor.normalise.focus_columns import VERSIONS, columns_of
from quaestor.warehouse.duckdb import Warehouse

ONE_OF = "-is-known"


def checked(bill: Bill, *charges: Mapping[str, str], version: str = "1.2") -> Checked:
    """Load these charges and hold them to FOCUS."""
    bill.write("a.csv", csv_text(*charges))
    bill.load()
    dataset = export.charges(bill.warehouse, export.Wanted(version))
    return check(bill.warehouse, dataset, version)


def names(found: Checked) -> set[str]:
    """The rules that are broken."""
    return {one.rule.name for one in found.broken}


@pytest.mark.parametrize("version", VERSIONS)
def test_what_keeps_every_rule_passes(bill: Bill, version: str):
    """Usage, covered and unused commitment, its purchase, tax, credit and a refund."""
    found = checked(bill, *KINDS, version=version)

    assert (names(found), found.rows, found.conforms) == (set(), 7, True)


FAULTS = [
    # What focus-validator finds too.
    (USAGE, {"ListCost": ""}, {"ListCost-is-there"}),
    (USAGE, {"ContractedCost": ""}, {"ContractedCost-is-there"}),
    (USAGE, {"BillingAccountId": ""}, {"BillingAccountId-is-there"}),
    (USAGE, {"InvoiceIssuerName": "NULL"}, {"InvoiceIssuerName-is-there"}),
    (USAGE, {"BillingPeriodEnd": ""}, {"BillingPeriodEnd-is-there"}),
    (USAGE, {"ChargePeriodEnd": "05/10/2026"}, {"ChargePeriodEnd-is-there"}),
    (USAGE, {"ProviderName": "", "ServiceProviderName": ""}, {"ProviderName-is-there"}),
    (USAGE, {"PublisherName": ""}, {"PublisherName-is-there"}),
    (USAGE, {"BillingCurrency": "MC"}, {"BillingCurrency-is-a-currency"}),
    (USAGE, {"BillingCurrency": "usd"}, {"BillingCurrency-is-a-currency"}),
    (USAGE, {"Tags": "team=nlp"}, {"Tags-is-an-object"}),
    (USAGE, {"Tags": '["team"]'}, {"Tags-is-an-object"}),
    (USAGE, {"SkuPriceDetails": "{"}, {"SkuPriceDetails-is-an-object"}),
    (PURCHASE, {"EffectiveCost": "10"}, {"EffectiveCost-of-a-covering-purchase"}),
    (
        USAGE,
        {"ServiceSubcategory": "Object Storage"},
        {"ServiceSubcategory-of-its-category"},
    ),
    (
        TAX,
        {"ConsumedQuantity": "1", "ConsumedUnit": "Hours"},
        {"ConsumedQuantity-only-of-usage"},
    ),
    # What it does not find: one row of many, products, order of times, nesting, units.
    (USAGE, {"ListCost": "12.51"}, {"ListCost-is-price-times-quantity"}),
    (USAGE, {"ContractedCost": "-10"}, {"ContractedCost-is-price-times-quantity"}),
    (
        USAGE,
        {"ChargePeriodEnd": "2026-10-05T00:00:00Z"},
        {"ChargePeriod-ends-after-its-start"},
    ),
    (
        TAX,
        {"BillingPeriodEnd": "2026-09-30T00:00:00Z"},
        {"BillingPeriod-ends-after-its-start"},
    ),
    (USAGE, {"Tags": '{"team": {"name": "nlp"}}'}, {"Tags-are-plain"}),
    (USAGE, {"Tags": '{"team": ["nlp"]}'}, {"Tags-are-plain"}),
    (USAGE, {"SkuPriceDetails": '{"Gpu": {"Count": 8}}'}, {"SkuPriceDetails-are-plain"}),
    (USAGE, {"PricingUnit": "hrs / 1"}, {"PricingUnit-format"}),
    (USAGE, {"ConsumedUnit": "1/Month"}, {"ConsumedUnit-format"}),
    (USAGE, {"ChargeFrequency": "Usage-based"}, {"ChargeFrequency" + ONE_OF}),
    (USAGE, {"PricingCategory": "On-Demand"}, {"PricingCategory" + ONE_OF}),
    (COVERED, {"CommitmentDiscountCategory": "Money"}, {"CommitmentDiscountCategory" + ONE_OF}),
    (COVERED, {"CommitmentDiscountStatus": "Active"}, {"CommitmentDiscountStatus" + ONE_OF}),
    (TAX, {"ChargeCategory": "Levy"}, {"ChargeCategory" + ONE_OF}),
    (USAGE, {"ChargeClass": "Refund"}, {"ChargeClass" + ONE_OF}),
    (COVERED, {"CapacityReservationStatus": "Idle"}, {"CapacityReservationStatus" + ONE_OF}),
    (USAGE, {"ServiceCategory": "Machines"}, {"ServiceCategory" + ONE_OF}),
    # Columns that belong together.
    (USAGE, {"ServiceSubcategory": ""}, {"ServiceSubcategory-is-there"}),
    (USAGE, {"ChargeFrequency": ""}, {"ChargeFrequency-is-there"}),
    (PURCHASE, {"ChargeFrequency": "Usage-Based"}, {"ChargeFrequency-of-a-purchase"}),
    (USAGE, {"EffectiveCost": "9"}, {"EffectiveCost-of-what-nothing-covers"}),
    (UNUSED, {"BilledCost": "1"}, {"BilledCost-of-what-a-commitment-covers"}),
    (CREDIT, {"ListCost": "0"}, {"ListCost-of-a-credit"}),
    (CREDIT, {"ContractedCost": "0"}, {"ContractedCost-of-a-credit"}),
    (
        USAGE,
        {"ListUnitPrice": "-6.25", "ListCost": "-12.5"},
        {"ListUnitPrice-is-not-negative"},
    ),
    (USAGE, {"ConsumedUnit": ""}, {"ConsumedUnit-comes-with-ConsumedQuantity"}),
    (CREDIT, {"ConsumedUnit": "Hours"}, {"ConsumedUnit-needs-ConsumedQuantity"}),
    (USAGE, {"SkuId": ""}, {"SkuId-of-usage-and-purchases", "SkuMeter-needs-SkuId"}),
    (TAX, {"SkuId": "gpu"}, {"SkuId-not-of-tax"}),
    (TAX, {"PricingCategory": "Standard"}, {"PricingCategory-not-of-tax"}),
    (TAX, {"ListUnitPrice": "1"}, {"ListUnitPrice-not-of-tax"}),
    (
        COVERED,
        {"CommitmentDiscountType": ""},
        {"CommitmentDiscountType-comes-with-CommitmentDiscountId"},
    ),
    (
        COVERED,
        {"CommitmentDiscountStatus": ""},
        {"CommitmentDiscountStatus-comes-with-CommitmentDiscountId"},
    ),
    (
        PURCHASE,
        {"CommitmentDiscountStatus": "Used"},
        {"CommitmentDiscountStatus-only-of-usage"},
    ),
    (
        USAGE,
        {"CommitmentDiscountName": "The plan"},
        {"CommitmentDiscountName-needs-CommitmentDiscountId"},
    ),
    (COVERED, {"PricingCategory": "Standard"}, {"PricingCategory-of-covered-usage"}),
    (USAGE, {"PricingCategory": "Committed"}, {"PricingCategory-Committed-names-its-commitment"}),
    (USAGE, {"RegionName": ""}, {"RegionName-comes-with-RegionId"}),
    (USAGE, {"ResourceId": ""}, {"ResourceName-needs-ResourceId", "ResourceType-needs-ResourceId"}),
    (USAGE, {"SubAccountId": ""}, {"SubAccountName-needs-SubAccountId",
                                   "SubAccountType-needs-SubAccountId"}),
]  # fmt: skip


@pytest.fixture(scope="module")
def faulty(tmp_path_factory: pytest.TempPathFactory) -> Bill:
    """One bill: charges that keep every rule, then one charge for each fault."""
    bill = Bill(tmp_path_factory.mktemp("faulty"))
    bill.write("a.csv", csv_text(*KINDS, *({**kind, **fault} for kind, fault, _ in FAULTS)))
    bill.load()
    return bill


@pytest.mark.parametrize("number", range(len(FAULTS)), ids=[str(fault) for _, fault, _ in FAULTS])
def test_a_single_fault_is_found_by_its_rule(faulty: Bill, number: int):
    """One row among many, told with its place and the values that are wrong."""
    row = len(KINDS) + number + 1
    whole = export.charges(faulty.warehouse, export.Wanted("1.2"))
    some = replace(whole, reader=f"focus.charge where x_row <= {len(KINDS)} or x_row = {row}")
    found = check(faulty.warehouse, some, "1.2")

    assert names(found) == FAULTS[number][2]
    assert {(one.rows, one.example["row"]) for one in found.broken} == {(1, str(row))}


def test_usage_outside_of_its_billing_period_is_told(bill: Bill):
    """It should not, and may: late rows do. A correction is about another period anyway."""
    late = {**USAGE, "ChargePeriodStart": "2026-09-30T00:00:00Z"}
    found = checked(bill, late, {**late, "ChargeClass": "Correction"})
    [one] = found.broken

    assert (one.rule.name, one.rule.severity, one.rows, found.conforms) == (
        "ChargePeriod-within-the-billing-period",
        SHOULD,
        1,
        True,
    )


def test_columns_that_are_missing_or_of_another_type_are_told(bill: Bill):
    """Once each, of the dataset; not once more for every charge."""
    checked(bill, *KINDS)
    whole = export.charges(bill.warehouse, export.Wanted("1.2"))
    without = {name: sql for name, sql in whole.columns.items() if name != "ListCost"}
    types = {name: kind for name, kind in whole.types.items() if name != "ListCost"}
    found = check(
        bill.warehouse,
        replace(
            whole,
            columns={**without, "CostCentre": "'a'"},
            types={**types, "ChargePeriodStart": "VARCHAR", "BilledCost": "VARCHAR"},
        ),
        "1.2",
    )

    assert {(one.rule.name, one.rows) for one in found.broken if one.rows is None} == {
        ("ListCost-is-a-column", None),
        ("BilledCost-has-its-type", None),
        ("ChargePeriodStart-has-its-type", None),
        ("custom-columns-begin-with-x_", None),
    }
    assert "ListCost-is-there" not in names(found)


def test_an_empty_text_is_no_value(bill: Bill):
    """No bill that is read here leaves one; another program's file may."""
    checked(bill, *KINDS)
    bill.warehouse.run("update focus.charge set ChargeDescription = '' where x_row = 3")
    dataset = export.charges(bill.warehouse, export.Wanted("1.2"))

    assert names(check(bill.warehouse, dataset, "1.2")) == {"empty-text-is-null"}


def test_1_4_asks_for_who_hosts_and_1_2_does_not(bill: Bill):
    """ProviderName and PublisherName left; the seller is the same, the host is not made up."""
    charge = {**USAGE, "HostProviderName": "", "ServiceProviderName": "", "PublisherName": ""}
    found = checked(bill, charge, version="1.4")

    assert names(found) == {"HostProviderName-is-there"}


@given(
    price=st.decimals(0, 10**6, places=12, allow_nan=False),
    quantity=st.decimals(-(10**6), 10**6, places=8, allow_nan=False),
    digits=st.integers(10, 20),
)
def test_a_product_rounded_as_bills_round_it_is_a_product(
    price: Decimal, quantity: Decimal, digits: int
):
    """Ten digits after the point and more; what is off by a thousandth is no product."""
    [rule] = [one for one in rules_of("1.2") if one.name == "ListCost-is-price-times-quantity"]
    sql = (
        f"select {rule.broken} from (select ?::decimal(38, 20) as ListUnitPrice, "
        "?::decimal(38, 20) as PricingQuantity, ?::decimal(38, 20) as ListCost)"
    )
    cost = Decimal(f"{price * quantity:.{digits}f}")
    given = [f"{amount:f}" for amount in (price, quantity)]
    with duckdb.connect() as engine:
        assert engine.execute(sql, [*given, f"{cost:f}"]).fetchone() == (False,)
        if abs(cost) > Decimal("0.001"):
            off = f"{cost * Decimal('1.001'):.20f}"
            assert engine.execute(sql, [*given, off]).fetchone() == (True,)


def test_rules_have_names_of_their_own():
    """A name, a sentence without a full stop, a level."""
    for version in VERSIONS:
        rules = rules_of(version)
        known = {column.name for column in columns_of(version)}

        assert len({rule.name for rule in rules}) == len(rules)
        assert {rule.severity for rule in rules} == {MUST, SHOULD}
        assert [rule.name for rule in rules if rule.asks.endswith(".")] == []
        assert [rule.name for rule in rules if not set(rule.reads) <= known] == []


def test_columns_are_those_of_the_views(bill: Bill):
    """The warehouse's views and the list of columns say the same of each version."""
    for version in VERSIONS:
        view = bill.warehouse.columns(f"focus.focus_{version.replace('.', '_')}")

        assert sorted(view) == [column.name for column in columns_of(version)]


@pytest.mark.thirdparty
def test_the_probe_that_the_validator_passes_keeps_our_rules(bill: Bill, reference: Path):
    """A dataset written to be conformant, by somebody else's hand, breaks nothing."""
    bill.write("probe.csv", (reference / "validator" / "mini_focus12_probe.csv").read_bytes())
    bill.load()
    dataset = export.charges(bill.warehouse, export.Wanted("1.2"))

    assert names(check(bill.warehouse, dataset, "1.2")) == set()


def test_an_empty_warehouse_has_nothing_to_check():
    """Nothing is not conformant; it is nothing."""
    with Warehouse(":memory:") as warehouse, pytest.raises(export.NothingEvaluatedError):
        export.charges(warehouse, export.Wanted("1.2"))

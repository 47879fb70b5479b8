"""Oracle's cost reports become exact FOCUS; its FOCUS reports are read as FOCUS."""

from __future__ import annotations

import gzip
import json
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import pytest

from builders.bills import Bill, csv_text
from builders.oci_bills import report


def charges(bill: Bill, *rows: dict[str, str], columns: str) -> list[tuple[object, ...]]:
    """Load a report of these rows, insist that it adds up, and return its charges."""
    bill.write("report.csv.gz", report(*rows))

    assert bill.load() == []
    assert bill.warehouse.rows(
        "select sum(landed_billed_cost), sum(landed_effective_cost) from focus.control"
    ) == bill.warehouse.rows("select sum(BilledCost), sum(EffectiveCost) from focus.charge")
    return bill.values(columns)


def test_a_row_is_a_charge(bill: Bill):
    """What it cost, where, and who is to be asked; times with and without seconds."""
    assert charges(
        bill,
        {},
        columns="BilledCost, EffectiveCost, ContractedCost, ListCost, BillingAccountId, "
        "SubAccountId, SubAccountName, ResourceId, ResourceType, RegionId, AvailabilityZone, "
        "ServiceName, ServiceCategory, SkuId, ConsumedQuantity, PricingUnit, ChargeCategory, "
        "ChargeClass, ChargePeriodStart, ChargePeriodEnd, BillingPeriodStart, BillingPeriodEnd, "
        "Tags, ProviderName",
    ) == [
        (
            *(Decimal(16), Decimal(16), Decimal(16), None, "ocid1.tenancy.oc1..t"),
            *("ocid1.compartment.oc1..c", "research", "ocid1.instance.oc1.us-sanjose-1.i"),
            *("instance", "us-sanjose-1", "sj-1", "COMPUTE", "Compute", "B93297", Decimal(4)),
            *("GPU Per Hour", "Usage", None, datetime(2026, 10, 5, 10), datetime(2026, 10, 5, 11)),
            *(datetime(2026, 10, 1), datetime(2026, 11, 1)),
            *('{"Oracle-Tags.CreatedBy":"user@example.invalid","team":"nlp"}', "Oracle"),
        )
    ]


def test_a_correction_names_what_it_corrects(bill: Bill):
    """It stands beside the corrected row, and both are summed."""
    correction = {
        "lineItem/referenceNo": "ref-2",
        "lineItem/isCorrection": "true",
        "lineItem/backreferenceNo": "ref-1",
        "cost/myCost": "-4.00",
    }

    assert charges(
        bill, {}, correction, columns="BilledCost, ChargeClass, x_ReferenceNo, x_BackreferenceNo"
    ) == [
        (Decimal(16), None, "ref-1", None),
        (Decimal(-4), "Correction", "ref-2", "ref-1"),
    ]


def test_overage_is_kept_and_counted_once(bill: Bill):
    """It is a part of the cost; adding it would bill it twice."""
    beyond = {"cost/myCostOverage": "6.00", "cost/overageFlag": "true"}

    assert charges(bill, beyond, columns="BilledCost, x_MyCostOverage, x_OverageFlag") == [
        (Decimal(16), "6.00000000000000000000", "true")
    ]


@pytest.mark.parametrize("cost", ["6.266090E-12", "-0.5", "0.012264277499950943"])
def test_costs_are_read_to_the_last_digit(bill: Bill, cost: str):
    """Oracle writes eighteen digits, and exponents."""
    assert charges(bill, {"cost/myCost": cost}, columns="BilledCost") == [(Decimal(cost),)]


def test_a_row_without_a_cost_waits(bill: Bill):
    """A usage line whose price is not known yet is no charge of zero."""
    bill.write("report.csv.gz", report({"cost/myCost": ""}, {}))
    bill.load()

    assert bill.quarantined() == [(1, "cost_my_cost is empty")]
    assert bill.values("x_row") == [(2,)]


def test_a_focus_report_of_oracle_is_focus(bill: Bill):
    """They lie in the same bucket; its own columns begin with oci_."""
    own = {"ProviderName": "Oracle", "oci_ReferenceNumber": "ref-1", "oci_CompartmentName": "r"}
    bill.write("focus.csv.gz", gzip.compress(csv_text(own).encode()))

    assert bill.load() == []
    assert bill.values("BilledCost, ProviderName, x_oci_ReferenceNumber") == [
        (Decimal("1.5"), "Oracle", "ref-1")
    ]


@pytest.mark.thirdparty
def test_a_real_report_gives_its_reference_totals(bill: Bill, reference: Path):
    """253 rows: in all, by service, by compartment and by hour."""
    name = "oci/cost_2023-11-13_even.csv"
    expected = json.loads((reference / "reference_totals.json").read_text())[name]
    bill.write("a.csv", (reference / name).read_bytes())
    total = Decimal(expected["sum_myCost"])

    assert bill.load() == []
    assert bill.warehouse.row(
        "select sum(BilledCost), sum(EffectiveCost), count(*) from focus.charge"
    ) == (total, total, expected["rows"])
    hour = "strftime(ChargePeriodStart, '%Y-%m-%dT%H:%MZ')"
    for by, column in (
        ("service", "ServiceName"),
        ("compartment", "SubAccountName"),
        ("hour", hour),
    ):
        found = bill.warehouse.rows(
            f"select {column}, sum(BilledCost) from focus.charge group by 1"
        )

        assert dict(found) == {
            key: Decimal(cost) for key, cost in expected[f"myCost_by_{by}"].items()
        }, by

"""Azure exports found in the wild give their reference totals, exactly, under any header."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path

import pytest

from builders.bills import Bill

pytestmark = pytest.mark.thirdparty
FILES = (
    "ea_anon_2023-09",
    "koku_azure_camelCased",
    "koku_azure_version_2",
    "koku_camel_azure_version_2",
)
HEADERS = ("Enterprise", "EnterpriseCamel", "German", "PayAsYouGo", "YA")
# What a total is by, and where it is found again. The reference writes days as the file does.
BY = {
    "cost_by_charge_type": "x_ChargeType",
    "cost_by_service": "x_SkuMeterCategory",
    "cost_by_subscription": "SubAccountId",
    "cost_by_currency": "BillingCurrency",
    "cost_by_pricing_model": "coalesce(x_PricingModel, '(none)')",
    "cost_by_resource_group_lower": "coalesce(x_ResourceGroupName, '(none)')",
    "cost_by_date": "ChargePeriodStart::date::varchar",
}


def iso(day: str) -> str:
    """9/2/2023 as 2023-09-02."""
    if "/" not in day:
        return day
    month, number, year = day.split("/")
    return f"{year}-{int(month):02}-{int(number):02}"


@pytest.mark.parametrize("name", FILES)
def test_totals_of_a_real_export(bill: Bill, reference: Path, name: str):
    """Cost in all, and by whatever the reference sums it by; every row is loaded."""
    expected = json.loads((reference / "reference_totals.json").read_text())[f"azure/{name}.csv"]
    bill.write("a.csv", (reference / "azure" / f"{name}.csv").read_bytes())
    total = Decimal(expected["sum_cost"])

    assert bill.load() == []
    assert bill.warehouse.row(
        "select sum(BilledCost), sum(EffectiveCost), count(*) from focus.charge"
    ) == (total, total, expected["rows"])
    for by, column in BY.items():
        found = bill.warehouse.rows(
            f"select {column}, sum(BilledCost) from focus.charge group by all"
        )
        if by in expected:
            spelt = iso if by == "cost_by_date" else str

            assert dict(found) == {
                spelt(key): Decimal(cost) for key, cost in expected[by].items()
            }, by


@pytest.mark.parametrize("name", FILES)
def test_a_real_export_reconciles(bill: Bill, reference: Path, name: str):
    """Its claims are what was charged."""
    bill.write("a.csv", (reference / "azure" / f"{name}.csv").read_bytes())
    bill.load()

    assert bill.warehouse.row(
        "select sum(landed_billed_cost), sum(landed_effective_cost) from focus.control"
    ) == bill.warehouse.row("select sum(BilledCost), sum(EffectiveCost) from focus.charge")


@pytest.mark.parametrize(
    ("name", "cost", "day", "quantity"),
    [
        ("Enterprise", "0", "2021-02-02", "1"),
        ("EnterpriseCamel", "0.012", "2021-02-02", "3"),
        ("German", "0.075", "2021-02-02", "0.03"),
        ("PayAsYouGo", "0.075", "2021-02-02", "0.03"),
        ("YA", "0.075", "2021-02-02", "0.03"),
    ],
)
def test_every_header_is_recognised(
    bill: Bill, reference: Path, name: str, cost: str, day: str, quantity: str
):
    """One row under each of the headers in which Azure has written the same bill."""
    bill.write("a.csv", (reference / "azure" / "headersets" / f"{name}.csv").read_bytes())
    bill.load()

    assert bill.quarantined() == []
    assert bill.values("BilledCost, ChargePeriodStart::date::varchar, PricingQuantity") == [
        (Decimal(cost), day, Decimal(quantity))
    ]
    assert bill.warehouse.rows("select format from focus.file") == [("azure-cost",)]

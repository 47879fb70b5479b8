"""Real AWS reports give their reference totals, exactly."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from builders.bills import Bill

pytestmark = pytest.mark.thirdparty


def totals(reference: Path, name: str) -> dict[str, Any]:
    return json.loads((reference / "reference_totals.json").read_text())[name]


def test_an_anonymised_legacy_report(bill: Bill, reference: Path):
    """1,281 real rows: sums, and sums by service, kind and account, to the last digit."""
    name = "aws/cur_legacy_anon_2023-11.csv.gz"
    expected = totals(reference, name)
    bill.write("cur.csv.gz", (reference / name).read_bytes())

    assert bill.load() == []
    (rows, billed, effective, public) = bill.warehouse.row(
        "select count(*), sum(BilledCost), sum(EffectiveCost), "
        "sum(ListCost) filter (ChargeCategory = 'Usage') from focus.charge"
    )
    assert (rows, billed, effective, public) == (
        expected["rows"],
        Decimal(expected["expected_FOCUS"]["BilledCost"]),
        Decimal(expected["expected_FOCUS"]["EffectiveCost"]),
        Decimal(expected["sum_public_on_demand"]),
    )
    for column, figures in {
        "x_ServiceCode": "unblended_by_product",
        "x_LineItemType": "unblended_by_line_item_type",
        "SubAccountId": "unblended_by_account",
    }.items():
        found = bill.warehouse.rows(
            f"select {column}, sum(BilledCost) from focus.charge group by all order by all"
        )
        assert found == [(key, Decimal(cost)) for key, cost in sorted(expected[figures].items())]


def test_a_report_whose_costs_were_blanked(bill: Bill, reference: Path):
    """Costs and days were taken out before publishing: no row is charged, and each is told."""
    name = "aws/dbt_aws_cloud_cost_seed.csv"
    bill.write("cur.csv", (reference / name).read_bytes())
    spots = bill.load()

    assert bill.values("1") == []
    assert [spot.rows for spot in spots] == [totals(reference, name)["rows"]]
    assert bill.warehouse.row("select format, rows_landed, rows_quarantined from focus.file") == (
        "cur",
        20,
        20,
    )

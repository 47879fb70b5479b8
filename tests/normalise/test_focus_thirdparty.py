"""Real FOCUS bills and the standard's own examples give their reference totals, exactly."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path

import pytest

from builders.bills import Bill

pytestmark = pytest.mark.thirdparty


def totals(reference: Path, name: str) -> dict[str, object]:
    return json.loads((reference / "reference_totals.json").read_text())[name]


def test_the_sample_of_three_clouds(bill: Bill, reference: Path):
    """500 real rows: sums, and sums by provider, to the last digit."""
    name = "focus/focus10_sample_even500.csv"
    expected = totals(reference, name)
    bill.write("sample.csv", (reference / name).read_bytes())

    assert bill.load() == []
    assert bill.warehouse.row(
        "select sum(BilledCost), sum(EffectiveCost), sum(ListCost), sum(ContractedCost) "
        "from focus.charge"
    ) == tuple(
        Decimal(str(expected[f"sum_{cost}"]))
        for cost in ("BilledCost", "EffectiveCost", "ListCost", "ContractedCost")
    )
    by_provider = bill.warehouse.rows(
        "select ProviderName, sum(BilledCost) from focus.charge group by all order by all"
    )
    assert by_provider == [
        (provider, Decimal(cost))
        for provider, cost in sorted(expected["BilledCost_by_ProviderName"].items())
    ]


def test_every_example_of_the_standard(bill: Bill, reference: Path):
    """The totals of each file, and every row either loaded or in quarantine."""
    for path in sorted((reference / "focus_spec12").glob("*.csv")):
        one = Bill(bill.folder / path.stem)
        one.folder.mkdir()
        one.write(path.name, path.read_bytes())
        one.load()
        expected = totals(reference, f"focus_spec12/{path.name}")
        found = one.warehouse.row(
            "select coalesce(sum(BilledCost), 0), coalesce(sum(EffectiveCost), 0) from focus.charge"
        )
        landed = one.warehouse.row("select sum(rows_landed) from focus.file")

        assert found == (
            Decimal(expected["sum_BilledCost"]),
            Decimal(expected["sum_EffectiveCost"]),
        ), path.name
        assert landed == (expected["rows"],), path.name

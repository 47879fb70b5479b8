"""FocusCost, Microsoft's own FOCUS export, loads as it is in each of its versions."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

import pytest

from builders.azure_bills import export
from builders.bills import Bill
from builders.focus_cost import COSTS, focus_cost
from quaestor.warehouse.duckdb import quoted

VERSIONS = ("1.0", "1.0r2", "1.2-preview", "1.2")


@pytest.mark.parametrize("version", VERSIONS)
def test_every_column_of_focus_cost_is_kept(bill: Bill, version: str):
    """Columns of FOCUS and Microsoft's own, each with the value it had; empty is NULL."""
    row = focus_cost(version)
    bill.write("focuscost.csv", export(row, like={}))

    assert bill.load() == []
    (found,) = bill.values(", ".join(map(quoted, row)))
    for (name, text), value in zip(row.items(), found, strict=True):
        if isinstance(value, Decimal):
            assert value == Decimal(text), name
        elif isinstance(value, datetime):
            assert value == datetime.fromisoformat(text).replace(tzinfo=None), name
        else:
            assert value == (text or None), name


@pytest.mark.parametrize("version", VERSIONS)
def test_costs_of_focus_cost_are_exact(bill: Bill, version: str):
    """Exponents and sixteen digits, summed without a float."""
    row = focus_cost(version)
    bill.write("focuscost.csv", export(*[row] * 3, like={}))
    bill.load()

    assert bill.warehouse.row(
        f"select {', '.join(f'sum({cost})' for cost in COSTS)} from focus.charge"
    ) == tuple(3 * Decimal(row[cost]) for cost in COSTS)


def test_tags_without_braces_are_read(bill: Bill):
    """Some versions wrote tags as the cost details do; they are an object all the same."""
    row = focus_cost("1.0")
    bare = {**row, "Tags": '"team":"nlp"'}
    bill.write("focuscost.csv", export(row, bare, {**row, "Tags": "{}"}, like={}))

    assert bill.load() == []
    assert bill.values("json_extract_string(Tags, '$.team')") == [("nlp",), ("nlp",), (None,)]


def test_an_invoice_id_may_be_missing(bill: Bill):
    """An Enterprise Agreement has none; that is nobody's error."""
    row = focus_cost("1.2")
    bill.write("focuscost.csv", export({**row, "InvoiceId": ""}, like={}))

    assert bill.load() == []
    assert bill.values("InvoiceId") == [(None,)]


def test_versions_may_follow_one_another(bill: Bill):
    """An export that moves to a newer version in the middle of a year."""
    for month, version in enumerate(VERSIONS, start=6):
        row = focus_cost(version)
        days = {
            name: value.replace("2026-10", f"2026-{month:02}").replace(
                "2026-11", f"2026-{month + 1:02}"
            )
            for name, value in row.items()
            if "Period" in name
        }
        bill.write(f"{month}.csv", export({**row, **days}, like={}))

    assert bill.load() == []
    assert bill.warehouse.row(
        "select count(*), count(distinct BillingPeriodStart) from focus.charge"
    ) == (
        4,
        4,
    )

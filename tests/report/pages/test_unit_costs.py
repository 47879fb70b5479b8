"""The unit costs of the cost page: of months whose work and whose cost are both told to the end."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from builders.ledgers import a_warehouse
from builders.rows import insert
from quaestor.core.shipped import shipped


@pytest.mark.parametrize(("billed", "latest"), [((9, 10), 10), ((), 11)])
def test_a_month_that_goes_on_has_no_unit_cost_yet(billed, latest):
    """Work is counted up to now and cost up to the bill's end; without an ended month it stands."""
    warehouse = a_warehouse()
    for month in (9, 10, 11):
        insert(
            warehouse, "ledger.unit_cost", period=date(2026, month, 1), model="churn",
            unit="1k_requests", basis="allocated", quantity=10, cost=Decimal(50),
            unit_cost=Decimal(5),
        )  # fmt: skip
        insert(
            warehouse, "ledger.model_month", month=date(2026, month, 1), model="churn",
            effective_cost=Decimal(50), days=30, complete=month in billed,
        )  # fmt: skip
    sql = shipped("reports").joinpath("cost", "06-unit-costs.sql").read_text(encoding="utf-8")
    found = warehouse.rows(f"select month, period from ({sql}) order by period")

    assert {month for month, _ in found} == {date(2026, latest, 1)}
    assert [period.month for _, period in found] == list(range(9, latest + 1))

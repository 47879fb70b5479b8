"""The table of what was asked for and what was used: of days whose cost is known."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from builders.clusters import bill, node, pod
from builders.ledgers import build
from quaestor.core.shipped import shipped
from quaestor.warehouse.duckdb import Warehouse


def lines(hours: int, **machine: Any) -> dict[str, tuple[Any, ...]]:
    """The section's lines, to the cent, of hours of a cluster whose first day alone is billed."""
    warehouse = Warehouse(":memory:")
    node(warehouse, hours=hours, **machine)
    pod(warehouse, "nlp", hours=hours)
    bill(warehouse, "800")
    build(warehouse)
    sql = shipped("reports").joinpath("cost", "09-allocated.sql").read_text(encoding="utf-8")
    rows = warehouse.rows(
        f"select label, round(cost, 2), round(listed_cost, 2), unpriced_days from ({sql})"
    )
    return {label: tuple(told) for label, *told in rows}


def test_a_day_that_is_not_billed_yet_hides_no_other():
    """A month keeps what it cost so far, and says that the cost of one more day is not known."""
    of_one_day = {"nlp": (100, None, 0), "asked for by nobody": (700, None, 0)}

    assert lines(24) == of_one_day
    assert lines(48) == {label: (cost, None, 1) for label, (cost, *_) in of_one_day.items()}


def test_a_day_by_list_prices_is_told():
    """What stands for a bill that is not there yet is no part of a bill."""
    found = lines(48, instance_type="a2-highgpu-8g", region="us-central1")

    assert found["nlp"] == (Decimal("188.16"), Decimal("88.16"), 0)  # an eighth of 29.38708 x 24

"""The table of GPU hours on the cost page: its parts are the hours that were paid for."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from builders.ledgers import a_warehouse
from builders.rows import insert
from quaestor import ledger
from quaestor.core.shipped import shipped
from quaestor.warehouse.duckdb import Warehouse

SECTION = "cost/09-gpu-hours.sql"
PARTS = ("used", "reserved", "stalled", "idle", "unobserved")
COLUMNS = ", ".join(f"sum({part}_gpu_hours)" for part in PARTS)


def a_line(warehouse: Warehouse, **columns: Any) -> None:
    """A day of a GPU in the ledger."""
    insert(
        warehouse,
        "ledger.gpu_hour",
        **{
            "day": "2026-11-12",
            "source": "s",
            "cluster": "c",
            "node": "n",
            "gpu_model": "L4",
            "kind": "cluster",
            "gpu_hours": 24,
            "observed_gpu_hours": 24,
            "used_gpu_hours": 12,
            "idle_gpu_hours": 0,
            "unobserved_gpu_hours": 0,
            "cost": Decimal(24),
            **columns,
        },
    )


def section() -> str:
    """The section's query."""
    return shipped("reports").joinpath(*SECTION.split("/")).read_text(encoding="utf-8")


hours = st.decimals(0, 1000, places=9)
lines = st.lists(st.tuples(hours, hours, hours, hours, st.floats(0, 1)), min_size=1, max_size=6)


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(lines)
def test_the_parts_are_the_paid_hours(told):
    """Used, reserved, stalled, idle and unobserved add up, whatever idle GPUs were used for."""
    warehouse = a_warehouse()
    for place, (idle, stalled, unobserved, held, ratio) in enumerate(told):
        seen = idle + stalled + held
        a_line(
            warehouse, node=f"n{place}", team=f"t{place % 2}", gpu_hours=float(seen + unobserved),
            observed_gpu_hours=float(seen), used_gpu_hours=float(seen) * ratio,
            idle_gpu_hours=float(idle), stalled_gpu_hours=float(stalled),
            unobserved_gpu_hours=float(unobserved),
        )  # fmt: skip
    found = warehouse.row(f"select sum(gpu_hours), {COLUMNS} from ({section()})")

    assert sum(found[1:]) == pytest.approx(found[0], abs=1e-6)
    assert min(found) >= 0


def test_a_cost_without_hours_makes_no_hour_dearer():
    """A day billed without hours is in the cost; the price is that of the hours that are known."""
    warehouse = a_warehouse()
    a_line(warehouse)
    unknown = dict.fromkeys(("gpu_hours", "observed_gpu_hours", "used_gpu_hours"), 0)
    a_line(warehouse, node="late", host_cost=Decimal(6), **unknown)

    assert warehouse.row(
        f"select model_cost, model_hour_cost, sum(uncounted_cost) from ({section()}) group by all"
    ) == (Decimal(54), Decimal(1), Decimal(30))


def test_hours_without_a_cost_make_no_hour_cheaper():
    """What nobody knows the cost of is in the paid hours, told apart, and not in their price."""
    warehouse = a_warehouse()
    a_line(warehouse)
    a_line(warehouse, node="unbilled", gpu_hours=72, observed_gpu_hours=72, cost=None)

    assert warehouse.row(
        "select model_hours, model_cost, model_hour_cost, sum(unpriced_gpu_hours) "
        f"from ({section()}) group by all"
    ) == (96.0, Decimal(24), Decimal(1), 72.0)


def test_what_the_steps_were_not_billed_for_is_told():
    """Hours without a cost, and what is by list prices: neither was paid by any bill."""
    warehouse = a_warehouse()
    a_line(warehouse, price_source="bill")
    a_line(warehouse, node="b", price_source="price book: a list", host_cost=Decimal(6))
    a_line(warehouse, node="c", gpu_hours=72, observed_gpu_hours=72, cost=None)
    (waterfall,) = ledger.SQL.rglob("gpu_waterfall.sql")
    warehouse.run(f"insert into ledger.gpu_waterfall by name {waterfall.read_text()}")
    steps = shipped("reports").joinpath("cost", "09-gpu-waterfall.sql").read_text(encoding="utf-8")

    assert warehouse.rows(
        f"select distinct paid_cost, unpriced_gpu_hours, listed_cost from ({steps})"
    ) == [(Decimal(54), 72.0, Decimal(30))]


def test_a_gpu_model_with_its_makers_name_is_the_same():
    """Samples say "NVIDIA L4" and price books "L4"; of another model no name is made up."""
    warehouse = a_warehouse()
    for place, model in enumerate(("NVIDIA L4", "L4", "T4", None)):
        a_line(warehouse, node=f"n{place}", gpu_model=model)

    assert warehouse.rows(
        f"select gpu_model, model_hours from ({section()}) order by gpu_model"
    ) == [("NVIDIA L4", 48.0), ("T4", 24.0), (None, 24.0)]

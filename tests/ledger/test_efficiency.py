"""How much of what they held teams used, month by month."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from builders.clusters import DAY, bill, node, pod
from builders.ledgers import build
from builders.rows import insert
from quaestor.warehouse.duckdb import Warehouse

# What an A100 40GB, a core and a GiB cost by list.
GPU, CORE, GIB = 2.933908, 0.031611, 0.004237


@pytest.fixture
def warehouse() -> Warehouse:
    """A machine of 800 dollars."""
    warehouse = Warehouse(":memory:")
    node(warehouse)
    bill(warehouse, "800")
    return warehouse


def row(warehouse: Warehouse, **of: Any) -> dict[str, Any]:
    """The one row of these columns' values, its money to the millionth."""
    where = " and ".join(f"{name} is not distinct from ?" for name in of)
    [found] = warehouse.records(f"select * from ledger.efficiency where {where}", list(of.values()))
    return {
        name: round(value, 6) if isinstance(value, Decimal) else value
        for name, value in found.items()
    }


def test_efficiency_weighs_resources_by_what_they_cost(warehouse: Warehouse):
    """A quarter of its cores, half of its memory and a tenth of its GPU: a ninth, not a third."""
    pod(warehouse, "nlp", cpu_used_cores=3, ram_used_gib=72, gpu_used_ratio=0.1)
    build(warehouse)
    found = row(warehouse, team="nlp")
    used = 3 * CORE + 72 * GIB + 0.1 * GPU

    assert (found["cpu_ratio"], found["ram_ratio"]) == (0.25, 0.5)
    assert found["gpu_ratio"] == pytest.approx(0.1)
    assert found["efficiency_ratio"] == pytest.approx(used / (12 * CORE + 144 * GIB + GPU))
    assert (found["namespace"], found["cost"], found["observed_cost"]) == ("ml", 100, 100)
    assert found["idle_cost"] == found["observed_cost"] - found["used_cost"] > 0


def test_a_silent_exporter_is_no_idle_gpu(warehouse: Warehouse):
    """One team's GPUs are unobserved: its ratios are unknown, its cost is not."""
    pod(warehouse, "nlp", gpu_used_ratio=None)
    build(warehouse)
    found = row(warehouse, team="nlp")

    assert found["cost"] == 100
    assert {
        found[name]
        for name in ("cpu_ratio", "gpu_ratio", "efficiency_ratio", "used_cost", "idle_cost")
    } == {None}


def test_hours_of_silence_are_left_out_on_both_sides(warehouse: Warehouse):
    """Half of the hours of one pod tell of its GPU: only the other pod's ratio is known."""
    pod(warehouse, "a", labels='{"team": "nlp"}', gpu_used_ratio=0.8)
    pod(warehouse, "b", labels='{"team": "nlp"}', hours=12, gpu_used_ratio=0.2)
    pod(warehouse, "b", labels='{"team": "nlp"}', hours=12, first=12, gpu_used_ratio=None)
    build(warehouse)
    found = row(warehouse, team="nlp")

    assert found["gpu_ratio"] == pytest.approx(0.8)
    assert (found["cost"], found["observed_cost"]) == (200, 100)


def test_use_without_a_request_is_efficient(warehouse: Warehouse):
    """What was used is what it owes, and all of it was used."""
    pod(
        warehouse, "nlp", cpu_request_cores=0, ram_request_gib=0, gpu_request=0,
        gpu_used_ratio=None,
    )  # fmt: skip
    build(warehouse)
    found = row(warehouse, team="nlp")

    assert (found["cpu_ratio"], found["ram_ratio"], found["gpu_ratio"]) == (1, 1, None)
    assert found["efficiency_ratio"] == pytest.approx(1)


def test_what_no_pod_held_is_idle_and_has_no_namespace(warehouse: Warehouse):
    """Seven eighths of the machine, none of which was used."""
    pod(warehouse, "nlp")
    build(warehouse)
    found = row(warehouse, namespace=None, cost_kind="idle")

    assert found["idle_cost"] == found["cost"] == Decimal(700)
    assert (found["cpu_ratio"], found["efficiency_ratio"]) == (0, 0)


def test_what_nobody_saw_is_not_called_idle(warehouse: Warehouse):
    """Six hours of which no pod tells: 200 dollars of unknown use."""
    pod(warehouse, "nlp", hours=18, gpu_request=8, cpu_request_cores=96, ram_request_gib=1152)
    build(warehouse)
    found = row(warehouse, namespace=None)

    assert (found["cost_kind"], found["cost"]) == ("unattributed", 200)
    assert (found["idle_cost"], found["efficiency_ratio"]) == (None, None)


def test_a_machine_without_a_price_has_ratios_but_no_cost():
    """What was used of what is known without money."""
    warehouse = Warehouse(":memory:")
    node(warehouse)
    pod(warehouse, "nlp")
    bill(warehouse, "1", "other")
    build(warehouse)
    found = row(warehouse, team="nlp")

    assert (found["cpu_ratio"], found["gpu_ratio"]) == (0.5, 0.5)
    assert (found["cost"], found["used_cost"], found["efficiency_ratio"]) == (None, None, None)


def test_it_covers_every_part_of_every_machine(warehouse: Warehouse):
    """Its costs are those of ledger.pod_day, to the last digit."""
    for name in ("nlp", "ads", "rec"):
        pod(warehouse, name, hours=7, cpu_used_cores=13)
    build(warehouse)

    assert warehouse.rows("select sum(cost) from ledger.efficiency") == [(800,)]


def documented(checkout: Path, section: str) -> str:
    """The query in a section of the ledger's documentation."""
    text = (checkout / "src/quaestor/ledger/README.md").read_text(encoding="utf-8")
    [query] = re.findall(
        r"```sql\n(.*?)```", text.split(f"## {section}\n")[1].split("\n## ")[0], re.S
    )
    return query


def test_the_documented_query_tells_spot_and_on_demand_apart(warehouse: Warehouse, checkout: Path):
    """A machine of each kind and one of which nobody says, by what their own bills say."""
    for name, kind, cost in (("n2", "spot", "80"), ("n3", None, "8")):
        insert(
            warehouse, "usage.node", source="k", cluster="prod", node=name, seen_at=DAY,
            capacity_type=kind,
        )  # fmt: skip
        node(warehouse, node=name, provider_id=f"i-{name}")
        bill(warehouse, cost, f"i-{name}", x_row=int(name[1]))
    insert(
        warehouse, "usage.node", source="k", cluster="prod", node="n1", seen_at=DAY,
        capacity_type="on-demand",
    )  # fmt: skip
    for name in ("n1", "n2", "n3"):
        pod(warehouse, f"p{name}", node=name)
    build(warehouse)
    rows = warehouse.rows(documented(checkout, "Spot and on-demand apart"))

    assert [(*row[:3], round(row[3], 6), row[4], round(row[5], 6)) for row in rows] == [
        (date(2026, 10, 1), "prod", "on-demand", 800, 192, 700),
        (date(2026, 10, 1), "prod", "spot", 80, 192, 70),
        (date(2026, 10, 1), "prod", "unknown", 8, 192, 7),
    ]


def test_the_documented_query_begins_with_what_is_most_idle(warehouse: Warehouse, checkout: Path):
    """Capacity that nobody held, then what a team held and did not use."""
    pod(warehouse, "nlp")
    build(warehouse)
    rows = warehouse.rows(documented(checkout, "How much of it was used"))

    assert [(row[2], row[3], round(row[-1], 6)) for row in rows] == [
        (None, None, 700), ("ml", "nlp", 50),
    ]  # fmt: skip

"""The comparison in src/quaestor/ledger/README.md: every figure of it is worked out here."""

from __future__ import annotations

import re
from decimal import Decimal
from pathlib import Path

import pytest

from builders import clusters
from quaestor.warehouse.duckdb import Warehouse

CENT = Decimal("0.01")
# Cores, GiB and GPUs of the two pods.
TRAINING, PLAIN = (12, 128, 8), (84, 512, 0)
# An hour, GiB, and what OpenCost takes a core, a GiB and a GPU to cost where nobody says.
MACHINES = {
    "p4d.24xlarge": ("32.77", 1152, (0.031611, 0.004237, 0.95)),
    "Standard_ND96asr_v4": ("27.197", 900, (0.039, 0.001917, 0.0428925)),
}


def shown(checkout: Path, machine: str) -> dict[str, tuple[Decimal, ...]]:
    """The rows of the table about a machine: by the word they begin with, their figures."""
    text = (checkout / "src/quaestor/ledger/README.md").read_text(encoding="utf-8")
    table = text[text.index(f"| {machine},") :].split("\n\n")[0]
    rows = re.findall(r"\| (\w+).*? \| ([\d.]+) \| ([\d.]+) \| ([\d.]+) \|", table)
    return {name: tuple(map(Decimal, figures)) for name, *figures in rows}


def by_prices(hour: Decimal, gib: int, prices: tuple[float, ...]) -> tuple[Decimal, ...]:
    """A machine's hour by the prices of a core, a GiB and a GPU, scaled to what it costs."""

    def worth(amounts: tuple[int, ...]) -> float:
        return sum(amount * price for amount, price in zip(amounts, prices, strict=True))

    whole = worth((96, gib, 8))
    pods = [round(hour * Decimal(worth(one) / whole), 2) for one in (TRAINING, PLAIN)]
    idle = worth((0, gib - TRAINING[1] - PLAIN[1], 0)) / whole
    return (*pods, round(hour * Decimal(idle), 2))


def by_cores(hour: Decimal) -> tuple[Decimal, ...]:
    """A machine's hour by its cores alone; all of them are asked for."""
    pods = [round(hour * one[0] / 96, 2) for one in (TRAINING, PLAIN)]
    return (*pods, Decimal("0.00"))


def ours(hour: Decimal, gib: int) -> tuple[Decimal, ...]:
    """What the ledger makes of it."""
    warehouse = Warehouse(":memory:")
    clusters.node(warehouse, hours=1, ram_gib=gib)
    for name, (cores, ram, gpus) in {"training": TRAINING, "plain": PLAIN}.items():
        asked = {"cpu_request_cores": cores, "ram_request_gib": ram, "gpu_request": gpus}
        clusters.pod(warehouse, name, hours=1, **asked)
    clusters.bill(warehouse, str(hour))
    clusters.divided(warehouse)
    costs = dict(warehouse.rows("select allocated_to, cost from ledger.pod_day"))

    assert sum(costs.values()) == hour
    return tuple(round(costs[name], 2) for name in ("ml/training", "ml/plain", "idle/ram"))


@pytest.mark.parametrize("machine", MACHINES)
def test_the_comparison_says_what_each_makes_of_the_machine(machine: str, checkout: Path):
    """By OpenCost's defaults, by Koku's driver, and by the ledger itself."""
    price, gib, defaults = MACHINES[machine]
    hour = Decimal(price)

    assert shown(checkout, machine) == {
        "OpenCost": by_prices(hour, gib, defaults),
        "Koku": by_cores(hour),
        "Quaestor": ours(hour, gib),
    }

"""Sizes of 10,000 workloads from 14 days of 5-minute samples: 40 million rows.

Ours makes the spans, what to request, the replay and the advice; the baseline is one pass of the
engine over the same table, for p95 of CPU and the most memory of each pod. The engine has 2 threads
and 4 GB. A scale below 1 has fewer workloads: SIZING_SCALE=0.1 python tests/bench/run.py sizing
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from measure import Measured, in_turn, peak_megabytes

from quaestor import ledger
from quaestor.ledger import advice
from quaestor.ledger.model_file import read
from quaestor.warehouse.duckdb import Warehouse

SQL = Path(__file__).with_name("sizing_rows.sql")
THREADS, MEMORY, ROUNDS = 2, "4GB", 3
STEPS = ("container_span", "container_request", "backtest")
BASELINE = """
create or replace temp table by_hand as
select
    cluster, namespace, pod, container, quantile_cont(cpu_used_cores, 0.95), max(ram_used_gib)
from usage.container_sample
group by cluster, namespace, pod, container
"""


def sizing(folder: Path) -> Iterator[Measured]:
    """Time both, and take the memory of ours in a process of its own."""
    workloads = int(10_000 * float(os.environ.get("SIZING_SCALE", "1")))
    path = folder / "sizing.duckdb"
    with opened(path) as warehouse:
        warehouse.run("set preserve_insertion_order = false")
        for statement in SQL.read_text(encoding="utf-8").split(";\n"):
            if statement.strip():
                warehouse.run(statement.replace("$workloads", str(workloads)))
        warehouse.run("checkpoint")
        warehouse.run("reset preserve_insertion_order")
        name = f"sizing, {workloads * 14 * 288:,} samples of {workloads:,} workloads"
        ours, baseline = in_turn(ROUNDS, advised(warehouse), lambda: warehouse.run(BASELINE))
        yield Measured(f"{name} / one quantile pass", ours, baseline, 3)
    asked = [sys.executable, __file__, str(path)]
    done = subprocess.run(asked, capture_output=True, text=True, check=True)
    yield Measured(f"{name}: memory in GB", float(done.stdout.split()[-1]) / 1000, None, 4)
    path.unlink()


def opened(path: Path) -> Warehouse:
    """Open a warehouse as large as a small machine lets it be."""
    warehouse = Warehouse(path)
    warehouse.run(f"set threads = {THREADS}")
    warehouse.run(f"set memory_limit = '{MEMORY}'")
    return warehouse


def advised(warehouse: Warehouse) -> Callable[[], None]:
    """Return what makes the advice, from nothing each time."""
    models = [read(ledger.SQL / "advice" / f"{step}.sql") for step in STEPS]
    kind = advice.kinds()["container_size"]

    def work() -> None:
        with warehouse.transaction():
            for model in models:
                warehouse.run(f"delete from ledger.{model.name}")
                warehouse.run(f"insert into ledger.{model.name} {model.filled({})}")
                show(model.name)
            warehouse.run("delete from ledger.assessment")
            warehouse.run(
                "insert into ledger.assessment by name "
                f"select 'container_size' as kind, * from ({kind.filled({})})"
            )
            show(kind.name)

    return work


def show(step: str) -> None:
    """Tell when each step ended, where one wants to know."""
    if os.environ.get("SIZING_SHOW"):
        print(f"{time.perf_counter():9.2f} {step}", flush=True)


if __name__ == "__main__":
    with opened(Path(sys.argv[1])) as alone:
        advised(alone)()
    print(peak_megabytes())

"""The ledger of a year: 10 million charges, 20 million pod-hours, 200 models.

The engine has 2 threads and 4 GB. Ours and what it is held against run in turn. A scale below 1
makes a smaller company: LEDGER_SCALE=0.1 python tests/bench/run.py ledger
"""

from __future__ import annotations

import gc
import os
import resource
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from measure import Measured, in_turn, peak_megabytes, seconds

from quaestor import ledger as the_ledger
from quaestor import pipeline
from quaestor.core.config import Config, parse_config
from quaestor.normalise import settings
from quaestor.warehouse.duckdb import Warehouse

NOW = datetime(2026, 11, 21)
HOURS = 365 * 24
SQL = Path(__file__).with_name("ledger_rows.sql")
THREADS, MEMORY, AUDIT_MEMORY = 2, "4GB", "450MB"
CONFIG = """
attribution:
  - {name: platform, match: {ServiceName: Service 7}, team: platform}
  - {name: by-sku, match: {SkuMeter: "/^meter-39[0-9]$/"}, team: data}
shared:
  - {name: support, match: {ServiceName: Service 59}, by: cost}
budgets:
  - {name: all, amount: 1000000}
  - {name: first, amount: 1000, team: team-1}
"""
# What one would write by hand to see the same tables once, each read and grouped by day.
BY_HAND = (
    """
    create or replace temp table bill as
    select
        ChargePeriodStart::date as day, ServiceName, SubAccountId, RegionId, ResourceId,
        ChargeCategory, Tags, BillingCurrency, sum(BilledCost), sum(EffectiveCost),
        sum(ListCost), sum(ContractedCost), count(*)
    from focus.charge group by all
    """,
    """
    create or replace temp table pods as
    select
        hour::date as day, cluster, node, namespace, pod, labels, sum(cpu_request_cores),
        sum(cpu_used_cores), sum(ram_request_gib), sum(ram_used_gib), sum(gpu_request),
        sum(gpu_used_ratio), sum(up_ratio), count(*)
    from usage.pod_hour group by all
    """,
    """
    create or replace temp table nodes as
    select
        hour::date as day, cluster, node, provider_id, gpu_model, sum(cpu_cores), sum(ram_gib),
        sum(gpus), sum(up_ratio), count(*)
    from usage.node_hour group by all
    """,
)
COLUMNS = (
    "BilledCost", "EffectiveCost", "ListCost", "ContractedCost", "ChargePeriodStart",
    "BillingPeriodStart", "ChargeCategory", "ServiceName", "ServiceCategory", "SubAccountId",
    "RegionId", "ResourceId", "Tags", "BillingCurrency", "ProviderName", "x_billing_currency_rate",
)  # fmt: skip


@dataclass(frozen=True)
class Size:
    """How large the company is."""

    charges: int
    pod_hours: int

    @property
    def parameters(self) -> dict[str, int]:
        """Numbers for the SQL: things that are there in each of a year's hours."""
        resources = self.charges // HOURS
        pods = self.pod_hours // HOURS
        return {"resources": resources, "nodes": max(3, pods // 8), "pods": pods}


def ledger(folder: Path) -> Iterator[Measured]:
    """The build against the engine's own grouping, its growth, a day more, and the whole audit."""
    scale = float(os.environ.get("LEDGER_SCALE", "1"))
    large = Size(int(10_000_000 * scale), int(20_000_000 * scale))
    small = Size(large.charges // 10, large.pod_hours // 10)
    name = f"{large.charges:,} charges, {large.pod_hours:,} pod-hours"
    with estate(folder / "small.duckdb", small) as warehouse:
        small_seconds, _ = in_turn(3, *against(warehouse))
    with estate(folder / "large.duckdb", large) as warehouse:
        whole, by_hand = in_turn(2, *against(warehouse))
        yield Measured(f"ledger, {name} / scan and group", whole, by_hand, 6)
        yield Measured("ledger, ten times the rows / one", whole, small_seconds, 11)
        with warehouse.transaction():
            build(warehouse)
        a_day_more(warehouse)
        with warehouse.transaction():
            increment = seconds(lambda: build(warehouse))
        yield Measured("ledger, a day more / the whole", increment, whole, 0.05)
    (folder / "large.duckdb").unlink()
    yield from audit(folder, large)


def audit(folder: Path, size: Size) -> Iterator[Measured]:
    """Build, judge 200 models, report: CPU of a process of its own, without clusters."""
    path = folder / "judged.duckdb"
    with estate(path, Size(size.charges, 0)) as warehouse:
        scan = f"select {', '.join(f'max({column})' for column in COLUMNS)} from focus.charge"
        warehouse.run(scan)
        before = cpu(resource.RUSAGE_SELF)
        warehouse.run(scan)
        raw = cpu(resource.RUSAGE_SELF) - before
    done = subprocess.run(
        [sys.executable, __file__, str(path), str(folder)],
        capture_output=True,
        text=True,
        check=True,
    )
    used, peak = map(float, done.stdout.split())
    name = f"whole audit, {size.charges:,} charges, 200 models"
    yield Measured(f"{name}: CPU / one scan of 16 columns", used, raw, 5)
    yield Measured(f"{name}: memory in GB", peak / 1000, None, 0.7)


def audited(path: Path, folder: Path) -> tuple[float, float]:
    """Run the audit here; return CPU seconds and megabytes."""
    with Warehouse(path) as warehouse, warehouse.transaction():
        limit(warehouse, AUDIT_MEMORY)
        build(warehouse)
    config = configuration(folder)
    policies = pipeline_policies(config)
    with Warehouse(path, read_only=True) as warehouse:
        from quaestor.audit.evaluate import evaluate

        limit(warehouse, AUDIT_MEMORY)
        evaluate(warehouse, policies, params=config.params, now=NOW)
    pipeline.report(config, path, (), now=NOW, progress=silent, folder=folder / "reports")
    return cpu(resource.RUSAGE_SELF), peak_megabytes()


def pipeline_policies(config: Config) -> Sequence[object]:
    """Return the policies that come with Quaestor."""
    from quaestor.audit.policies import load_policies, places_of

    return load_policies(places_of(config))


def configuration(folder: Path) -> Config:
    """Return the configuration under which the ledger is built."""
    return parse_config(CONFIG, folder, {})


def estate(path: Path, size: Size) -> Warehouse:
    """Make the warehouse of a company and open it."""
    warehouse = Warehouse(path)
    limit(warehouse, MEMORY)
    warehouse.run("set preserve_insertion_order = false")
    for statement in SQL.read_text(encoding="utf-8").split(";\n"):
        asked = {**size.parameters, "hours": HOURS}
        if statement.strip():
            for name, value in asked.items():
                statement = statement.replace(f"${name}", str(value))
            warehouse.run(statement)
    warehouse.run("reset preserve_insertion_order")
    settings.write(warehouse, configuration(path.parent))
    warehouse.run("checkpoint")
    return warehouse


def a_day_more(warehouse: Warehouse) -> None:
    """Bill the next day as the last one was, and let its clusters run."""
    for table, times in {
        "focus.charge": ("ChargePeriodStart", "ChargePeriodEnd"),
        "usage.node_hour": ("hour",),
        "usage.pod_hour": ("hour",),
    }.items():
        later = ", ".join(f"{time} + interval 1 day as {time}" for time in times)
        warehouse.run(
            f"insert into {table} select * replace ({later}) from {table} "
            f"where {times[0]} >= (select max({times[0]}) - interval 23 hours from {table})"
        )
    warehouse.run("checkpoint")


def against(warehouse: Warehouse) -> tuple[object, object]:
    """Return the build, taken back each time, and the same tables grouped by hand."""

    def ours() -> None:
        warehouse.run("begin transaction")
        build(warehouse)
        warehouse.run("rollback")
        gc.collect()

    def by_hand() -> None:
        for statement in BY_HAND:
            warehouse.run(statement)

    return ours, by_hand


def build(warehouse: Warehouse) -> None:
    """Build the ledger of what is there."""
    progress = show if os.environ.get("LEDGER_SHOW") else silent
    the_ledger.build(warehouse, configuration(Path()), progress)


def limit(warehouse: Warehouse, memory: str) -> None:
    """Let the engine have so much and no more."""
    warehouse.run(f"set threads = {THREADS}")
    warehouse.run(f"set memory_limit = '{memory}'")


def cpu(whose: int) -> float:
    """Return the seconds that processors worked for a process."""
    used = resource.getrusage(whose)
    return used.ru_utime + used.ru_stime


def silent(step: str) -> None:
    """Nobody watches a benchmark."""


_STARTED = time.perf_counter()


def show(step: str) -> None:
    """Tell when each step began."""
    print(f"{time.perf_counter() - _STARTED:9.2f} {step}", flush=True)


if __name__ == "__main__":
    print(*audited(Path(sys.argv[1]), Path(sys.argv[2])))

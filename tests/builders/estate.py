"""An estate that is made from the truth: whose every cent is, stands in the tables `truth.*`.

`estate.sql` writes what is true, and from it what bills, clusters and registries tell of it, into
a warehouse. There are no random numbers in it: a seed and the same sizes give the same estate.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path

from quaestor.warehouse.duckdb import Warehouse

SQL = Path(__file__).with_suffix(".sql")
CONFIG = """
attribution:
  - name: account-of-a-model
    match: {SubAccountId: "/^acct-(model-[0-9]+)$/"}
    model: "{1}"
    lifecycle_stage: evaluation
shared:
  - {name: support, match: {ServiceName: Support}, by: even, among: model}
  - name: transit
    match: {ServiceName: Transit}
    by: fixed
    among: team
    shares: {team-0: 0.75, team-1: 0.25}
names:
  - {field: team, old: team-old, new: team-0}
"""
RATES = "date,currency,rate\n2026-01-01,EUR,1.25\n2026-01-01,JPY,0.01\n"


def estate(
    warehouse: Warehouse,
    *,
    seed: int = 1,
    models: int = 6,
    days: int = 14,
    clusters: int = 2,
    nodes: int = 4,
    start: date = date(2026, 9, 24),
) -> Warehouse:
    """Fill an empty warehouse with an estate and its truth.

    Args:
        warehouse: Where to.
        seed: Another one gives another estate.
        models: How many, of three teams; each has two versions, an endpoint and six jobs.
        days: How many are billed; two or more.
        clusters: Every second one is billed in euros.
        nodes: Of a cluster; every second one has GPUs, the second is covered by a commitment.
        start: The first day.
    """
    sizes = {"seed": seed, "models": models, "days": days, "clusters": clusters, "nodes": nodes}
    for name, size in sizes.items():
        warehouse.run(f"set variable estate_{name} = {int(size)}")
    warehouse.run(f"set variable estate_start = date '{start:%Y-%m-%d}'")
    warehouse.run(SQL.read_text(encoding="utf-8"))
    return warehouse


def rates(folder: Path) -> str:
    """Write the exchange rates of an estate; return the line of its configuration."""
    path = folder / "rates.csv"
    path.write_text(RATES)
    return f"rates: {path}\n"

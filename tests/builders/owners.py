"""One step of the ledger at a time: what resources are, and whose lines and pods are."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from builders.ledgers import a_warehouse, config
from builders.rows import insert
from quaestor.ledger import SQL
from quaestor.ledger.rules import create_views
from quaestor.normalise import currency, settings
from quaestor.warehouse.duckdb import Warehouse

DAY = "2026-10-05"


def fill(warehouse: Warehouse, *tables: str) -> None:
    """Run the SELECTs of these tables, and of no other."""
    for table in tables:
        [path] = SQL.rglob(f"{table}.sql")
        warehouse.run(f"delete from ledger.{table}")
        warehouse.run(f"insert into ledger.{table} by name {path.read_text()}")


def lines(warehouse: Warehouse, text: str = "") -> Warehouse:
    """Fill what stands behind `ledger.line`, under a configuration."""
    settings.write(warehouse, config(text))
    currency.settle(warehouse)
    create_views(warehouse, config(text))
    warehouse.run(
        "insert or ignore into ledger.stale_day (day, billed) "
        "select distinct ChargePeriodStart::date, true from focus.charge"
    )
    fill(warehouse, "charge_day", "tag_set", "lineage")
    return warehouse


def billed(*resources: str, **more: Any) -> Warehouse:
    """A bill of one dollar for each of these resources."""
    return a_warehouse(*({"ResourceId": one, **more} for one in resources))


def pods(warehouse: Warehouse, text: str = "", *, day: str = DAY) -> Warehouse:
    """Fill what stands behind `ledger.pod_owner`, under a configuration."""
    settings.write(warehouse, config(text))
    create_views(warehouse, config(text))
    warehouse.run(f"insert or ignore into ledger.stale_day (day, billed) values ('{day}', true)")
    fill(warehouse, "label_set")
    return warehouse


def a_pod(
    warehouse: Warehouse,
    pod: str,
    labels: Mapping[str, str] | str | None,
    *,
    namespace: str = "ml",
    cluster: str = "prod",
    day: str = DAY,
) -> None:
    """Let a pod have run on a day."""
    text = json.dumps(labels, ensure_ascii=False) if isinstance(labels, Mapping) else labels
    given = {
        "day": day, "source": "prom", "cluster": cluster, "namespace": namespace, "pod": pod,
        "labels": text,
    }  # fmt: skip
    numbers = {
        name: 0
        for name, kind in warehouse.columns("ledger.pod_use").items()
        if name not in given and kind.startswith(("BIGINT", "DECIMAL", "INTEGER"))
    }
    truths = {
        name: True
        for name, kind in warehouse.columns("ledger.pod_use").items()
        if kind == "BOOLEAN"
    }
    insert(warehouse, "ledger.pod_use", **given, **numbers, **truths)

"""Clusters put straight into a warehouse, and the tables that divide them filled from that."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from builders.ledgers import config
from builders.owners import fill
from builders.rows import charge, insert
from quaestor.ledger.rules import create_views
from quaestor.normalise import currency, settings
from quaestor.warehouse.duckdb import Warehouse

DAY = datetime(2026, 10, 5)
TABLES = (
    *("tag_set", "charge_day", "lineage", "node_day", "unit_weight", "machine_day", "pod_gpu"),
    *("full_hour", "pod_use", "pod_claim", "label_set", "pod_day", "resource_share"),
)


def node(warehouse: Warehouse, hours: int = 24, first: int = 0, **more: Any) -> None:
    """Some hours of a machine with eight A100."""
    row = {
        "source": "k",
        "cluster": "prod",
        "node": "n1",
        "provider_id": "i-1",
        "cpu_cores": 96,
        "ram_gib": 1152,
        "gpus": 8,
        "gpu_model": "NVIDIA-A100-SXM4-40GB",
        "up_ratio": 1,
        **more,
    }
    _hours(warehouse, "usage.node_hour", hours, first, row)


def pod(warehouse: Warehouse, name: str, hours: int = 24, first: int = 0, **more: Any) -> None:
    """Some hours of a pod, of the team of its name, that asks for an eighth of the machine."""
    row = {
        "source": "k",
        "cluster": "prod",
        "namespace": "ml",
        "pod": name,
        "node": "n1",
        "cpu_request_cores": 12,
        "cpu_used_cores": 6,
        "ram_request_gib": 144,
        "ram_used_gib": 72,
        "gpu_request": 1,
        "gpu_used_ratio": 0.5,
        "up_ratio": 1,
        "labels": f'{{"team": "{name}"}}',
        **more,
    }
    _hours(warehouse, "usage.pod_hour", hours, first, row)


def _hours(warehouse: Warehouse, table: str, hours: int, first: int, row: dict[str, Any]) -> None:
    for hour in range(first, first + hours):
        insert(warehouse, table, hour=DAY + timedelta(hours=hour), **row)


def bill(warehouse: Warehouse, cost: str = "100", resource: str = "i-1", **more: Any) -> None:
    """What a machine cost on the day."""
    charge(warehouse, f"{DAY:%Y-%m-%d}", cost, ResourceId=resource, **more)


def divided(warehouse: Warehouse, text: str = "") -> Warehouse:
    """Fill every table that the division of clusters is made of."""
    settings.write(warehouse, config(text))
    currency.settle(warehouse)
    create_views(warehouse, config(text))
    warehouse.run(
        """
        insert or ignore into ledger.stale_day (day, billed)
        select distinct hour::date, true from usage.node_hour
        union select distinct hour::date, true from usage.pod_hour
        union select distinct ChargePeriodStart::date, true from focus.charge
        """
    )
    fill(warehouse, *TABLES)
    return warehouse

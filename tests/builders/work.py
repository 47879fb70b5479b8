"""Jobs, machines, runs, versions and endpoints, put straight into a warehouse."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from builders.rows import charge, insert
from quaestor.warehouse.duckdb import Warehouse

SEEN = datetime(2026, 11, 1)
_numbers = iter(range(10**9))


def a_warehouse() -> Warehouse:
    """An empty warehouse that reports in USD."""
    warehouse = Warehouse(":memory:")
    warehouse.run("insert into config.setting values ('currency', 'USD')")
    return warehouse


def billed(warehouse: Warehouse, day: str, cost: str, resource: str | None, **row: Any) -> None:
    """One charge for a resource on a day; 24 hours of it unless `hours` says otherwise."""
    hours = row.pop("hours", "24")
    measured = {"ConsumedQuantity": hours, "ConsumedUnit": "Hours"} if hours else {}
    values = {
        "ResourceId": resource,
        "SkuId": "machine",
        "ChargePeriodEnd": datetime.fromisoformat(day) + timedelta(days=1),
        "x_row": next(_numbers),
        **measured,
        **row,
    }
    charge(warehouse, day, cost, **values)


def job(warehouse: Warehouse, name: str, start: str, hours: float | None, **row: Any) -> None:
    """One job of Slurm on gpu-1 with one GPU, that completed after so many hours."""
    started = datetime.fromisoformat(start)
    ended = None if hours is None else started + timedelta(hours=hours)
    values = {
        "source": "slurm",
        "job": name,
        "kind": "slurm",
        "gpus": 1,
        "started_at": started,
        "ended_at": ended,
        "state": "completed",
        "resource_id": "gpu-1",
        "seen_at": SEEN,
        **row,
    }
    if hours is not None and "gpu_hours" not in row:
        values["gpu_hours"] = values["gpus"] * hours
    insert(warehouse, "usage.gpu_job", **values)


def node(warehouse: Warehouse, name: str = "gpu-1", gpus: int | None = 1, **row: Any) -> None:
    """A machine with so many GPUs."""
    values = {"source": "hosts", "cluster": "c", "node": name, "gpus": gpus, "seen_at": SEEN, **row}
    insert(warehouse, "usage.node", **values)


def run(warehouse: Warehouse, run_id: str, start: str, hours: float = 1, **row: Any) -> None:
    """One finished run of MLflow, in experiment 7."""
    started = datetime.fromisoformat(start)
    values = {
        "source": "mlflow",
        "run_id": run_id,
        "experiment": "7",
        "status": "FINISHED",
        "started_at": started,
        "ended_at": started + timedelta(hours=hours),
        **row,
    }
    insert(warehouse, "registry.run", **values)


def version(warehouse: Warehouse, model: str, name: str, created: str, **row: Any) -> None:
    """A version of a model."""
    values = {"source": "mlflow", "model": model, "version": name, "created_at": created, **row}
    insert(warehouse, "registry.model_version", **values)


def served(warehouse: Warehouse, endpoint: str, hour: str, requests: float, **row: Any) -> None:
    """An hour of an endpoint."""
    values = {"source": "serving", "endpoint": endpoint, "hour": hour, "requests": requests, **row}
    insert(warehouse, "usage.endpoint_hour", **values)


def endpoint(warehouse: Warehouse, name: str, model: str, version: str | None = None) -> None:
    """An endpoint that serves a version of a model."""
    insert(
        warehouse,
        "usage.endpoint",
        source="serving",
        endpoint=name,
        model=model,
        model_version=version,
        seen_at=SEEN,
    )


def costs(warehouse: Warehouse) -> dict[str, Decimal | None]:
    """What each run cost, to the last digit."""
    return dict(warehouse.rows("select run, cost from ledger.run_cost order by run"))

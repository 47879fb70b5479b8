"""Clusters, jobs, endpoints and samples put straight into a warehouse, and their GPU ledger."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import quaestor.ledger
from builders.ledgers import config
from builders.rows import charge, insert
from quaestor.core.period import utc
from quaestor.ledger import rules, stale
from quaestor.ledger.model_file import read
from quaestor.normalise import currency, settings
from quaestor.warehouse.duckdb import Warehouse

LEDGER = Path(quaestor.ledger.__path__[0])
START = utc("2026-11-01")
_COMMENT = re.compile(r"--[^\n]*")
_MODELS = {path.stem: path for path in (LEDGER / "sql").rglob("*.sql")}


def a_node(hours: int = 1, **columns: Any) -> dict[str, Any]:
    """A node of four GPUs that was up for some hours from midnight on."""
    return {
        "hours": hours,
        "source": "nodes",
        "cluster": "prod",
        "node": "n1",
        "provider_id": "i-1",
        "gpu_model": "A10G",
        "gpus": 4,
        "up_ratio": 1.0,
        **columns,
    }


def a_pod(hours: int = 1, **columns: Any) -> dict[str, Any]:
    """A pod on that node that asks for two GPUs and uses half of them."""
    return {
        "hours": hours,
        "source": "pods",
        "cluster": "prod",
        "namespace": "ml",
        "pod": "p1",
        "node": "n1",
        "gpu_request": 2.0,
        "gpu_used_ratio": 0.5,
        "up_ratio": 1.0,
        "labels": '{"team": "nlp", "model": "churn"}',
        **columns,
    }


def a_job(hours: float = 3, **columns: Any) -> dict[str, Any]:
    """A job of four GPUs that ended well, with its GPU-hours as loaders write them."""
    row = {
        "source": "slurm",
        "job": "7",
        "kind": "slurm",
        "gpu_model": "A100",
        "gpus": 4.0,
        "state": "completed",
        "started_at": START,
        "queue": "gpu",
        "seen_at": START + timedelta(days=30),
        **columns,
    }
    row.setdefault("ended_at", row["started_at"] + timedelta(hours=hours))
    row.setdefault("gpu_hours", row["gpus"] * hours)
    return row


def an_endpoint(**columns: Any) -> dict[str, Any]:
    """An endpoint of two instances with one GPU each that was made and looked at at midnight."""
    return {
        "source": "sage",
        "endpoint": "chat",
        "kind": "sagemaker",
        "model": "churn",
        "resource_id": "arn:aws:sagemaker:eu-west-1:1:endpoint/chat",
        "instances": 2,
        "gpus": 2.0,
        "gpu_model": "A10G",
        "created_at": START,
        "seen_at": START,
        **columns,
    }


def know(warehouse: Warehouse, table: str, *rows: Mapping[str, Any]) -> None:
    """Insert rows; one with `hours` stands for as many hours from midnight on."""
    for row in rows:
        columns = {name: value for name, value in row.items() if name != "hours"}
        if "hours" not in row:
            insert(warehouse, table, **columns)
            continue
        for hour in range(row["hours"]):
            insert(warehouse, table, hour=START + timedelta(hours=hour), **columns)


def bill(warehouse: Warehouse, resource: str | None, cost: str, **columns: Any) -> None:
    """Charge a resource on the first day."""
    day = columns.pop("day", START)
    charge(
        warehouse,
        f"{day:%Y-%m-%d}",
        cost,
        ResourceId=resource,
        ChargePeriodEnd=day + timedelta(days=1),
        x_row=warehouse.row("select count(*) from focus.charge")[0] + 1,
        **columns,
    )


def gpu_ledger(
    warehouse: Warehouse, text: str = "", wanted: Collection[str] = ("gpu_waterfall",)
) -> Warehouse:
    """Fill the tables that the GPU ledger is made from, and it, as a whole build does."""
    settings.write(warehouse, config(text))
    currency.settle(warehouse)
    rules.create_views(warehouse, config(text))
    for state in ("day_state", "row_state"):
        warehouse.run(f"delete from ledger.{state}")
    stale.find(warehouse, b"", [])
    for table in _needed(wanted):
        warehouse.run(f"delete from ledger.{table}")
        select = read(_MODELS[table]).filled(config(text).advice.params.get(table, {}))
        warehouse.run(f"insert into ledger.{table} by name {select}")
        if table in stale.WATCHED:
            warehouse.run(f"create or replace temp table nothing as from ledger.{table} limit 0")
            stale.WATCHED[table](warehouse, table, "nothing")
    return warehouse


def wrong(warehouse: Warehouse, check: str) -> list[tuple[Any, ...]]:
    """The rows that a check of the ledger complains about."""
    return warehouse.rows((LEDGER / "checks" / f"{check}.sql").read_text(encoding="utf-8"))


def _needed(wanted: Collection[str], done: list[str] | None = None) -> list[str]:
    """Tables and what they read, each after what it reads."""
    done = [] if done is None else done
    for table in sorted(wanted):
        if table in _MODELS and table not in done:
            read = re.findall(r"\bledger\.(\w+)", _COMMENT.sub("", _MODELS[table].read_text()))
            below = {one for name in read for one in rules.VIEWS.get(name, {name})}
            _needed(below - {table}, done)
            done.append(table)
    return done

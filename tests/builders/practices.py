"""Versions put straight into a registry, and what is made of how they are run."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from builders.ledgers import a_warehouse, config
from builders.rows import insert
from quaestor.ledger.advice import SQL
from quaestor.ledger.model_file import read
from quaestor.normalise import settings
from quaestor.warehouse.duckdb import Warehouse

DAY = datetime(2026, 10, 31)  # the last day of the bill
FIELDS = (
    *("model.owner", "model_version.run_id", "model_version.created_by"),
    *("model_version.evaluated_at", "model_version.approved_by", "model_version.monitoring"),
    *("run", "run.pipeline", "run.git_commit", "dataset", "dataset.digest"),
    *("dataset.quality_status", "deployment", "deployment.created_by", "deployment.monitoring"),
    *("deployment.rollout_strategy", "deployment.rolls_back"),
)


def a_registry(*, supplies: tuple[str, ...] = FIELDS) -> Warehouse:
    """A registry without versions that can tell all that is asked for, and 30 days of a bill."""
    warehouse = a_warehouse()
    for field in supplies:
        insert(warehouse, "registry.evidence", source="mlflow", field=field, supplied=True)
    warehouse.run(
        "insert into ledger.billed_day select day::date, 1, true "
        "from generate_series(?::timestamp - interval 29 days, ?, interval 1 day) as s(day)",
        [DAY, DAY],
    )
    return warehouse


def a_version(warehouse: Warehouse, model: str = "churn", version: str = "1", **more: Any) -> None:
    """A version in production, of a run by hand: nothing else is said of it.

    `run`, `dataset` and `deployment` are columns of these; None: there is none.
    """
    run = {"started_at": datetime(2026, 9, 1), "ended_at": datetime(2026, 9, 2)}
    run |= more.pop("run", None) or {}
    dataset, deployment = more.pop("dataset", None), more.pop("deployment", None)
    name = f"{model}-{version}"
    insert(
        warehouse,
        "registry.model_version",
        **{
            "source": "mlflow",
            "model": model,
            "version": version,
            "lifecycle": "production",
            "run_id": name,
            "created_at": datetime(2026, 9, 2),
            "created_by": "ada",
            **more,
        },
    )
    insert(warehouse, "registry.run", source="mlflow", run_id=name, **run)
    if dataset is not None:
        row = {"source": "mlflow", "run_id": name, "dataset": "orders", **dataset}
        insert(warehouse, "registry.dataset", **row)
    if deployment is not None:
        row = {"source": "mlflow", "deployment": name, "model": model, "version": version}
        insert(warehouse, "registry.deployment", **{**row, "environment": "prod", **deployment})


GOOD = {
    "run": {"pipeline": "train-churn", "git_commit": "abc", "tags": '{"gov.trigger": "schedule"}'},
    "dataset": {"digest": "d1", "quality_status": "passed"},
    "deployment": {
        "rollout_strategy": "canary",
        "rolls_back": True,
        "monitoring": "drift",
        "created_by": "ci-bot",
        "status": "InService",
        "created_at": datetime(2026, 9, 3),
    },
    "created_by": "svc-train",
    "approved_by": "grace",
    "evaluated_at": datetime(2026, 9, 2),
}


def serving(warehouse: Warehouse, model: str, cost_per_day: float) -> None:
    """What serving a model cost on each of the 30 days; 24 a day are 730 a month."""
    warehouse.run(
        "insert into ledger.model_day (day, model, lifecycle_stage, cost_kind, billed_cost, "
        "effective_cost) select day, ?, 'inference', 'direct', ?, ? from ledger.billed_day",
        [model, cost_per_day, cost_per_day],
    )


def practised(warehouse: Warehouse, text: str = "") -> Warehouse:
    """Make the tables of how models are run, under a configuration."""
    settings.write(warehouse, config(text))
    given = config(text).advice.params
    for table in ("version_practice", "cost_of_no_mlops", "maturity"):
        select = read(SQL.parent / "advice" / f"{table}.sql").filled(given.get(table, {}))
        warehouse.run(f"delete from ledger.{table}")
        warehouse.run(f"insert into ledger.{table} {select}")
    return warehouse

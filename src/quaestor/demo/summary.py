"""The few figures that `quaestor demo` prints, read from the audited warehouse."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

from quaestor.warehouse.duckdb import Warehouse

IDLE_DAYS = 7


@dataclass(frozen=True)
class Summary:
    """What the estate cost and how much of it is known.

    Args:
        month: First day of the last complete month.
        cost: Its effective cost, in the reporting currency.
        model_ratio: The share of it that reaches a model, in [0, 1].
        idle_cost: What idle GPUs cost in the last IDLE_DAYS days; None: no GPU is on a bill.
        gpu_cost: What all GPU machines cost in these days.
        models: How many models are registered.
    """

    month: date
    cost: Decimal
    model_ratio: float | None
    idle_cost: Decimal | None
    gpu_cost: Decimal | None
    models: int


def summarise(warehouse_path: Path, now: datetime) -> Summary:
    """Read the figures.

    Raises:
        LookupError: The warehouse holds no complete month.
    """
    with Warehouse(warehouse_path, read_only=True) as warehouse:
        month, cost, ratio = warehouse.row(
            """
            select month, effective_cost, model_ratio from ledger.coverage
            where month < date_trunc('month', $now::timestamp) order by month desc limit 1
            """,
            {"now": now},
        )
        idle, gpus = warehouse.row(
            """
            select sum(idle_cost), sum(cost) from ledger.gpu_hour
            where day < $now::timestamp::date and day >= $now::timestamp::date - $days::integer
            """,
            {"now": now, "days": IDLE_DAYS},
        )
        (models,) = warehouse.row("select count(distinct model) from registry.model")
        return Summary(month, cost, ratio, idle, gpus, models)

"""The few figures that `quaestor demo` prints, read from the audited warehouse."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

from quaestor.warehouse.duckdb import Warehouse

IDLE_DAYS = 7
_SINCE = """
with pair as (
    select run_id, run_before(run_id) as before_run_id
    from audit.latest_run
)
select
    (select audited_at from audit.run where run_id = (select before_run_id from pair)),
    count(*) filter (where change in ('new', 'back', 'unwaived')),
    count(*) filter (where change in ('closed', 'gone')),
    count(*) filter (where change = 'waived')
from finding_changes((select before_run_id from pair), (select run_id from pair))
"""


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
        previous: When it was audited before; None: never, as far as the warehouse knows.
        began: How many violations are new since then.
        ended: How many of then are no more.
        waived: How many of then are waived now.
    """

    month: date
    cost: Decimal
    model_ratio: float | None
    idle_cost: Decimal | None
    gpu_cost: Decimal | None
    models: int
    previous: datetime | None
    began: int
    ended: int
    waived: int


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
        since = warehouse.row(_SINCE)
        return Summary(month, cost, ratio, idle, gpus, models, *since)

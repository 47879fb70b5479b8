"""What came of looking at objects that could cost less."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from builders.ledgers import A_CHARGE, build
from builders.rows import insert
from quaestor.warehouse.duckdb import Warehouse

PRESENT = datetime(2026, 10, 31, 23)  # the last hour that anybody tells of
FIRST_BILLED, LAST_BILLED = datetime(2026, 10, 2), datetime(2026, 10, 31)


def billed(warehouse: Warehouse, resource: str, cost_per_day: str, **columns: Any) -> None:
    """Put a charge of a resource on the bill on each of the 30 days up to PRESENT.

    24 a day are 730 a month.
    """
    (row,) = warehouse.row("select coalesce(max(x_row), 0) from focus.charge")
    days = (LAST_BILLED - FIRST_BILLED).days + 1
    for number in range(days):
        start = FIRST_BILLED + timedelta(days=number)
        told = {
            **A_CHARGE,
            "x_row": row + number + 1,
            "ChargeCategory": "Usage",
            "PricingCategory": "Standard",
            "ResourceId": resource,
            "ChargePeriodStart": start,
            "ChargePeriodEnd": start + timedelta(days=1),
            "BilledCost": cost_per_day,
            "EffectiveCost": cost_per_day,
            **columns,
        }
        insert(warehouse, "focus.charge", **told)


def hourly(
    warehouse: Warehouse, table: str, days: float, key: Mapping[str, Any], **figures: Any
) -> None:
    """Insert a row for each hour of the days up to PRESENT; a figure may be SQL over `hour`."""
    names = [*key, "hour", *figures]
    places = ", ".join("?" for _ in key)
    said = "".join(f", {figure}" for figure in figures.values())
    warehouse.run(
        f"insert into usage.{table} ({', '.join(names)}) select {places}, hour{said} "
        "from generate_series(?::timestamp, ?::timestamp, interval 1 hour) as s(hour)",
        [*key.values(), PRESENT - timedelta(days=days) + timedelta(hours=1), PRESENT],
    )


def advised(
    warehouse: Warehouse, kind: str, text: str = "advice: {least_saving: 0}"
) -> dict[str, dict[str, Any]]:
    """Build the ledger under a configuration; return a kind's assessments by their subject."""
    build(warehouse, text)
    rows = warehouse.records("select * from ledger.assessment where kind = ?", [kind])
    return {row["subject"]: row for row in rows}

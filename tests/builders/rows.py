"""Builders: rows put straight into a warehouse's tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from quaestor.warehouse.duckdb import Warehouse


def insert(warehouse: Warehouse, table: str, **row) -> None:
    """Insert one row by column name; what is not named is NULL."""
    columns = ", ".join(f'"{name}"' for name in row)
    marks = ", ".join("?" for _ in row)
    warehouse.run(f"insert into {table} ({columns}) values ({marks})", list(row.values()))


def charge(warehouse: Warehouse, day: str, cost: str, **row) -> None:
    """Insert one charge of one day, billed and effective cost being equal."""
    values = {
        "BilledCost": cost,
        "EffectiveCost": cost,
        "BillingCurrency": "USD",
        "x_billing_currency_rate": "1",
        "BillingPeriodStart": f"{day[:7]}-01",
        "BillingPeriodEnd": f"{day[:7]}-28",
        "ChargePeriodStart": day,
        "ChargePeriodEnd": f"{day} 23:00",
        "ChargeCategory": "Usage",
        "ServiceName": "Compute",
        "ProviderName": "AWS",
        "x_source": "bills",
        "x_file": "bills/oct.csv",
        "x_file_sha256": "ab" * 32,
        "x_row": 1,
    } | row
    insert(warehouse, "focus.charge", **values)


def insert_all(warehouse: Warehouse, table: str, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert many rows by column name, at once; what one does not name is NULL."""
    if not rows:
        return
    names = sorted({name for row in rows for name in row})
    columns = ", ".join(f'"{name}"' for name in names)
    warehouse.run(
        f"insert into {table} ({columns}) select {', '.join(['unnest(?)'] * len(names))}",
        [[row.get(name) for row in rows] for name in names],
    )

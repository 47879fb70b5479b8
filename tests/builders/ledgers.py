"""Charges put straight into a warehouse, and the ledger built from them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from builders.rows import insert
from quaestor import ledger
from quaestor.core.config import Config, parse_config
from quaestor.normalise import currency, settings
from quaestor.warehouse.duckdb import Warehouse

A_CHARGE: Mapping[str, Any] = {
    "BilledCost": "1",
    "EffectiveCost": "1",
    "BillingPeriodStart": datetime(2026, 10, 1),
    "ChargePeriodStart": datetime(2026, 10, 5),
    "BillingCurrency": "USD",
    "ProviderName": "AWS",
    "x_source": "bill",
    "x_file": "bill/files/a.csv",
    "x_file_sha256": "00",
}


def config(text: str = "") -> Config:
    """A configuration from YAML text."""
    return parse_config(text, Path(), {})


def a_warehouse(*charges: Mapping[str, Any]) -> Warehouse:
    """A warehouse with these charges; what one does not say is as in A_CHARGE.

    `tags` is a mapping, written as JSON.
    """
    warehouse = Warehouse(":memory:")
    warehouse.run("insert into config.setting values ('currency', 'USD')")
    for number, charge in enumerate(charges, start=1):
        row = {**A_CHARGE, "x_row": number, **charge}
        if isinstance(tags := row.pop("tags", None), Mapping):
            row["Tags"] = json.dumps(tags)
        insert(warehouse, "focus.charge", **row)
    return warehouse


def built(charges: Iterable[Mapping[str, Any]], text: str = "") -> Warehouse:
    """The ledger of these charges under a configuration."""
    warehouse = a_warehouse(*charges)
    build(warehouse, text)
    return warehouse


def build(warehouse: Warehouse, text: str = "") -> None:
    """Settle currencies and build the ledger, as the pipeline does."""
    settings.write(warehouse, config(text))
    currency.settle(warehouse)
    ledger.build(warehouse, config(text), lambda _: None)

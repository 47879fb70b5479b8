"""The configuration as tables, so that the ledger's SQL can read it."""

from __future__ import annotations

from quaestor.core.config import Config
from quaestor.normalise.currency import read_rates
from quaestor.warehouse.duckdb import Warehouse


def write(warehouse: Warehouse, config: Config) -> None:
    """Replace `config.*` with what the configuration says.

    Raises:
        ConfigurationError: The rates file cannot be read.
    """
    read_rates(warehouse, config.resolve(config.rates) if config.rates else None)
    warehouse.run("insert or replace into config.setting values ('currency', ?)", [config.currency])
    warehouse.run("delete from config.tag_key")
    for field in config.tags.__struct_fields__:
        for position, key in enumerate(getattr(config.tags, field)):
            warehouse.run("insert into config.tag_key values (?, ?, ?)", [field, position, key])
    warehouse.run("delete from config.budget")
    for one in config.budgets:
        warehouse.run(
            "insert into config.budget values (?, ?, ?, ?, ?, ?)",
            [one.name, f"{one.amount:f}", one.team, one.model, one.environment, one.starts],
        )

"""The configuration as tables, so that the ledger's SQL can read it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from quaestor.core.config import Config
from quaestor.core.errors import ConfigurationError
from quaestor.normalise import carbon_factors, machine_facts, price_book
from quaestor.normalise.currency import read_rates
from quaestor.warehouse.duckdb import Warehouse


def write(warehouse: Warehouse, config: Config) -> None:
    """Replace `config.*` with what the configuration says.

    Raises:
        ConfigurationError: The rates file, the price book or the carbon factors cannot be read.
    """
    read_rates(warehouse, _file_of("rates", config.rates, config))
    price_book.write(warehouse, _file_of("prices", config.prices, config))
    machine_facts.write(warehouse)
    carbon_factors.write(warehouse, _file_of("carbon", config.carbon, config))
    anomaly = config.anomaly
    stated = [("currency", config.currency)]
    stated += [(f"anomaly.{one}", f"{getattr(anomaly, one)}") for one in anomaly.__struct_fields__]
    _replace(warehouse, "setting", stated)
    for table, keys in (("tag_key", config.tags), ("label_key", config.labels)):
        named = [
            (field, position, key)
            for field in keys.__struct_fields__
            for position, key in enumerate(getattr(keys, field))
        ]
        _replace(warehouse, table, named)
    _write_sharing(warehouse, config)
    _write_plans(warehouse, config)


def _file_of(key: str, named: str | None, config: Config) -> Path | None:
    """Return the file that a key of the configuration names; None where it names none."""
    if not named:
        return None
    path = config.resolve(named)
    try:
        path.open("rb").close()
    except FileNotFoundError:
        what, fix = "there is no such file", "Make it"
    except OSError as problem:
        what, fix = f"cannot be read ({problem.strerror})", "Make it a file that can be read"
    else:
        return path
    raise ConfigurationError(
        what,
        where=str(path),
        fix=f"{fix}, or correct `{key}:` in {config.resolve(config.file)}.",
    )


def _write_sharing(warehouse: Warehouse, config: Config) -> None:
    shared = [(rule.name, place, rule.by, rule.among) for place, rule in enumerate(config.shared)]
    _replace(warehouse, "shared_rule", shared)
    shares = [
        (rule.name, name, f"{share:f}")
        for rule in config.shared
        for name, share in rule.shares.items()
    ]
    _replace(warehouse, "fixed_share", shares)
    _replace(warehouse, "renaming", [(one.field, one.old, one.new) for one in config.names])
    _replace(warehouse, "overhead_namespace", [(one,) for one in config.overhead.namespaces])


def _write_plans(warehouse: Warehouse, config: Config) -> None:
    excluded = [
        (
            *(one.name, position, one.reason, list(one.kinds) or None),
            *(one.subject, one.team, one.model, one.environment),
        )
        for position, one in enumerate(config.advice.exclude)
    ]
    _replace(warehouse, "advice_exclusion", excluded)
    budgets = [
        (one.name, f"{one.amount:f}", one.team, one.model, one.environment, one.starts)
        for one in config.budgets
    ]
    _replace(warehouse, "budget", budgets)


def _replace(warehouse: Warehouse, table: str, rows: Sequence[tuple[Any, ...]]) -> None:
    """Replace all rows in one statement: each statement takes as long as hundreds of rows."""
    warehouse.run(f"delete from config.{table}")
    if rows:
        marks = ", ".join(f"({', '.join('?' for _ in row)})" for row in rows)
        values = [value for row in rows for value in row]
        warehouse.run(f"insert into config.{table} values {marks}", values)

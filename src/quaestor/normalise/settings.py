"""The configuration as tables, so that the ledger's SQL can read it."""

from __future__ import annotations

from pathlib import Path

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
    warehouse.run("insert or replace into config.setting values ('currency', ?)", [config.currency])
    for name in config.anomaly.__struct_fields__:
        warehouse.run(
            "insert or replace into config.setting values (?, ?)",
            [f"anomaly.{name}", f"{getattr(config.anomaly, name)}"],
        )
    for table, keys in (("tag_key", config.tags), ("label_key", config.labels)):
        warehouse.run(f"delete from config.{table}")
        for field in keys.__struct_fields__:
            for position, key in enumerate(getattr(keys, field)):
                warehouse.run(
                    f"insert into config.{table} values (?, ?, ?)", [field, position, key]
                )
    _write_sharing(warehouse, config)
    warehouse.run("delete from config.advice_exclusion")
    for position, exclusion in enumerate(config.advice.exclude):
        named = (exclusion.subject, exclusion.team, exclusion.model, exclusion.environment)
        warehouse.run(
            "insert into config.advice_exclusion values (?, ?, ?, ?, ?, ?, ?, ?)",
            [exclusion.name, position, exclusion.reason, exclusion.kinds or None, *named],
        )
    warehouse.run("delete from config.budget")
    for one in config.budgets:
        warehouse.run(
            "insert into config.budget values (?, ?, ?, ?, ?, ?)",
            [one.name, f"{one.amount:f}", one.team, one.model, one.environment, one.starts],
        )


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
    for table in ("shared_rule", "fixed_share", "renaming", "overhead_namespace"):
        warehouse.run(f"delete from config.{table}")
    for position, rule in enumerate(config.shared):
        warehouse.run(
            "insert into config.shared_rule values (?, ?, ?, ?)",
            [rule.name, position, rule.by, rule.among],
        )
        for name, share in rule.shares.items():
            warehouse.run(
                "insert into config.fixed_share values (?, ?, ?)", [rule.name, name, f"{share:f}"]
            )
    for one in config.names:
        warehouse.run("insert into config.renaming values (?, ?, ?)", [one.field, one.old, one.new])
    for pattern in config.overhead.namespaces:
        warehouse.run("insert into config.overhead_namespace values (?)", [pattern])

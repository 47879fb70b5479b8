"""A million rows of a FOCUS bill, against the engine's own CREATE TABLE AS SELECT."""

from __future__ import annotations

import gc
import shutil
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

import duckdb
from measure import Measured, in_turn

from quaestor import pipeline
from quaestor.collect.landing import Landing
from quaestor.core.config import Config, parse_config
from quaestor.normalise import loader
from quaestor.normalise.job import Job
from quaestor.warehouse.duckdb import Warehouse

ROWS = 1_000_000
ROUNDS = 3
NOW = datetime(2026, 11, 21)
SQL = Path(__file__).with_name("focus_rows.sql")


def load(folder: Path) -> Iterator[Measured]:
    """Costs as DECIMAL, as warehouses export them, and as DOUBLE, as most files have them."""
    for kind in ("DECIMAL", "DOUBLE"):
        here = folder / kind
        bills = here / "bills"
        bills.mkdir(parents=True)
        write_bill(bills / "2026-10.parquet", kind)
        text = "sources: [{name: bills, kind: files, path: bills/}]"
        config = parse_config(text, here, {})
        pipeline.collect(config, now=NOW, progress=silent)
        names = {
            "load": lambda config=config: loaded(config),
            "build": lambda config=config: built(config),
            "collect + build": lambda config=config: journey(config),
        }
        *ours, baseline = in_turn(ROUNDS, *names.values(), table_as(bills, here / "plain.duckdb"))
        for name, measured in zip(names, ours, strict=True):
            title = f"{name}, {ROWS:,} rows, {kind} / CREATE TABLE AS"
            yield Measured(title, measured, baseline, 3)


def write_bill(path: Path, kind: str) -> None:
    """Write the Parquet file; the same values every time."""
    select = SQL.read_text(encoding="utf-8").replace("$rows", str(ROWS))
    with duckdb.connect() as engine:
        engine.execute(f"create table bill as {select}")
        for name, declared, *_ in engine.execute("describe bill").fetchall():
            if kind == "DOUBLE" and declared.startswith("DECIMAL"):
                engine.execute(f'alter table bill alter "{name}" type double')
        engine.execute(f"copy bill to '{path}' (format parquet, compression zstd)")


def table_as(bills: Path, target: Path) -> Callable[[], None]:
    """Return the baseline: the same file into a database file, by the engine alone."""

    def run() -> None:
        target.unlink(missing_ok=True)
        with duckdb.connect(str(target)) as engine:
            engine.execute(f"create table charge as from read_parquet('{bills}/*.parquet')")
        gc.collect()

    return run


def fresh(config: Config) -> Path:
    """Return the path of a warehouse that is not there yet."""
    path = config.resolve(config.warehouse)
    path.unlink(missing_ok=True)
    path.with_name(path.name + ".wal").unlink(missing_ok=True)
    return path


def loaded(config: Config) -> None:
    """Landed file to `focus.charge`."""
    (source,) = config.sources
    landing = Landing(config.resolve(config.landing), source.name)
    manifest = landing.current()
    assert manifest is not None
    job = Job(source, manifest, landing.root, "USD", silent)
    with Warehouse(fresh(config)) as warehouse, warehouse.transaction():
        loader(manifest.schema).load(warehouse, job)
        assert warehouse.row("select count(*) from focus.charge") == (ROWS,)
    gc.collect()


def built(config: Config) -> None:
    """Landed file to the ledger."""
    pipeline.build(config, fresh(config), now=NOW, progress=silent)
    gc.collect()


def journey(config: Config) -> None:
    """Bill to the ledger, landing included."""
    shutil.rmtree(config.resolve(config.landing))
    pipeline.collect(config, now=NOW, progress=silent)
    built(config)


def silent(step: str) -> None:
    """Nobody watches a benchmark."""

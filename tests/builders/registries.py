"""A registry collected and loaded into a warehouse of its own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from quaestor.collect import collector
from quaestor.collect.landing import Landing
from quaestor.core.config import parse_config
from quaestor.normalise import loader, registry
from quaestor.normalise.job import Job
from quaestor.warehouse.duckdb import Warehouse

NOW = datetime(2026, 11, 21, 6)


def collect(folder: Path, keys: str, name: str = "registry") -> Landing:
    """Collect a source, given as in quaestor.yaml less its name, once."""
    config = parse_config(f"sources: [{{name: {name}, {keys}}}]", folder, {})
    (source,) = config.sources
    landing = Landing(folder / "landing", name)
    module = collector(str(source.__struct_config__.tag))
    module.collect(source, config, landing, now=NOW, progress=lambda _: None)
    return landing


def load(warehouse: Warehouse, folder: Path, keys: str, name: str = "registry") -> list[str]:
    """Load what landed of a source; return its blind spots as `scope: reason`."""
    config = parse_config(f"sources: [{{name: {name}, {keys}}}]", folder, {})
    (source,) = config.sources
    landing = Landing(folder / "landing", name)
    manifest = landing.current()
    assert manifest is not None
    job = Job(source, manifest, landing.root, "USD", lambda _: None)
    with warehouse.transaction():
        spots = loader(manifest.schema).load(warehouse, job)
        registry.settle(warehouse)
    return [f"{spot.scope}: {spot.reason}" for spot in spots]


@contextmanager
def loaded(folder: Path, *sources: str) -> Iterator[tuple[Warehouse, list[str]]]:
    """Collect and load sources, `registry`, `registry-2`, ...; yield warehouse and blind spots."""
    spots: list[str] = []
    with Warehouse(":memory:") as warehouse:
        for number, keys in enumerate(sources, 1):
            name = "registry" if number == 1 else f"registry-{number}"
            collect(folder, keys, name)
            spots += load(warehouse, folder, keys, name)
        yield warehouse, spots

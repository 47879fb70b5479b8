"""Collect one source as the program does, and load it into a warehouse."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

from quaestor.collect import collector
from quaestor.collect.landing import Landing
from quaestor.core.blind_spot import BlindSpot
from quaestor.core.config import parse_config
from quaestor.normalise import loader, registry
from quaestor.normalise.job import Job
from quaestor.warehouse.duckdb import Warehouse


def load(
    warehouse: Warehouse, folder: Path, source: dict[str, Any], now: datetime
) -> list[BlindSpot]:
    """Land what a source has and load it; return what could not be seen.

    Args:
        warehouse: Where to.
        folder: Where the source's paths begin, and the landing folder is.
        source: The source as in quaestor.yaml.
        now: The clock.
    """
    config = parse_config(json.dumps({"sources": [source]}), folder, {})
    (one,) = config.sources
    landing = Landing(folder / "landing", source["name"])
    found = collector(source["kind"])
    found.collect(one, config, landing, now=now, progress=lambda _: None)
    manifest = landing.current()
    assert manifest is not None
    job = Job(one, manifest, landing.root, "USD", lambda _: None)
    with warehouse.transaction():
        spots = loader(manifest.schema).load(warehouse, job)
        registry.settle(warehouse)
        return spots

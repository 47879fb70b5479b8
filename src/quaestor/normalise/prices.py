"""Load list prices of a provider's catalogue into `focus.price`, exact, each with its days.

A landed file is what the price catalogue said at one look; its version is when that was. A price
that several looks tell alike is one, known since the first.
"""

from __future__ import annotations

from dataclasses import replace

import msgspec

from quaestor.core.blind_spot import BlindSpot
from quaestor.core.landed import LandedFile
from quaestor.normalise import accounts
from quaestor.normalise.format import SQL
from quaestor.normalise.job import Job
from quaestor.normalise.landed_file import RefusedError
from quaestor.normalise.landed_table import open_table
from quaestor.normalise.quarantine import blind_spots, refuse
from quaestor.warehouse.duckdb import Warehouse

_COLUMNS = (
    *("currency", "tier_start", "units", "nanos", "service", "description", "regions"),
    *("usage_type", "unit", "effective_time", "sku_id"),
)


def load(warehouse: Warehouse, job: Job) -> list[BlindSpot]:
    """Replace the source's accounts and prices with those of its files in force."""
    source = job.source.name
    named = [file for file in job.manifest.files if "/skus/" not in file.scope]
    priced = [file for file in job.manifest.files if "/skus/" in file.scope]
    told = accounts.load(
        warehouse, replace(job, manifest=msgspec.structs.replace(job.manifest, files=tuple(named)))
    )
    warehouse.run("delete from focus.price where source = ?", [source])
    for file in sorted(priced, key=lambda file: file.version or ""):
        try:
            _load_file(warehouse, job, file)
        except RefusedError as problem:
            refuse(warehouse, source, file, problem)
    return told + blind_spots(warehouse, source, priced)


def _load_file(warehouse: Warehouse, job: Job, file: LandedFile) -> None:
    fix = "Collect it again."
    open_table(warehouse, job, file, columns=_COLUMNS, required=_COLUMNS, fix=fix)
    warehouse.run(
        f"insert into focus.price by name {(SQL / 'price.sql').read_text(encoding='utf-8')}",
        {"source": job.source.name, "fetched_at": file.version or job.manifest.fetched_at},
    )

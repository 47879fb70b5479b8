"""Load discs, snapshots and the folders of buckets as a source of kind aws-storage landed them."""

from __future__ import annotations

from quaestor.core.blind_spot import BlindSpot
from quaestor.core.sources import AwsStorageSource
from quaestor.normalise import step
from quaestor.normalise.job import Job
from quaestor.normalise.landed_objects import read_objects
from quaestor.normalise.quarantine import blind_spots, release
from quaestor.warehouse.duckdb import Warehouse

_MACROS = ("macros", "usage_macros", "storage_macros")
_ROWS = {
    "usage.disk": "aws_disk",
    "usage.snapshot": "aws_snapshot",
    "usage.stored_folder": "aws_stored_folder",
}


def load(warehouse: Warehouse, job: Job) -> list[BlindSpot]:
    """Replace what the source said before (see `normalise.Loader`)."""
    assert isinstance(job.source, AwsStorageSource)  # noqa: S101 - LOADERS pairs schema and source
    source = job.source.name
    step.define(warehouse, *_MACROS)
    release(warehouse, source, keep=())
    read_objects(warehouse, job)
    scopes = [file.scope for file in job.manifest.files]
    given = {
        "volumes": [one.removesuffix("/volumes") for one in scopes if one.endswith("/volumes")],
        "images": [one.removesuffix("/images") for one in scopes if one.endswith("/images")],
    }
    for table, name in _ROWS.items():
        warehouse.run(f"delete from {table} where source = ?", [source])
        step.make(warehouse, name, given)
        step.fill(warehouse, table, source, name)
    return blind_spots(warehouse, source, job.manifest.files)

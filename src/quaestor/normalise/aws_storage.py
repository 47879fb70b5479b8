"""Load discs, snapshots and the folders of buckets as a source of kind aws-storage landed them."""

from __future__ import annotations

from quaestor.core.blind_spot import BlindSpot
from quaestor.core.sources import AwsStorageSource
from quaestor.normalise import looks, step
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

_UNUSED = """
select 'disk/' || disk as thing, max(seen_at) as seen_at, bool_and(not is_attached) as is_unused
from usage.disk where source = $source group by disk
"""


def load(warehouse: Warehouse, job: Job) -> list[BlindSpot]:
    """Replace what the source said before (see `normalise.Loader`)."""
    assert isinstance(job.source, AwsStorageSource)  # noqa: S101 - LOADERS pairs schema and source
    source = job.source.name
    step.define(warehouse, *_MACROS)
    looks.note_earlier(warehouse, job, ("volumes",), _look)
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
    looks.note(warehouse, job, _UNUSED)
    return blind_spots(warehouse, source, job.manifest.files)


def _look(warehouse: Warehouse, job: Job) -> str:
    """Read the discs of an earlier look; return SQL for what nothing used then."""
    read_objects(warehouse, job)
    step.make(warehouse, "aws_disk")
    return _UNUSED.replace("usage.disk where source = $source", "aws_disk where refused is null")

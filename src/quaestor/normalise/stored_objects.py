"""Load lists of objects in buckets from files: inventories of the clouds, or one shape of ours.

`_SPELT` has the columns and what inventories call them. Rows are objects (`key`) or folders
(`folder`, with `objects`); both become folders, as deep as the eighth level.
"""

from __future__ import annotations

from quaestor.core.blind_spot import BlindSpot
from quaestor.core.config import FilesSource
from quaestor.core.landed import LandedFile
from quaestor.normalise import step
from quaestor.normalise.job import Job
from quaestor.normalise.landed_file import REJECTED, RefusedError, Relation, open_file
from quaestor.normalise.quarantine import blind_spots, refuse, release
from quaestor.warehouse.duckdb import Warehouse, quoted

# Our column -> what it is called: by us, by S3 Inventory, by Storage Insights of Google Cloud, by
# Azure's blob inventory.
_SPELT = {
    "store": ("store",),
    "bucket": ("bucket",),
    "key": ("key",),
    "name": ("name",),
    "folder": ("folder",),
    "objects": ("objects",),
    "size_bytes": ("size_bytes", "size", "content-length"),
    "storage_class": ("storage_class", "storageclass", "accesstier"),
    "last_modified": (
        *("last_modified", "last_modified_date", "lastmodifieddate", "updated"),
        "last-modified",
    ),
    "last_read": ("last_read", "lastaccesstime"),
    "is_latest": ("is_latest", "islatest"),
    "is_delete_marker": ("is_delete_marker", "isdeletemarker"),
}
_PLACES = (
    {"store", "key"},
    {"store", "folder"},
    {"store", "name"},
    {"bucket", "key"},
    {"bucket", "name"},
)
_FIX = (
    "Write the columns store (s3://bucket, gs://bucket or azure://account/container), key or "
    "folder, size_bytes, and if you can objects, storage_class, last_modified and last_read; or "
    "take an inventory of S3 or Google Cloud as Parquet, or as CSV with a header."
)
_KEPT = (
    *("store", "folder", "objects", "size_bytes", "storage_class", "last_modified_at"),
    *("last_read_at", "is_model_file"),
)


def load(warehouse: Warehouse, job: Job) -> list[BlindSpot]:
    """Replace what the source said lies in buckets (see `normalise.Loader`)."""
    assert isinstance(job.source, FilesSource)  # noqa: S101 - LOADERS pairs schema and source
    source = job.source.name
    step.define(warehouse, "macros", "usage_macros")
    warehouse.run("delete from usage.stored_folder where source = ?", [source])
    release(warehouse, source, keep=())
    warehouse.run(_EMPTY)
    for file in job.manifest.files:
        job.progress(f"{source}: {file.scope}")
        try:
            _read(warehouse, job, file, job.source.delimiter)
        except RefusedError as problem:
            refuse(warehouse, source, file, problem)
    step.make(warehouse, "stored_folder", {"seen_at": job.manifest.fetched_at})
    step.fill(warehouse, "usage.stored_folder", source, "stored_folder")
    return blind_spots(warehouse, source, job.manifest.files)


def _read(warehouse: Warehouse, job: Job, file: LandedFile, delimiter: str) -> None:
    """Add a file's rows to `stored_row`; those that cannot be read go into quarantine."""
    relation = open_file(
        warehouse,
        job.path(file),
        file.sha256,
        delimiter=delimiter,
        recognises=lambda header: any(
            place <= {name.casefold() for name in header} for place in _PLACES
        ),
        careful=job.careful,
    )
    found = {name.casefold(): name for name in relation.columns}
    if not any(place <= set(found) for place in _PLACES) or not (
        set(_SPELT["size_bytes"]) & set(found)
    ):
        raise RefusedError("nobody says where its objects lie, or how large they are", fix=_FIX)
    warehouse.run("create or replace temp view landed as " + _as_text(relation, found))
    step.make(warehouse, "stored_object")
    columns = ", ".join(_KEPT)
    warehouse.run(
        f"insert into stored_row select {columns} from stored_object where refused is null"
    )
    relations = [("file_row, refused", "stored_object where refused is not null")]
    if not relation.typed:
        relations.append(("row_number, reason", REJECTED))
    for place_and_reason, rows in relations:
        warehouse.run(
            "insert into quarantine.row "
            f"select $source, $file, $sha256, {place_and_reason}, raw from {rows}",
            {"source": job.source.name, "file": file.path, "sha256": file.sha256},
        )


def _as_text(relation: Relation, found: dict[str, str]) -> str:
    """Return the SELECT that gives the known columns as text, absent ones as NULL."""
    columns = []
    for name, spellings in _SPELT.items():
        there = [found[one] for one in spellings if one in found]
        text = f"spelled(trim({relation.source(there[0])}::varchar))" if there else "null::varchar"
        columns.append(f"{text} as {quoted(name)}")
    return (
        f"select {', '.join(columns)}, {relation.row_number} as file_row, "
        f"{relation.as_json} as raw from {relation.reader}"
    )


_EMPTY = """
create or replace temp table stored_row (
    store varchar, folder varchar, objects bigint, size_bytes double, storage_class varchar,
    last_modified_at timestamp, last_read_at timestamp, is_model_file boolean
)
"""

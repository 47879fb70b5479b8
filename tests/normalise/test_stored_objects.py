"""Lists of objects in buckets from files: inventories of the clouds, and one shape of ours."""

from __future__ import annotations

from pathlib import Path

import pytest

from builders import jobs
from quaestor.core.config import FilesSource
from quaestor.core.period import utc
from quaestor.normalise.stored_objects import load
from quaestor.warehouse.duckdb import Warehouse

SOURCE = FilesSource(name="inventory", path=".", schema="stored-objects")
FOLDERS = """
    select store, folder, objects, round(size_gib * 1073741824)::bigint, storage_class,
        last_modified_at, last_read_at, model_objects
    from usage.stored_folder order by all
"""


def read(warehouse: Warehouse, folder: Path, **files: str) -> list[str]:
    """Load files by name (`a_csv` is a.csv); return the blind spots' reasons."""
    found = {name.replace("_", "."): text.encode() for name, text in files.items()}
    spots = load(warehouse, jobs.landed(folder, SOURCE, found, schema="stored-objects"))
    return [spot.reason for spot in spots]


def test_objects_and_folders_of_our_shape_become_folders(warehouse, tmp_path):
    """Summed up by class; when nobody says of an object when it was read, nothing is known."""
    objects = (
        "store,key,size_bytes,storage_class,last_modified,last_read\n"
        "s3://m,churn/7/model.pt,10,STANDARD,2026-01-02T00:00:00Z,2026-03-01T00:00:00Z\n"
        "s3://m,churn/7/notes.txt,5,STANDARD,2026-01-01T00:00:00Z,2026-02-01T00:00:00Z\n"
        "s3://m,churn/7/old.bin,1,GLACIER,2025-01-01T00:00:00Z,\n"
        "s3://m,churn/8/,0,STANDARD,2025-01-01T00:00:00Z,\n"
        "s3://m,top,1,,,\n"
    )
    folders = (
        "store,folder,objects,size_bytes,storage_class,last_modified\n"
        "azure://acme/models,/churn/7/,12,100,Hot,2026-01-01\n"
    )

    assert read(warehouse, tmp_path, a_csv=objects, b_csv=folders) == []
    day, churn = utc("2026-01-02"), "churn/7"
    assert warehouse.rows(FOLDERS) == [
        ("azure://acme/models", churn, 12, 100, "Hot", utc("2026-01-01"), None, None),
        ("s3://m", "", 1, 1, "STANDARD", None, None, 0),
        ("s3://m", churn, 1, 1, "GLACIER", utc("2025-01-01"), None, 1),
        ("s3://m", churn, 2, 15, "STANDARD", day, utc("2026-03-01"), 1),
    ]


def test_inventories_of_clouds_are_read_as_they_are(warehouse, tmp_path):
    """S3's with the versions that were replaced, and Google Cloud's, which calls a key a name."""
    amazon = (
        "bucket,key,is_latest,is_delete_marker,size,last_modified_date,storage_class\n"
        "m,a/x.safetensors,true,false,10,2026-01-02T00:00:00.000Z,STANDARD_IA\n"
        "m,a/x.safetensors,false,false,10,2026-01-01T00:00:00.000Z,STANDARD_IA\n"
        "m,a/y,true,true,0,2026-01-01T00:00:00.000Z,STANDARD_IA\n"
    )
    google = (
        "project,bucket,name,location,size,timeCreated,updated,storageClass\n"
        "1,g,b/c/d.txt,EU,7,2026-01-01T00:00:00Z,2026-01-03T00:00:00Z,NEARLINE\n"
    )

    assert read(warehouse, tmp_path, a_csv=amazon, b_csv=google) == []
    assert warehouse.rows(FOLDERS) == [
        ("gs://g", "b/c", 1, 7, "NEARLINE", utc("2026-01-03"), None, 0),
        ("s3://m", "a", 1, 10, "STANDARD_IA", utc("2026-01-02"), None, 1),
    ]


def test_parquet_is_read_too_and_nine_levels_are_eight(warehouse, tmp_path):
    """With numbers and times of their own type."""
    path = tmp_path / "x.parquet"
    warehouse.run(
        f"""
        copy (
            select 'm' as bucket, 'a/b/c/d/e/f/g/h/i/j.pt' as key, 3::bigint as size,
                timestamptz '2026-01-02 00:00:00+00' as last_modified_date,
                'STANDARD' as storage_class, true as is_latest
        ) to '{path}' (format parquet)
        """
    )
    job = jobs.landed(tmp_path, SOURCE, {"a.parquet": path.read_bytes()}, schema="stored-objects")

    assert load(warehouse, job) == []
    assert warehouse.rows("select folder, size_gib * 1073741824 from usage.stored_folder") == [
        ("a/b/c/d/e/f/g/h", 3.0)
    ]


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("s3://m,a/b,ten,", 'size_bytes "ten" is not a number'),
        ("s3://m,a/b,,", "size_bytes is empty"),
        (",a/b,1,", "store is empty"),
        ("s3://m,,1,", "key and folder are empty"),
        ("s3://m,a/b,1,yesterday", 'last_modified "yesterday" is not an ISO 8601 time'),
    ],
)
def test_what_cannot_be_read_is_set_aside_with_its_reason(warehouse, tmp_path, row, reason):
    """The other rows count."""
    text = f"store,key,size_bytes,last_modified\n{row}\ns3://m,c/d,1,\n"
    read(warehouse, tmp_path, a_csv=text)

    assert warehouse.rows("select reason from quarantine.row") == [(reason,)]
    assert warehouse.rows("select folder from usage.stored_folder") == [("c",)]


def test_a_file_that_does_not_say_where_is_refused(warehouse, tmp_path):
    """With what its columns have to be."""
    (told,) = read(warehouse, tmp_path, a_csv="key,size\na/b,1\n")

    assert "nobody says where its objects lie" in told

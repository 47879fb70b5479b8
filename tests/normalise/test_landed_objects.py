"""What APIs answered, landed a line each and read back as one relation."""

from __future__ import annotations

from pathlib import Path

import pytest

from builders.bills import NOW
from quaestor.collect.landing import Landing
from quaestor.collect.objects import land_objects
from quaestor.core.sources import FilesSource
from quaestor.normalise.job import Job
from quaestor.normalise.landed_objects import LANDED, read_objects
from quaestor.normalise.quarantine import blind_spots
from quaestor.warehouse.duckdb import Warehouse


@pytest.fixture
def landing(tmp_path: Path) -> Landing:
    """An empty landing folder."""
    return Landing(tmp_path, "prod")


def read(landing: Landing, warehouse: Warehouse, *files) -> Job:
    """Put files in force and read them."""
    manifest = landing.snapshot(files, kind="files", schema="test", now=NOW)
    job = Job(FilesSource(name="prod", path="."), manifest, landing.root, "USD", lambda _: None)
    read_objects(warehouse, job)
    return job


def test_objects_come_back_as_they_were(landing: Landing):
    """Of every file, with their places; hostile text and nesting included."""
    pods = [{"name": 'a"b\n<img>', "nested": {"list": [1, {"x": None}]}}, {"name": "b"}]
    files = [
        land_objects(landing, "ctx/with/slashes", "pods", pods),
        land_objects(landing, "prod", "nodes", []),
    ]
    with Warehouse(":memory:") as warehouse:
        read(landing, warehouse, *files)

        assert warehouse.rows(
            f"select place, kind, row_number, object ->> 'name' from {LANDED} order by all"
        ) == [("ctx/with/slashes", "pods", 1, 'a"b\n<img>'), ("ctx/with/slashes", "pods", 2, "b")]


def test_the_same_answers_give_the_same_bytes(landing: Landing):
    """Whatever order a server gives keys in."""
    first = land_objects(landing, "prod", "pods", [{"b": 1, "a": 2}])

    assert land_objects(landing, "prod", "pods", [{"a": 2, "b": 1}]).sha256 == first.sha256


def test_a_line_that_is_no_object_is_kept_aside(landing: Landing):
    """The others count, and the reason is told with the line's place."""
    text = b'{"name": "a"}\n{"name": \n[1]\n\n{"name": "\xff"}\n{"name": "e"}\n'
    with Warehouse(":memory:") as warehouse:
        job = read(landing, warehouse, landing.land_bytes(text, "pods.jsonl", "prod/pods"))
        (spot,) = blind_spots(warehouse, "prod", job.manifest.files)

        assert warehouse.rows(f"select object ->> 'name' from {LANDED}") == [("a",), ("e",)]
        assert spot.rows == 3
        assert warehouse.rows("select row_number from quarantine.row order by 1") == [
            (2,), (3,), (5,),
        ]  # fmt: skip

"""Endpoints, what they answered, notebooks and containers, from files of any platform."""

from __future__ import annotations

import csv
from datetime import datetime
from pathlib import Path

import pytest

from quaestor import pipeline
from quaestor.core.config import parse_config
from quaestor.warehouse.duckdb import Warehouse

NOW = datetime(2026, 11, 21, 6)


def read(folder: Path, schema: str, *files: list[dict[str, str]]) -> Warehouse:
    """Write files, a list of rows each, read them under a schema, and return the warehouse."""
    (folder / "in").mkdir(exist_ok=True)
    for number, rows in enumerate(files):
        with (folder / "in" / f"{number}.csv").open("w", newline="") as stream:
            writer = csv.DictWriter(stream, dict.fromkeys(key for row in rows for key in row))
            writer.writeheader()
            writer.writerows(rows)
    text = f"sources:\n  - {{name: own, kind: files, path: in/, schema: {schema}}}\n"
    config = parse_config(text, folder, {})
    pipeline.collect(config, now=NOW, progress=lambda _: None)
    pipeline.build(config, folder / "w.duckdb", now=NOW, progress=lambda _: None)
    return Warehouse(folder / "w.duckdb", read_only=True)


def test_an_endpoint_is_as_the_last_file_says(tmp_path):
    """A list that is written anew each day tells what is so now; nothing stands twice."""
    first = {"endpoint": "churn", "kind": "sagemaker", "instances": "2", "created_at": "2026-03-01"}
    with read(tmp_path, "endpoints", [first], [{**first, "instances": "1"}]) as warehouse:
        told = warehouse.rows("select endpoint, kind, instances, seen_at from usage.endpoint")

    assert told == [("churn", "sagemaker", 1, NOW)]


def test_hours_keep_what_is_unknown_apart_from_nothing(tmp_path):
    """An empty cell is unknown; a zero is a zero."""
    rows = [
        {"endpoint": "churn", "hour": "2026-11-01T00:00:00Z", "requests": "0"},
        {"endpoint": "churn", "hour": "2026-11-01T01:00:00Z", "requests": ""},
    ]
    with read(tmp_path, "endpoints", rows) as warehouse:
        told = warehouse.rows("select hour, requests from usage.endpoint_hour order by hour")

    assert [requests for _, requests in told] == [0, None]


def test_a_list_and_its_hours_are_one_source(tmp_path):
    """A file with an hour tells what was answered; one without lists the endpoints."""
    hour = {"endpoint": "churn", "hour": "2026-11-01T00:00:00Z", "requests": "5"}
    with read(
        tmp_path, "endpoints", [{"endpoint": "churn", "instances": "1"}], [hour]
    ) as warehouse:
        told = warehouse.rows(
            "select e.source, e.instances, h.requests from usage.endpoint as e "
            "join usage.endpoint_hour as h using (source, endpoint)"
        )

    assert told == [("own", 1, 5)]


def test_a_notebook_is_read_with_its_last_activity(tmp_path):
    """Columns in any order and letter case; a state in lower case."""
    row = {"Last_Activity_At": "2026-08-21T11:05:00Z", "NOTEBOOK": "nb", "status": "Running"}
    with read(tmp_path, "notebooks", [row]) as warehouse:
        told = warehouse.rows("select notebook, status, last_activity_at from usage.notebook")

    assert told == [("nb", "running", datetime(2026, 8, 21, 11, 5))]


def test_a_container_is_read_with_what_it_asks_for(tmp_path):
    """A limit that is not there is none."""
    row = {"cluster": "c", "namespace": "serve", "pod": "p", "container": "main"}
    row |= {"cpu_request_cores": "4", "ram_limit_gib": ""}
    with read(tmp_path, "containers", [row]) as warehouse:
        told = warehouse.rows(
            "select container, cpu_request_cores, ram_limit_gib from usage.container"
        )

    assert told == [("main", 4, None)]


def test_a_list_of_discs_says_what_was_attached_when(tmp_path):
    """Each row is a look; the last one is what is so now, and silence is no detachment."""
    row = {"disk": "data", "size_gib": "100", "created_at": "2026-01-01T00:00:00Z"}
    days = [
        [{**row, "is_attached": "false", "seen_at": f"2026-11-{day:02}T06:00:00Z"}]
        for day in (15, 18, 20)
    ]
    days[2] += [{"disk": "used", "attached_to": "vm-1"}, {"disk": "silent"}]
    with read(tmp_path, "disks", *days) as warehouse:
        told = warehouse.rows("select disk, is_attached, seen_at::date::varchar from usage.disk")
        advised = warehouse.rows(
            "select name, answer, confidence, reason from ledger.assessment "
            "where kind = 'unattached_volume' order by name"
        )

    assert sorted(told) == [
        ("data", False, "2026-11-20"), ("silent", None, "2026-11-21"), ("used", True, "2026-11-21"),
    ]  # fmt: skip
    assert advised == [
        ("data", "advise", "medium",
         "attached to nothing at any look from 2026-11-15 to 2026-11-20, on 3 days"),
        ("silent", "cannot-say", None, "nobody says whether it is attached"),
        ("used", "clean", None, "attached to vm-1"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("schema", "row", "reason"),
    [
        ("disks", {"disk": "", "size_gib": "1"}, "disk is empty"),
        (
            "disks",
            {"disk": "a", "is_attached": "maybe"},
            'is_attached "maybe" is neither true nor false',
        ),
        (
            "disks",
            {"disk": "a", "is_attached": "no", "attached_to": "vm-1"},
            'is_attached is false, and attached_to is "vm-1"',
        ),
        ("endpoints", {"endpoint": "", "instances": "1"}, "endpoint is empty"),
        ("endpoints", {"endpoint": "a", "instances": "1.5"}, "instances 1.5 is no count of things"),
        (
            "endpoints",
            {"endpoint": "a", "hour": "2026-11-01T00:30:00Z"},
            "hour 2026-11-01T00:30:00Z is not the start of an hour in UTC",
        ),
        (
            "endpoints",
            {"endpoint": "a", "hour": "2026-11-01T00:00:00Z", "cpu_used_ratio": "45"},
            "cpu_used_ratio 45 is no ratio in [0, 1] (a percentage? divide by 100)",
        ),
        (
            "notebooks",
            {"notebook": "a", "last_activity_at": "yesterday"},
            'last_activity_at "yesterday" is not an ISO 8601 time',
        ),
    ],
)
def test_what_cannot_be_read_is_kept_with_the_reason(tmp_path, schema, row, reason):
    """In quarantine, never lost and never guessed at."""
    with read(tmp_path, schema, [row]) as warehouse:
        told = warehouse.rows("select reason from quarantine.row")

    assert told == [(reason,)]


def test_an_hour_that_stands_twice_counts_once(tmp_path):
    """The second is refused; a variant is another row."""
    row = {"endpoint": "a", "hour": "2026-11-01T00:00:00Z", "requests": "5", "variant": ""}
    with read(tmp_path, "endpoints", [row, row, {**row, "variant": "b"}]) as warehouse:
        kept = warehouse.rows("select variant, requests from usage.endpoint_hour order by 1")
        told = warehouse.rows("select reason from quarantine.row")

    assert kept == [("b", 5), (None, 5)]
    assert told == [("the endpoint, variant and hour stand twice",)]

"""What earlier looks found unused, by what was landed then."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from builders.k8s import thing
from quaestor import pipeline
from quaestor.collect.landing import Landing
from quaestor.collect.objects import land_objects
from quaestor.core.config import parse_config
from quaestor.core.sources import AwsStorageSource, KubernetesSource
from quaestor.normalise import aws_storage, kubernetes
from quaestor.normalise.job import Job
from quaestor.warehouse.duckdb import Warehouse

FIRST = datetime(2026, 11, 1, 6)


class Source:
    """A source that is looked at once a day."""

    def __init__(self, folder: Path, schema: str) -> None:
        self.schema = schema
        self.landing = Landing(folder, "prod")

    def look(self, day: int, **lists: list[Any]) -> None:
        """Land lists of the place `prod`, or find what is in force unchanged."""
        at = FIRST + timedelta(days=day - 1)
        files = [land_objects(self.landing, "prod", name, lists[name]) for name in lists]
        if files:
            self.landing.snapshot(files, kind=self.schema, schema=self.schema, now=at)
        self.landing.record(at, None)

    def load(self, warehouse: Warehouse) -> dict[tuple[int, str], bool | None]:
        """Load what is in force; return what each look found, by its day."""
        manifest = self.landing.current()
        assert manifest
        source, module = {
            "kubernetes": (KubernetesSource(name="prod"), kubernetes),
            "aws-storage": (AwsStorageSource(name="prod"), aws_storage),
        }[self.schema]
        job = Job(source, manifest, self.landing.root, "USD", print, looks=self.landing.looks)
        with warehouse.transaction():
            module.load(warehouse, job)
        rows = warehouse.rows("select seen_at, thing, is_unused from usage.look where thing <> ''")
        return {(seen_at.day, name): is_unused for seen_at, name, is_unused in rows}


def a_service(pods: int) -> dict[str, list[Any]]:
    """A load balancer and the pods behind it."""
    service = thing("Service", "api", "ml", spec={"type": "LoadBalancer"})
    labels = {"kubernetes.io/service-name": "api"}
    one = thing("EndpointSlice", "api-1", "ml", labels=labels)
    one["endpoints"] = [{"addresses": [f"10.0.0.{number}"]} for number in range(pods)]
    return {"services": [service], "endpointslices": [one], "pods": []}


def test_each_look_at_a_cluster_says_what_was_unused(tmp_path: Path):
    """Unchanged days count; a build that saw all looks come in knows what a fresh one does."""
    cluster = Source(tmp_path, "kubernetes")
    name = "load-balancer/prod/ml/api"
    with Warehouse(":memory:") as warehouse, Warehouse(":memory:") as fresh:
        cluster.look(1, **a_service(pods=0))
        first = cluster.load(warehouse)
        cluster.look(2, **a_service(pods=2))
        cluster.look(3, services=a_service(0)["services"])
        cluster.load(warehouse)
        cluster.look(4, **a_service(pods=0), nodes=[])
        cluster.look(6)
        later = cluster.load(warehouse)
        quarantined = fresh.rows("from quarantine.row")

        assert first == {(1, name): True}
        assert later == {
            (1, name): True,
            (2, name): False,
            (3, name): None,
            (4, name): True,
            (6, name): True,
        }
        assert cluster.load(fresh) == later
        assert quarantined == []


def test_days_without_a_change_are_remembered_when_something_changes(tmp_path: Path):
    """Empty on days 1 to 5, and a node more on day 6: it was found empty on six days, not two."""
    cluster = Source(tmp_path, "kubernetes")
    name = "load-balancer/prod/ml/api"
    with Warehouse(":memory:") as warehouse, Warehouse(":memory:") as fresh:
        cluster.look(1, **a_service(pods=0))
        cluster.look(2)
        cluster.load(warehouse)
        for day in (3, 4, 5):
            cluster.look(day)
        cluster.look(6, **a_service(pods=0), nodes=[])
        cluster.look(7)
        found = cluster.load(warehouse)

        assert found == {(day, name): True for day in range(1, 8)}
        assert cluster.load(fresh) == found
        assert cluster.load(warehouse) == found


def test_a_look_whose_files_are_gone_says_nothing(tmp_path: Path):
    """It is no look without pods; the one in force is loaded all the same."""
    cluster = Source(tmp_path, "kubernetes")
    cluster.look(1, **a_service(pods=0))
    for file in (cluster.landing.folder / "files").iterdir():
        file.unlink()
    cluster.look(2, **a_service(pods=2))
    with Warehouse(":memory:") as warehouse:
        assert cluster.load(warehouse) == {(2, "load-balancer/prod/ml/api"): False}


def a_disc(day: int, state: str) -> dict[str, str]:
    """A volume of EC2 as it was seen on a day."""
    seen = FIRST + timedelta(days=day - 1)
    return {"VolumeId": "vol-1", "State": state, "SeenAt": seen.isoformat()}


def test_a_part_that_did_not_answer_was_not_looked_at(tmp_path: Path):
    """What stayed as it was counts for the day on which it was seen."""
    account = Source(tmp_path, "aws-storage")
    account.look(1, volumes=[a_disc(1, "available")])
    account.look(2, volumes=[a_disc(1, "available")], snapshots=[])
    account.look(3, volumes=[a_disc(3, "in-use")])
    account.look(4, volumes=[a_disc(4, "available")])
    with Warehouse(":memory:") as warehouse:
        assert account.load(warehouse) == {
            (1, "disk/vol-1"): True,
            (3, "disk/vol-1"): False,
            (4, "disk/vol-1"): True,
        }


def test_a_build_hears_of_a_day_on_which_nothing_changed(tmp_path: Path):
    """An answer that is the same on another day is news where it says what is unused."""
    config = parse_config("sources: [{name: prod, kind: kubernetes}]", tmp_path, {})
    cluster = Source(tmp_path / "landing", "kubernetes")
    built = []
    for day, lists in ((1, a_service(pods=0)), (2, {}), (2, {})):
        cluster.look(day, **lists)
        now = FIRST + timedelta(days=day)
        built.append(pipeline.build(config, tmp_path / "w.duckdb", now=now, progress=print).changed)
    with Warehouse(tmp_path / "w.duckdb", read_only=True) as warehouse:
        told = warehouse.rows("select unused_since, seen_at, days_seen from ledger.unused_since")

    assert built == [True, True, False]
    assert told == [(FIRST, FIRST + timedelta(days=1), 2)]

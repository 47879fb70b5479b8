"""Clusters that others measured, through the loaders into the ledger: their totals come out.

The reference totals are those of the data's index. The ledger keeps hours to a billionth, each
pod-hour rounded once, so that is what each side of a comparison is rounded to, row by row.
"""

from __future__ import annotations

import csv
import gzip
import json
from collections.abc import Iterable, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from quaestor import pipeline
from quaestor.core.config import parse_config
from quaestor.core.period import utc
from quaestor.warehouse.duckdb import Warehouse

pytestmark = pytest.mark.thirdparty
OCP, ICE = "k8s/ocp_pod_usage_2019-02.csv.gz", "k8s/ice_namespace_hour_2019-01-17.csv"
BILLIONTH = Decimal("1e-9")
SOURCES = """
sources:
  - {name: pods, kind: files, path: pods.csv, schema: pod-hours}
  - {name: nodes, kind: files, path: nodes.csv, schema: node-hours}
overhead: {namespaces: []}
"""


def in_the_ledger(
    folder: Path, pods: Iterable[Mapping[str, Any]], nodes: Iterable[Mapping[str, Any]]
) -> Warehouse:
    """Write both as files, and land, load and build them."""
    for name, rows in {"pods": list(pods), "nodes": list(nodes)}.items():
        with (folder / f"{name}.csv").open("w", newline="") as stream:
            writer = csv.DictWriter(stream, rows[0])
            writer.writeheader()
            writer.writerows(rows)
    config, now = parse_config(SOURCES, folder, {}), utc("2019-03-01")
    failures = pipeline.collect(config, now=now, progress=lambda _: None)
    pipeline.build(config, folder / "w.duckdb", now=now, progress=lambda _: None)

    assert failures == []
    return Warehouse(folder / "w.duckdb", read_only=True)


def totals(reference: Path, name: str) -> dict[str, Any]:
    """What the index says of a file."""
    found = json.loads((reference / "reference_totals.json").read_text())
    return next(value for key, value in _pairs(found) if key == name)


def _pairs(tree: Any) -> Iterable[tuple[str, Any]]:
    if isinstance(tree, dict):
        for key, value in tree.items():
            yield key, value
            yield from _pairs(value)


def test_an_openshift_month_keeps_its_core_seconds(reference: Path, tmp_path: Path):
    """Used, and the larger of used and asked for, by namespace: 480 pod-hours of one node.

    Its pods hold more than the 2 cores that the report says it has; here it has room for them.
    """
    said = totals(reference, OCP)
    with gzip.open(reference / OCP, "rt", newline="") as stream:
        rows = list(csv.DictReader(stream))
    hours = [row["interval_start"].replace(" +0000 UTC", "Z") for row in rows]
    core_seconds = Decimal(3600)
    pods = [
        {
            "cluster": "ocp",
            "namespace": row["namespace"],
            "pod": row["pod"],
            "node": row["node"],
            "hour": hour,
            "cpu_used_cores": Decimal(row["pod_usage_cpu_core_seconds"]) / core_seconds,
            "cpu_request_cores": Decimal(row["pod_request_cpu_core_seconds"]) / core_seconds,
            "ram_used_gib": Decimal(row["pod_usage_memory_byte_seconds"]) / core_seconds / 2**30,
            "ram_request_gib": Decimal(row["pod_request_memory_byte_seconds"])
            / core_seconds
            / 2**30,
        }
        for row, hour in zip(rows, hours, strict=True)
    ]
    nodes = {
        (row["node"], hour): {
            "cluster": "ocp",
            "node": row["node"],
            "hour": hour,
            "provider_id": row["resource_id"],
            "cpu_cores": 1000,
            "ram_gib": 1000,
            "up_ratio": 1,
        }
        for row, hour in zip(rows, hours, strict=True)
    }
    warehouse = in_the_ledger(tmp_path, pods, nodes.values())
    exactly = sum(pod["cpu_used_cores"].quantize(BILLIONTH) for pod in pods)
    of = "from ledger.pod_day where pod is not null"
    (used, asked) = warehouse.row(
        f"select sum(used_core_hours::decimal(18, 9)), sum(core_hours::decimal(18, 9)) {of}"
    )
    by_namespace = warehouse.rows(
        f"select namespace, sum(core_hours::decimal(18, 9)) * 3600 {of} group by 1 order by 1"
    )

    assert used == exactly
    assert round(used * 3600, 3) == round(Decimal(said["sum_pod_usage_cpu_core_seconds"]), 3)
    assert {name: round(value, 3) for name, value in by_namespace} == {
        name: Decimal(value)
        for name, value in said["cpu_core_seconds_max_of_usage_and_request_by_namespace"].items()
    }
    assert round(asked * 3600, 3) == Decimal(said["sum_pod_request_cpu_core_seconds"])


def test_a_node_asked_for_ten_times_over_is_divided_once(reference: Path, tmp_path: Path):
    """Of the OpenShift node pods ask for 10.1 times its cores: nothing of it is idle."""
    with gzip.open(reference / OCP, "rt", newline="") as stream:
        rows = list(csv.DictReader(stream))
    hours = sorted({row["interval_start"].replace(" +0000 UTC", "Z") for row in rows})
    pods = [
        {
            "cluster": "ocp",
            "namespace": row["namespace"],
            "pod": row["pod"],
            "node": row["node"],
            "hour": row["interval_start"].replace(" +0000 UTC", "Z"),
            "cpu_request_cores": Decimal(row["pod_request_cpu_core_seconds"]) / 3600,
        }
        for row in rows
    ]
    nodes = [
        {
            "cluster": "ocp",
            "node": "alpha",
            "hour": hour,
            "provider_id": "myresourceid",
            "cpu_cores": 2,
            "up_ratio": 1,
        }
        for hour in hours
    ]
    warehouse = in_the_ledger(tmp_path, pods, nodes)
    found = warehouse.rows(
        """
        select day, sum(upto_ratio - from_ratio) filter (cost_kind <> 'idle') as taken
        from ledger.resource_share group by day having taken <> 1
        """
    )

    assert found == []
    assert warehouse.row("select count(distinct day) > 0 from ledger.resource_share") == (True,)


def test_an_ice_hour_keeps_its_cores_by_namespace(reference: Path, tmp_path: Path):
    """29 namespaces of four clusters, and what each cluster has left."""
    said = totals(reference, ICE)
    with (reference / ICE).open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    pods = [
        {
            "cluster": row["Cluster"],
            "namespace": row["Namespace"],
            "pod": row["Namespace"],
            "node": row["Cluster"],
            "hour": row["StartDate"],
            "cpu_request_cores": row["RequestsCPUCores"],
            "cpu_used_cores": row["UsedCPUCores"],
            "ram_request_gib": row["RequestsMemoryGiB"],
            "ram_used_gib": row["UsedMemoryGiB"],
        }
        for row in rows
    ]
    nodes = {
        row["Cluster"]: {
            "cluster": row["Cluster"],
            "node": row["Cluster"],
            "hour": row["StartDate"],
            "provider_id": row["Cluster"],
            "cpu_cores": row["ClusterCPUCores"],
            "ram_gib": row["ClusterMemoryGiB"],
            "up_ratio": 1,
        }
        for row in rows
    }
    warehouse = in_the_ledger(tmp_path, pods, nodes.values())
    found = warehouse.rows(
        "select cluster, namespace, core_hours::decimal(18, 9), used_core_hours::decimal(18, 9) "
        "from ledger.pod_day where pod is not null"
    )
    free = warehouse.rows(
        "select cluster, round(sum(core_hours), 6) from ledger.pod_day group by 1 order by 1"
    )

    assert sorted(found) == sorted(
        (
            row["Cluster"],
            row["Namespace"],
            max(Decimal(row["RequestsCPUCores"]), Decimal(row["UsedCPUCores"])).quantize(BILLIONTH),
            Decimal(row["UsedCPUCores"]).quantize(BILLIONTH),
        )
        for row in rows
    )
    assert round(sum(row[2] for row in found), 6) == round(Decimal(said["sum_requests_cpu"]), 6)
    assert round(sum(row[3] for row in found), 6) == round(Decimal(said["sum_used_cpu"]), 6)
    assert [f"{cluster}={cores:g}" for cluster, cores in free] == said["cluster_cpu"]

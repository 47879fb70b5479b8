"""Containers as a live Prometheus sums them up, against what KRR answers for the same samples."""

from __future__ import annotations

import csv
import math
from datetime import datetime, timedelta
from itertools import accumulate
from pathlib import Path

import pytest

from builders.prometheus import History
from quaestor.collect import collector
from quaestor.collect.landing import Landing
from quaestor.core.config import Config
from quaestor.core.sources import PrometheusSource
from quaestor.normalise import prometheus
from quaestor.normalise.job import Job
from quaestor.warehouse.duckdb import Warehouse

START = datetime(2026, 11, 14)
DAYS = 7
GIB, MIB = 2**30, 2**20


def a_history(folder: Path) -> History:
    """What KRR saw, a sample a minute; the seven days begin at midnight."""
    history = History(START, DAYS * 24)
    with Warehouse(":memory:") as warehouse:
        pods = warehouse.rows(
            """
            select namespace, pod, list(cpu_cores::double order by "at"),
                list(memory_bytes order by "at")
            from read_parquet(?) group by all
            """,
            [str(folder / "usage_40_workloads.parquet")],
        )
    for namespace, pod, cores, memory in pods:
        about = {"namespace": namespace, "pod": pod, "container": "main"}
        spent = list(accumulate(60 * one for one in cores))
        for metric, values in (
            ("container_cpu_usage_seconds_total", spent),
            ("container_memory_working_set_bytes", memory),
        ):
            history.add(metric, lambda s, told=values: float(told[s // 60 - 1]), **about)
    return history


@pytest.mark.thirdparty
def test_a_live_server_sizes_as_krr_does(prometheus_servers, reference: Path, tmp_path: Path):
    """Memory equal on all of 40 workloads; CPU, a minute of five looked at, within 3 %."""
    folder = reference / "krr"
    with (folder / "krr_simple_expected.csv").open(encoding="utf-8") as stream:
        expected = {(row["namespace"], row["workload"]): row for row in csv.DictReader(stream)}
    server = prometheus_servers(a_history(folder))
    source = PrometheusSource(
        name="metrics", url=server.url, cluster="prod", days=1, container_days=DAYS
    )
    landing = Landing(tmp_path, "metrics")
    now = START + timedelta(days=DAYS, minutes=10)
    collector("prometheus").collect(source, Config(), landing, now=now, progress=lambda _: None)
    manifest = landing.current()
    assert manifest
    warehouse = Warehouse(":memory:")
    prometheus.load(warehouse, Job(source, manifest, landing.root, "USD", lambda _: None))
    rows = warehouse.rows(
        """
        select namespace, regexp_extract(pod, '^(model-[0-9]+)-', 1), max(cpu_p95_cores),
            max(ram_max_gib)
        from usage.container_use where span = 'all' group by all
        """
    )
    memory = {
        (namespace, workload): math.ceil(gib * GIB * 1.15 / MIB) * MIB
        for namespace, workload, _, gib in rows
    }
    apart = [
        abs(cores / float(expected[namespace, workload]["cpu_request_krr"]) - 1)
        for namespace, workload, cores, _ in rows
    ]

    assert memory == {key: float(row["memory_request_krr_bytes"]) for key, row in expected.items()}
    assert max(apart) < 0.03

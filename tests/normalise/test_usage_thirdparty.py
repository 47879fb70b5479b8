"""Hours of an OpenShift cluster, as its cost management reports them, through pod-hours files.

The report counts core-seconds and byte-seconds of each pod and hour; a pod-hour has averages,
which is what those SELECTs make of them. It is how any such report is read.
"""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from quaestor import pipeline
from quaestor.core.config import parse_config
from quaestor.core.period import utc
from quaestor.warehouse.duckdb import Warehouse

PODS = """
copy (
    select 'ocp' as cluster, namespace, pod, node,
        replace(interval_start, ' +0000 UTC', 'Z') as hour,
        pod_usage_cpu_core_seconds::decimal(38, 20) / 3600 as cpu_used_cores,
        pod_request_cpu_core_seconds::decimal(38, 20) / 3600 as cpu_request_cores,
        pod_usage_memory_byte_seconds::decimal(38, 10) / 3600 / 1073741824 as ram_used_gib,
        to_json(map_from_entries(list_transform(
            string_split(pod_labels, '|'),
            lambda one: (split_part(one, ':', 1), split_part(one, ':', 2))
        ))) as labels
    from read_csv('{report}', all_varchar = true)
) to '{target}' (format csv, header)
"""
NODES = """
copy (
    select distinct 'ocp' as cluster, node, replace(interval_start, ' +0000 UTC', 'Z') as hour,
        resource_id as provider_id, node_capacity_cpu_cores as cpu_cores, 0 as gpus, 1 as up_ratio
    from read_csv('{report}', all_varchar = true)
) to '{target}' (format csv, header)
"""


@pytest.mark.thirdparty
def test_an_openshift_report_keeps_its_totals(reference: Path, tmp_path: Path):
    """To a billionth of a core-second of 4,387,480: columns of usage are floating point."""
    report = reference / "k8s" / "ocp_pod_usage_2019-02.csv.gz"
    with Warehouse(":memory:") as scratch:
        for name, select in {"pods": PODS, "nodes": NODES}.items():
            scratch.run(select.format(report=report, target=tmp_path / f"{name}.csv"))
    text = """
    sources:
      - {name: pods, kind: files, path: pods.csv, schema: pod-hours}
      - {name: nodes, kind: files, path: nodes.csv, schema: node-hours}
    """
    config, now = parse_config(text, tmp_path, {}), utc("2019-03-01")
    failures = pipeline.collect(config, now=now, progress=lambda _: None)
    built = pipeline.build(config, tmp_path / "w.duckdb", now=now, progress=lambda _: None)

    # Nothing but the bill is missing: a cluster alone has hours, and no cost.
    assert failures == []
    assert [spot.reason.partition(",")[0] for spot in built.blind_spots] == ["nodes are on no bill"]
    with Warehouse(tmp_path / "w.duckdb", read_only=True) as warehouse:
        assert warehouse.row(
            """
            select count(*), round(sum(cpu_used_cores::varchar::decimal(38, 20) * 3600), 9),
                round(sum(cpu_request_cores::varchar::decimal(38, 20) * 3600), 9),
                count(distinct labels)
            from usage.pod_hour
            """
        ) == (480, Decimal("4387480.431680000"), Decimal("8750200.000000000"), 3)
        assert warehouse.rows(
            "select node, provider_id, sum(cpu_cores) * 3600 from usage.node_hour group by all"
        ) == [("alpha", "myresourceid", 864000.0)]

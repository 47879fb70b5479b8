"""Load what Prometheus told of a cluster: hours of nodes, pods, GPUs and endpoints; containers.

The landed lines are series; `sql/prometheus_*.sql` make hours of them, one SELECT after the
other. What cannot be read is kept aside, and what nobody measures is told.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from quaestor.core.blind_spot import BlindSpot
from quaestor.core.sources import PrometheusSource
from quaestor.normalise import step
from quaestor.normalise.job import Job
from quaestor.normalise.landed_objects import LANDED, read_objects
from quaestor.normalise.quarantine import blind_spots, release
from quaestor.warehouse.duckdb import Warehouse

HOURLY = ("node_hour", "gpu_device_hour", "pod_hour", "endpoint_hour")
TABLES = (*HOURLY, "container_use", "container", "autoscaler")
_STEPS = (
    *("series", "point", "fact", "scrape", "gpu_device_hour", "node_hour", "pod_hour"),
    *("endpoint_hour", "container_fact", "container_use", "container", "autoscaler"),
)


@dataclass(frozen=True)
class _Fact:
    """What is unobserved without a fact that figures are made of, and how it is mended."""

    columns: str
    fix: str
    only_with_gpus: bool = False


_CADVISOR = "Scrape the kubelet's /metrics/cadvisor, with its labels namespace, pod and container."
_KSM = "Scrape kube-state-metrics, honouring its labels (`honor_labels: true`)."
_DCGM = "Scrape NVIDIA's dcgm-exporter, with this field in its list of counters."
_FACTS = {
    "pod_cpu": _Fact("pod_hour.cpu_used_cores", _CADVISOR),
    "pod_ram": _Fact("pod_hour.ram_used_gib", _CADVISOR),
    "pod_requests": _Fact("pod_hour: the requests of CPU, memory and GPUs", _KSM),
    "pod_active": _Fact("pod_hour.up_ratio: pods that have ended count as up", _KSM),
    "pod_info": _Fact("pod_hour.node, up_ratio", _KSM),
    "pod_labels": _Fact(
        "pod_hour.labels: team and model",
        "Let kube-state-metrics show them: --metric-labels-allowlist=pods=[team,model,...].",
    ),
    "node_capacity": _Fact("node_hour: CPU, memory and GPUs", _KSM),
    "node_info": _Fact("node_hour.provider_id, up_ratio: no machine meets its bill", _KSM),
    "gpu_used": _Fact("gpu_device_hour.used_ratio, pod_hour.gpu_used_ratio", _DCGM, True),
}
# Of these, what sizes of containers are made of.
_SIZES = {
    "pod_cpu": _Fact("container_use: CPU", _CADVISOR),
    "pod_ram": _Fact("container_use: memory", _CADVISOR),
    "pod_requests": _Fact("container: what is asked for", _KSM),
}


def load(warehouse: Warehouse, job: Job) -> list[BlindSpot]:
    """Replace what the source said before (see `normalise.Loader`)."""
    assert isinstance(job.source, PrometheusSource)  # noqa: S101 - LOADERS pairs schema and source
    source, cluster = job.source.name, job.source.cluster
    step.define(warehouse, "macros", "k8s_macros", "prometheus_macros")
    for table in TABLES:
        warehouse.run(f"delete from usage.{table} where source = ?", [source])
    release(warehouse, source, keep=())
    read_objects(warehouse, job)
    for name in _STEPS:
        step.make(warehouse, f"prometheus_{name}", {"cluster": cluster})
    for table in TABLES:
        _fill(warehouse, table, source, cluster)
    warehouse.run(_ASIDE, {"source": source})
    step.set_aside(warehouse, source, "prometheus_container_fact")
    return [
        *(_absent(warehouse, source) if job.source.asks_hours else _unsized(warehouse, source)),
        *_hidden(warehouse, source),
        *_changed(warehouse, source),
        *_nobody(warehouse, source),
        *blind_spots(warehouse, source, job.manifest.files),
    ]


def _fill(warehouse: Warehouse, table: str, source: str, cluster: str) -> None:
    wanted = warehouse.columns(f"usage.{table}")
    made = {name for (name, *_) in warehouse.rows(f"describe prometheus_{table}")}
    given = {"source": source} | ({"cluster": cluster} if "cluster" in wanted else {})
    columns = [f"${name} as {name}" for name in given]
    columns += [name for name in wanted if name in made and name not in given]
    warehouse.run(
        f"insert into usage.{table} by name select {', '.join(columns)} from prometheus_{table} "
        "order by all",
        given,
    )


def _absent(warehouse: Warehouse, source: str) -> Iterator[BlindSpot]:
    """Tell of facts that no metric tells, or whose series have other labels."""
    told = _told(warehouse)
    answered = {kind for (kind,) in warehouse.rows("select distinct kind from prometheus_fact")}
    if told and not warehouse.rows("select 1 from prometheus_series limit 1"):
        yield _nothing(source)
        return
    (with_gpus,) = warehouse.row(
        "select coalesce(bool_or(gpus > 0), false) from prometheus_node_hour"
    )
    for name, metrics, present, near in told:
        fact = _FACTS.get(name)  # others may be absent: no figure needs them (see `doctor`)
        if fact is None or name in answered or (fact.only_with_gpus and not with_gpus):
            continue
        if present == []:
            yield _no_metric(source, fact, metrics, near)
            continue
        named = " or ".join(present or metrics)
        reason = f"no series of {named} with the labels we read has come"
        yield _unobserved(source, fact, reason)


def _unsized(warehouse: Warehouse, source: str) -> Iterator[BlindSpot]:
    """Tell the same where no hours are asked for: of what sizes of containers need."""
    if not warehouse.rows("select 1 from prometheus_container_fact limit 1"):
        yield _nothing(source)
        return
    for name, metrics, present, near in _told(warehouse):
        if name in _SIZES and present == []:
            yield _no_metric(source, _SIZES[name], metrics, near)


def _told(warehouse: Warehouse) -> list[tuple[Any, ...]]:
    """Return, of each fact, its metrics, which of them there are, and what looks like others."""
    return warehouse.rows(
        f"""
        select unnest(from_json(object -> '$.facts', '[{{"fact": "VARCHAR", "metrics":
            ["VARCHAR"], "present": ["VARCHAR"], "near": ["VARCHAR"]}}]'), recursive := true)
        from {LANDED} where kind = 'metrics'
        """
    )


def _no_metric(
    source: str, fact: _Fact, metrics: Sequence[str], near: Sequence[str] | None
) -> BlindSpot:
    reason = f"there is no metric {' or '.join(metrics)}"
    reason += f" ({', '.join(near)} looks like it)" if near else ""
    return _unobserved(source, fact, reason)


def _unobserved(source: str, fact: _Fact, reason: str) -> BlindSpot:
    return BlindSpot(
        source=source,
        scope=fact.columns,
        reason=f"{reason}, so that it is unobserved",
        fix=fact.fix,
    )


def _hidden(warehouse: Warehouse, source: str) -> Iterator[BlindSpot]:
    """Tell of pods none of whose labels is shown: whose work theirs is, nobody knows."""
    if warehouse.rows("select 1 from prometheus_fact where kind = 'pod_labels' limit 1") and not (
        warehouse.rows("select 1 from prometheus_pod_hour where labels is not null limit 1")
    ):
        yield BlindSpot(
            source=source,
            scope=_FACTS["pod_labels"].columns,
            reason="kube_pod_labels shows no label of any pod",
            fix=_FACTS["pod_labels"].fix,
        )


def _nothing(source: str) -> BlindSpot:
    """Tell of days without any sample, in one sentence."""
    return BlindSpot(
        source=source,
        scope="all",
        reason="the days that were asked for hold no sample of any metric that we read",
        fix="Correct `since:`, `until:` and `days:`; the server may not keep samples for so long "
        "(its retention).",
    )


def _changed(warehouse: Warehouse, source: str) -> Iterator[BlindSpot]:
    """Tell of nodes whose GPUs changed within an hour: some may have fallen off."""
    for node, hours, first in warehouse.rows(
        """
        select most.node, count(*), min(most.hour)
        from prometheus_fact as most
        join prometheus_fact as least
            on least.kind = 'node_least_gpus' and least.node = most.node
            and least.hour = most.hour and least.labels['resource'] = most.labels['resource']
        where most.kind = 'node_capacity' and least.value < most.value
        group by most.node order by most.node
        """
    ):
        yield BlindSpot(
            source=source,
            scope=f"node {node}",
            period=f"{first:%Y-%m-%d %H:%M}",
            reason=f"its number of GPUs changed within {hours:,} hour{'s' if hours > 1 else ''}; "
            "the most it had is taken as what is paid",
            fix="See whether a GPU failed or the device plug-in was restarted.",
            rows=hours,
        )


def _nobody(warehouse: Warehouse, source: str) -> Iterator[BlindSpot]:
    """Tell of GPUs in use of which the exporter does not say by whom."""
    (hours, pods) = warehouse.row(
        """
        select
            (select count(*) from prometheus_gpu_device_hour
                where pod is null and used_ratio > 0),
            (select count(*) from prometheus_pod_hour
                where gpu_request > 0 and gpu_used_ratio is null)
        """
    )
    if hours and pods:
        yield BlindSpot(
            source=source,
            scope="pod_hour.gpu_used_ratio",
            reason=f"{pods:,} pod-hours with GPUs are unobserved, and for {hours:,} GPU-hours in "
            "use the exporter does not say whose work they are",
            fix="Let dcgm-exporter map GPUs to pods (DCGM_EXPORTER_KUBERNETES=true), and keep its "
            "labels pod and namespace.",
            rows=pods,
        )


_ASIDE = """
insert into quarantine.row
select $source, s.file, s.sha256, s.row_number,
    coalesce(s.refused, p.reason || ' (' || p.hours || ' hour' || if(p.hours > 1, 's', '')
        || ' from ' || strftime(p.first, '%Y-%m-%d %H:%M') || ')'),
    s.raw
from prometheus_series as s
left join (
    select series, arg_min(refused, hour) as reason, count(*) as hours, min(hour) as first
    from prometheus_point where refused is not null group by series
) as p on p.series = s.series
where s.refused is not null or p.series is not null
"""

"""Tell what the GPU ledger could not count, with its hours or its money."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from quaestor.core.blind_spot import BlindSpot
from quaestor.warehouse.duckdb import Warehouse

# Values that cannot be: table, column, and which rows have one.
_OUT_OF_RANGE = (
    ("pod_hour", "gpu_used_ratio", "gpu_used_ratio not between 0 and 1"),
    ("pod_hour", "gpu_request", "gpu_request < 0 or isnan(gpu_request)"),
    ("pod_hour", "up_ratio", "gpu_request > 0 and up_ratio not between 0 and 1"),
    ("node_hour", "up_ratio", "gpus > 0 and up_ratio not between 0 and 1"),
    ("node_hour", "gpus", "gpus < 0"),
    ("gpu_device_hour", "used_ratio", "used_ratio not between 0 and 1"),
    ("gpu_job", "gpu_util_ratio", "gpu_util_ratio not between 0 and 1"),
    ("gpu_job", "gpu_hours", "gpu_hours < 0 or gpu_hours >= 1000000000"),
    ("gpu_sample", "gpu_util_ratio", "gpu_util_ratio not between 0 and 1"),
    ("endpoint_hour", "gpu_used_ratio", "gpu_used_ratio not between 0 and 1"),
    ("endpoint_hour", "instances", "instances < 0"),
)
_FIX = {
    "ratio": "Have the source give a ratio in [0, 1] of one GPU: divide a percentage by 100, and a "
    "sum over GPUs by their number.",
    "count": "Correct it at its source: there is no less than nothing.",
}
_WATCH = {
    "cluster": "Add pod hours of the same time, and see that the GPU exporter (DCGM) runs on every "
    "node.",
    "endpoint": "Let the source read the metrics of its endpoints, and collect again.",
    "instance": "Collect what runs on these machines: a cluster, Slurm, or samples of their GPUs.",
    "host": "Sample the GPUs more evenly.",
    "job": "Have the GPUs of jobs sampled (`quaestor gpu-sample`), or their use recorded.",
}
# Pods that hold GPUs of a machine that no node source tells of in that hour.
_WITHOUT_NODE = """
    select p.source, p.cluster, count(*) as rows, sum(p.gpu_request * coalesce(p.up_ratio, 1)),
        min(p.namespace || '/' || p.pod)
    from usage.pod_hour as p
    left join (select distinct cluster, node, hour from usage.node_hour where gpus > 0) as n
        on n.cluster = p.cluster and n.node = p.node and n.hour = p.hour
    where p.gpu_request > 0 and n.node is null
    group by all order by all
"""
# GPUs that nobody watched; less than a hundredth of them is left to the waterfall's own step.
_UNOBSERVED = """
    select source, kind, cluster, sum(unobserved_gpu_hours), sum(gpu_hours),
        sum(unobserved_cost), min(node)
    from ledger.gpu_hour
    group by all
    having sum(unobserved_gpu_hours) > sum(gpu_hours) / 100
    order by all
"""
_UNPRICED = """
    select source, count(distinct coalesce(provider_id, cluster || '/' || node)),
        sum(gpu_hours), coalesce(
            nullif(min(concat_ws('/', nullif(cluster, ''), nullif(node, ''))), ''),
            'a ' || min(kind) || ' whose machine nobody names'
        )
    from ledger.gpu_hour
    where cost is null and gpu_hours > 0
        -- What ran since is on no bill yet; pages say up to when the bill goes.
        and day <= coalesce((select max(day) from ledger.billed_day), day)
    group by all order by all
"""
# Charges for machines whose type says GPU, and for whose GPUs nobody has a count.
_UNCOUNTED = """
    select source, min(coalesce(instance_type, resource_id)), count(*), sum(effective_cost)
    from ledger.gpu_instance_day
    where hours = 0 and not is_unused and effective_cost <> 0
    group by all order by all
"""
_ENDPOINTS = """
    select source, count(*), min(endpoint)
    from usage.endpoint
    where gpus is null and gpu_model is not null
    group by all order by all
"""


def blind_spots(warehouse: Warehouse) -> list[BlindSpot]:
    """Return what of GPUs was left out or stayed unknown, with its hours or its money."""
    return [
        *_impossible(warehouse),
        *_without_node(warehouse),
        *_uncounted(warehouse),
        *_unobserved(warehouse),
        *_unpriced(warehouse),
    ]


def _impossible(warehouse: Warehouse) -> Iterator[BlindSpot]:
    for table, column, wrong in _OUT_OF_RANGE:
        found: list[tuple[Any, ...]] = warehouse.rows(
            f"select source, count(*), min({column}), max({column}) from usage.{table} "
            f"where {wrong} group by source order by source"
        )
        for source, rows, least, most in found:
            values = " to ".join(dict.fromkeys((f"{least:g}", f"{most:g}")))
            is_ratio = column.endswith("ratio")
            yield BlindSpot(
                source=source,
                scope=f"{table}.{column}",
                reason=f"{values} in {rows:,} row{_s(rows)} is "
                + ("no ratio; it counts as unknown" if is_ratio else "no count; it is left out"),
                fix=_FIX["ratio" if is_ratio else "count"],
                rows=rows,
            )


def _without_node(warehouse: Warehouse) -> Iterator[BlindSpot]:
    for source, cluster, rows, hours, first in warehouse.rows(_WITHOUT_NODE):
        yield BlindSpot(
            source=source,
            scope=f"pod_hour.node of {cluster}",
            reason=f"{hours:,.1f} GPU-hours that pods asked for are on no node whose GPUs are "
            f"known, and are left out; the first: {first}",
            fix="Add a source of the cluster's node hours (Prometheus with kube-state-metrics, or "
            "files with schema node-hours) for the same time.",
            rows=rows,
        )


def _uncounted(warehouse: Warehouse) -> Iterator[BlindSpot]:
    currency = _currency(warehouse)
    for source, first, rows, amount in warehouse.rows(_UNCOUNTED):
        yield BlindSpot(
            source=source,
            scope="GPU-hours on the bill",
            reason=f"the hours of {rows:,} charge{_s(rows)} for machines with GPUs cannot be read, "
            f"or how many GPUs they have, so that their GPU-hours are unknown; the first: {first}",
            fix="Export ConsumedQuantity and ConsumedUnit with the bill, in hours, and say in "
            "`prices:` how many GPUs the type has.",
            rows=rows,
            amount=Decimal(amount) if amount is not None else None,
            currency=currency,
        )
    for source, rows, first in warehouse.rows(_ENDPOINTS):
        yield BlindSpot(
            source=source,
            scope="endpoint.gpus",
            reason=f"the GPUs of {rows:,} endpoint{_s(rows)} are not counted, as nobody says how "
            f"many there are; the first: {first}",
            fix="Let the source read the list of instance types (`quaestor permissions` shows the "
            "right it needs), and collect again.",
            rows=rows,
        )


def _unobserved(warehouse: Warehouse) -> Iterator[BlindSpot]:
    found = warehouse.rows(_UNOBSERVED)
    currency = _currency(warehouse)
    for source, kind, cluster, hours, paid, amount, first in found:
        place = f"{kind} {cluster}".strip()
        yield BlindSpot(
            source=source,
            scope=f"GPU use of {place}",
            reason=f"{hours:,.1f} of {paid:,.1f} paid GPU-hours are unobserved: nobody tells what "
            f"they did, and they are neither idle nor productive; the first: {first}",
            fix=_WATCH.get(kind, _WATCH["job"]),
            amount=amount or None,
            currency=currency if amount else None,
        )


def _currency(warehouse: Warehouse) -> str | None:
    found = warehouse.rows("select value from config.setting where name = 'currency'")
    return found[0][0] if found else None


def _unpriced(warehouse: Warehouse) -> Iterator[BlindSpot]:
    for source, machines, hours, first in warehouse.rows(_UNPRICED):
        yield BlindSpot(
            source=source,
            scope="gpu_hour.cost",
            reason=f"{hours:,.1f} GPU-hours of {machines:,} machine{_s(machines)} have no cost: "
            f"they are on no bill and in no price book, or a charge has no rate; the first: "
            f"{first}",
            fix="Add the bill that these machines are on, or their prices with `prices:`.",
        )


def _s(count: int) -> str:
    return "s" if count != 1 else ""

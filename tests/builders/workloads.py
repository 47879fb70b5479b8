"""Workloads of known shape put straight into a warehouse: what they used and what they ask for."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from quaestor.warehouse import container_series
from quaestor.warehouse.duckdb import Warehouse

UNTIL = datetime(2026, 11, 1)  # the last sample
CORES, GIB = 1.0, 2.0  # what a workload of level 1 uses on average
# By shape: parts of the average that CPU and memory are at some time. `t` is in days up to the
# end of the window, `noise` one of 1,000 parts of [0, 1), the same in every run.
SHAPES = {
    "steady": ("0.95 + 0.1 * noise", "0.98 + 0.04 * noise"),
    "diurnal": (
        "1 + 0.6 * sin(2 * pi() * t) + 0.1 * noise",
        "1 + 0.1 * sin(2 * pi() * t) + 0.02 * noise",
    ),
    "bursty": (
        "case when noise > 0.97 then 4 else 0.4 + 0.2 * noise end",
        "case when noise > 0.97 then 1.6 else 0.9 end",
    ),
    # Memory that leaks, until it is restarted every day.
    "leaking": ("0.9 + 0.2 * noise", "0.6 + 0.8 * (t - floor(t)) + 0.02 * noise"),
    # As ever up to the held-out days, and from then on half as much again each day.
    "growing": (
        "(0.95 + 0.1 * noise) * (1 + 0.5 * greatest(t + 3, 0))",
        "(0.98 + 0.04 * noise) * (1 + 0.5 * greatest(t + 3, 0))",
    ),
}


def sampled(
    warehouse: Warehouse,
    workloads: Iterable[str],
    shape: str,
    *,
    level: float = 1,
    pods: int = 1,
    days: float = 14,
    minutes: int = 30,
    until: datetime = UNTIL,
) -> None:
    """Insert the samples of Deployments of a shape, in the container `main` of team `ml`."""
    cpu, ram = SHAPES[shape]
    warehouse.run(
        f"""
        create or replace temp table sampled as
        select
            'samples' as source, 'prod' as cluster, 'ml' as namespace, workload,
            workload || '-7d9f8b6c5-abcd' || pod as pod, 'main' as container, at_ as sampled_at,
            {CORES * level} * ({cpu}) as cpu_used_cores,
            {GIB * level} * ({ram}) as ram_used_gib
        from (
            select
                workload, pod, at_, date_diff('second', ?::timestamp, at_) / 86400.0 as t,
                hash(workload || pod || at_) % 1000 / 1000.0 as noise
            from unnest(?::varchar[]) as w(workload), range(?) as p(pod),
                generate_series(?::timestamp, ?::timestamp, to_minutes(?)) as s(at_)
        )
        """,
        [
            until,
            list(workloads),
            pods,
            until - timedelta(days=days) + timedelta(minutes=minutes),
            until,
            minutes,
        ],
    )
    container_series.insert(warehouse, "select * from sampled")


def asking(warehouse: Warehouse, cores: float | None, gib: float | None, **more: object) -> None:
    """List the pods of all sampled workloads, each container asking for so much.

    Columns of `usage.container` may be given; `workload` is the only one that is meant.
    """
    meant = more.pop("workload", None)
    told = {
        "owner_kind": "Deployment",
        "cpu_request_cores": cores,
        "ram_request_gib": gib,
        "ram_limit_gib": gib,
        **more,
    }
    warehouse.run(
        f"""
        insert into usage.container (
            source, cluster, namespace, pod, container, owner, seen_at, {", ".join(told)}
        )
        select distinct 'k8s', cluster, namespace, pod, container, workload, ?::timestamp,
            {", ".join("?" for _ in told)}
        from usage.container_sample where workload = coalesce(?, workload)
        """,
        [UNTIL, *told.values(), meant],
    )

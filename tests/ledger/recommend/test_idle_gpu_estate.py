"""Idle machines planted among others: nearly all are found, and hardly anything else."""

from __future__ import annotations

import pytest

from builders.advice import advised
from builders.ledgers import a_warehouse
from quaestor.warehouse.duckdb import Warehouse

# What is planted: how many, how busy its GPU is and how full its memory (SQL over `hour` and
# `luck`, which is in [0, 1) and differs by machine and hour), and what is to come of it.
# luck < 0.015 is about two and a half hours of the week.
PLANTED = {
    "idle": (90, "luck * 0.04", "luck", "stop"),
    "twitching": (30, "case when luck < 0.015 then 0.8 else 0 end", "2", "stop"),
    "loaded": (60, "luck * 0.04", "14 + luck", "consolidate"),
    "opaque": (20, "0", "null", "consolidate"),
    "serving": (60, "0.2 + luck * 0.5", "18", None),
    "office-hours": (40, "case when hour(hour) between 9 and 17 then luck else 0 end", "10", None),
    "nightly": (40, "case when hour(hour) in (2, 3) then 0.95 else 0 end", "3", None),
    "at-threshold": (20, "0.05", "1", None),
    "silent": (30, "null", "null", None),
    "gone-silent": (20, "case when hour < '2026-10-30' then 0 end", "1", None),
    "just-started": (10, "case when hour > '2026-10-31 18:00' then 0 end", "1", None),
}
HOST_KINDS = ("idle", "loaded", "serving", "nightly")  # half of them are hosts that are sampled


def estate(seed: int) -> Warehouse:
    """A warehouse of a few hundred machines; which hour is lucky depends on the seed."""
    warehouse = a_warehouse()
    warehouse.run(
        "create temp table machine (name varchar, kind varchar, is_host boolean, number integer)"
    )
    for kind, (count, *_) in PLANTED.items():
        warehouse.run(
            "insert into machine select ? || '-' || n, ?, ? and n % 2 = 0, n "
            "from generate_series(1, ?) as s(n)",
            [kind, kind, kind in HOST_KINDS, count],
        )
    warehouse.run(
        "create temp table lived as select *, "
        "(hash(name || hour::varchar || ?::varchar) % 1000000) / 1e6 as luck "
        "from machine cross join generate_series(timestamp '2026-10-25 00:00', "
        "timestamp '2026-10-31 23:00', interval 1 hour) as s(hour)",
        [seed],
    )
    warehouse.run(
        """
        insert into usage.node_hour (source, cluster, node, hour, provider_id, instance_type,
            region, cpu_cores, ram_gib, gpu_model, gpus, up_ratio)
        select 'k8s', 'prod', name, hour, 'i-' || name, 'g5.xlarge', 'us-east-1', 4, 16,
            'NVIDIA-A10G', 1, 1
        from lived where not is_host;
        insert into usage.pod_hour (source, cluster, namespace, pod, node, hour, gpu_request)
        select 'k8s', 'prod', 'ml', name, name, hour, 1 from lived where not is_host
        """
    )
    for kind, (_, used, memory, _) in PLANTED.items():
        warehouse.run(
            f"""
            insert into usage.gpu_device_hour (source, cluster, node, gpu_uuid, hour, used_ratio,
                memory_used_gib, memory_gib, observed_ratio)
            select 'k8s', 'prod', name, 'GPU-' || name, hour, {used}, {memory}, 24, 1
            from lived where kind = ? and not is_host;
            """,
            [kind],
        )
        warehouse.run(
            f"""
            insert into usage.gpu_sample (source, host, gpu_index, gpu_model, sampled_at,
                gpu_util_ratio, memory_used_gib, memory_gib)
            select 'nvml', name, 0, 'NVIDIA A10G', hour, {used}, {memory}, 24
            from lived where kind = ? and is_host
            """,
            [kind],
        )
    return warehouse


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_planted_idle_machines_are_found_and_hardly_anything_else(seed: int):
    """Recall at least 99 %, precision at least 95 %; what is loaded is never to be stopped."""
    found = advised(estate(seed), "idle_gpu")
    wanted = {
        f"{kind}-{n}": action
        for kind, (count, _, _, action) in PLANTED.items()
        for n in range(1, count + 1)
    }
    told = {row["name"].removeprefix("prod/"): row["action"] for row in found.values()}
    given = {name for name, action in told.items() if action}
    planted = {name for name, action in wanted.items() if action}

    assert told.keys() == wanted.keys(), "each machine once, with an answer"
    assert len(given & planted) / len(planted) >= 0.99
    assert len(given & planted) / len(given) >= 0.95
    assert {n for n in given if told[n] == "stop" and n.startswith(("loaded", "opaque"))} == set()
    assert sum(told[n] == wanted[n] for n in planted) / len(planted) >= 0.99
    assert {n for n in given if "silent" in n} == set()

"""Machines with GPUs put straight into a warehouse: nodes, hosts, what their GPUs did."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from builders.advice import PRESENT, hourly
from builders.rows import insert
from quaestor.warehouse.duckdb import Warehouse

WEEK = 7


def node(warehouse: Warehouse, name: str = "n1", days: float = WEEK, **columns: Any) -> None:
    """A node of the cluster prod, up for some days until PRESENT: a g5.xlarge with one A10G.

    Its provider's id is i-<name>.
    """
    told: dict[str, Any] = {
        "source": "k8s",
        "cluster": "prod",
        "node": name,
        "provider_id": f"i-{name}",
        "instance_type": "g5.xlarge",
        "region": "us-east-1",
        "cpu_cores": 4,
        "ram_gib": 16,
        "gpu_model": "NVIDIA-A10G",
        "gpus": 1,
        "up_ratio": 1,
        **columns,
    }
    hourly(warehouse, "node_hour", days, told)


def device(
    warehouse: Warehouse,
    used: str,
    memory: str = "1",
    *,
    days: float = WEEK,
    name: str = "n1",
    **columns: Any,
) -> None:
    """What a GPU of a node did, hour by hour: `used` and `memory` (GiB) are SQL over `hour`."""
    key = {
        "source": "k8s",
        "cluster": "prod",
        "node": name,
        "gpu_uuid": f"GPU-{name}",
        "memory_gib": 24,
        "observed_ratio": 1,
        **columns,
    }
    hourly(warehouse, "gpu_device_hour", days, key, used_ratio=used, memory_used_gib=memory)


def pod(
    warehouse: Warehouse,
    used: str = "null",
    *,
    days: float = WEEK,
    node: str = "n1",
    name: str = "p1",
    **columns: Any,
) -> None:
    """A pod that asks for the GPU of a node; `used` is SQL over `hour`."""
    key = {
        "source": "k8s",
        "cluster": "prod",
        "namespace": "ml",
        "pod": name,
        "node": node,
        "gpu_request": 1,
        "up_ratio": 1,
        **columns,
    }
    hourly(warehouse, "pod_hour", days, key, gpu_used_ratio=used)


def samples(
    warehouse: Warehouse, host: str, used: str, memory: str = "1", days: float = WEEK
) -> None:
    """A sample a quarter of an hour of the one GPU of a host."""
    warehouse.run(
        "insert into usage.gpu_sample (source, host, gpu_index, gpu_model, sampled_at, "
        f"gpu_util_ratio, memory_used_gib, memory_gib) select 'nvml', ?, 0, 'NVIDIA A10G', hour, "
        f"{used}, {memory}, 24 "
        "from generate_series(?::timestamp, ?::timestamp, interval 15 minute) as s(hour)",
        [host, PRESENT - timedelta(days=days) + timedelta(minutes=15), PRESENT],
    )


def listed(warehouse: Warehouse, name: str = "n1", **columns: Any) -> None:
    """A node as the cluster's list of nodes has it."""
    told = {
        "source": "k8s",
        "cluster": "prod",
        "node": name,
        "gpus": 1,
        "seen_at": PRESENT,
        **columns,
    }
    insert(warehouse, "usage.node", **told)

"""Pods that hold whole GPUs for next to nothing: a slice, where their memory fits one."""

from __future__ import annotations

from decimal import Decimal

import pytest

from builders.advice import PRESENT, advised, billed
from builders.ledgers import a_warehouse
from builders.machines import device, node, pod
from builders.rows import insert
from quaestor.warehouse.duckdb import Warehouse

A100 = {
    "instance_type": "a2-highgpu-1g",
    "gpu_model": "NVIDIA-A100-SXM4-40GB",
    "cpu_cores": 12,
    "ram_gib": 85,
    "region": "us-central1",
}


@pytest.fixture
def warehouse() -> Warehouse:
    return a_warehouse()


def shared(warehouse: Warehouse, text: str = "") -> dict[str, dict[str, object]]:
    """What came of it, by the workload's name."""
    found = advised(warehouse, "gpu_share", text)
    return {subject.split("/")[4]: row for subject, row in found.items()}


def test_a_slice_is_advised_where_the_peak_of_memory_fits_it(warehouse):
    """4 GiB fit an eighth of 40, 8 GiB a quarter, 20 GiB none; of the GPUs' part of the bill."""
    for name, memory in (("tiny", 4), ("small", 8), ("large", 20)):
        node(warehouse, name, **A100)
        pod(warehouse, "0.01", node=name, name=name, gpu_memory_used_gib=memory)
        billed(warehouse, f"i-{name}", "24")
    found = shared(warehouse)
    tiny = found["tiny"]

    assert {name: (row["answer"], row["proposed"]) for name, row in found.items()} == {
        "tiny": ("advise", "a MIG slice: 14 % of a GPU"),
        "small": ("advise", "a MIG slice: 29 % of a GPU"),
        "large": ("clean", None),
    }
    assert tiny["reason"] == (
        "its GPUs are 1.0 % used at the 95th percentile of 168 observed hours, "
        "and it holds up to 4.0 of 40 GiB"
    )
    assert (tiny["confidence"], tiny["saving_basis"]) == ("medium", "effective rate")
    assert (tiny["inside"], tiny["committed_ratio"]) == ("i-tiny", 0)
    assert Decimal(0) < tiny["cost_per_month"] < Decimal(730), "its GPU, not the whole machine"
    assert abs(float(tiny["saving_per_month"] / tiny["cost_per_month"]) - 6 / 7) < 1e-3
    assert found["large"]["reason"] == (
        "its GPUs are 1.0 % used at the 95th percentile of 168 observed hours, "
        "and what it holds of their memory, 20.0 GiB, fits no part of one"
    )


def test_a_gpu_that_cannot_be_cut_is_shared_by_time(warehouse):
    """Up to four at once, of low confidence; a workload is one object, whatever its pods' names."""
    node(warehouse)
    for name in ("web-1", "web-2"):
        pod(warehouse, "0", name=name, gpu_memory_used_gib=5, days=3.5)
        insert(
            warehouse, "usage.pod", source="k8s", cluster="prod", namespace="ml", pod=name,
            owner_kind="Deployment", owner="web", seen_at=PRESENT,
        )  # fmt: skip
    warehouse.run("update usage.pod_hour set hour = hour - interval 84 hour where pod = 'web-1'")
    (one,) = shared(warehouse).values()

    assert (one["proposed"], one["confidence"]) == ("a time slice: 25 % of a GPU", "low")
    assert one["name"] == "prod/ml/web on n1"


def test_silence_work_and_unknown_memory_give_no_advice(warehouse):
    """At the threshold is not under it; pods that hold a slice already are not looked at."""
    told = {
        "silent": ("null", 1),
        "unknown": ("0", None),
        "busy": ("0.05", 1),
        "nightly": ("case when hour(hour) < 2 then 0.9 else 0 end", 1),
        "lately": ("case when hour < '2026-10-29' then 0 end", 1),
        "short": ("case when hour > '2026-10-31 19:00' then 0 end", 1),
    }
    for name, (used, memory) in told.items():
        node(warehouse, name, **A100)
        pod(warehouse, used, node=name, name=name, gpu_memory_used_gib=memory)
    node(warehouse, "sliced", **A100)
    pod(warehouse, "0", node="sliced", name="sliced", gpu_request=0.14)
    device(warehouse, "0", name="sliced")
    found = shared(warehouse)

    assert {name: row["answer"] for name, row in found.items()} == {
        "silent": "cannot-say",
        "unknown": "cannot-say",
        "busy": "clean",
        "nightly": "clean",
        "lately": "cannot-say",
        "short": "cannot-say",
    }


def test_a_machine_counts_once_with_the_pods_on_it(warehouse):
    """Stopping an idle machine and slicing the GPU of its pod do not add up."""
    node(warehouse, **A100)
    pod(warehouse, "0", gpu_memory_used_gib=2)
    billed(warehouse, "i-n1", "24")
    advised(warehouse, "gpu_share")
    counted = warehouse.row(
        "select sum(counted_saving_per_month), count(distinct kind) from ledger.recommendation "
        "where kind in ('gpu_share', 'idle_gpu')"
    )

    assert counted == (Decimal(730), 2)

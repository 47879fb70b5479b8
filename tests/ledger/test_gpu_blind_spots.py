"""ledger.gpu: what of GPUs could not be counted is told, with its hours or its money."""

from __future__ import annotations

import math
from decimal import Decimal

import pytest

from builders.gpus import a_job, a_node, a_pod, an_endpoint, bill, gpu_ledger, know
from quaestor.ledger.gpu import blind_spots
from quaestor.warehouse.duckdb import Warehouse

LOST = (
    "2.0 GPU-hours that pods asked for are on no node whose GPUs are known, and are left out; "
    "the first: ml/lost"
)
UNCOUNTED = (
    "the GPUs of 1 endpoint are not counted, as nobody says how many there are; the first: chat"
)
UNPRICED = (
    "12.0 GPU-hours of 1 machine have no cost: they are on no bill and in no price book, or a "
    "charge has no rate; the first: gpu"
)


@pytest.fixture
def warehouse():
    """A warehouse in dollars with a healthy node that is on the bill."""
    with Warehouse(":memory:") as made:
        made.run("insert into config.setting values ('currency', 'USD')")
        know(made, "usage.node_hour", a_node())
        know(made, "usage.pod_hour", a_pod())
        bill(made, "i-1", "10")
        yield made


def told(warehouse: Warehouse) -> list[tuple[str, str]]:
    """Scope and reason of each blind spot."""
    gpu_ledger(warehouse)
    return [(spot.scope, spot.reason) for spot in blind_spots(warehouse)]


def test_a_healthy_cluster_leaves_nothing_unseen(warehouse):
    """Nothing is told where everything was counted."""
    assert told(warehouse) == []


@pytest.mark.parametrize(
    ("table", "row", "scope", "reason"),
    [
        ("pod_hour", a_pod(pod="p2", gpu_used_ratio=800.0), "pod_hour.gpu_used_ratio",
         "800 in 1 row is no ratio; it counts as unknown"),
        ("pod_hour", a_pod(pod="p2", gpu_request=-1.0), "pod_hour.gpu_request",
         "-1 in 1 row is no count; it is left out"),
        ("gpu_job", a_job(gpu_util_ratio=-0.5, resource_id="i-1"), "gpu_job.gpu_util_ratio",
         "-0.5 in 1 row is no ratio; it counts as unknown"),
        ("gpu_job", a_job(gpu_hours=math.nan), "gpu_job.gpu_hours",
         "nan in 1 row is no count; it is left out"),
        ("gpu_job", a_job(gpu_hours=-2.0), "gpu_job.gpu_hours",
         "-2 in 1 row is no count; it is left out"),
        ("pod_hour", a_pod(pod="lost", node="n9"), "pod_hour.node of prod",
         LOST),
        ("endpoint", an_endpoint(gpus=None), "endpoint.gpus",
         UNCOUNTED),
        ("gpu_job", a_job(gpu_util_ratio=0.5), "gpu_hour.cost",
         UNPRICED),
        ("gpu_job", a_job(gpu_util_ratio=0.5, queue=None), "gpu_hour.cost",
         UNPRICED.replace("first: gpu", "first: a slurm whose machine nobody names")),
    ],
)  # fmt: skip
def test_what_cannot_be_counted_is_told(warehouse, table, row, scope, reason):
    """One sentence each, with how many rows or hours, and the first of them."""
    know(warehouse, f"usage.{table}", row)

    assert (scope, reason) in told(warehouse)


def test_charges_for_gpus_without_hours_are_told_with_their_money(warehouse):
    """A bill without quantities hides GPU-hours; the blind spot says how much money they are."""
    bill(warehouse, "i-7", "4.5", SkuPriceDetails='{"InstanceType":"p4d.24xlarge"}')
    gpu_ledger(warehouse)
    (spot,) = [spot for spot in blind_spots(warehouse) if spot.amount]

    assert (spot.scope, spot.amount, spot.currency) == (
        "GPU-hours on the bill",
        Decimal("4.5"),
        "USD",
    )
    assert "p4d.24xlarge" in spot.reason


def test_gpus_that_nobody_watched_are_told_with_what_they_cost(warehouse):
    """A silent exporter hides half of a node's day; less than a hundredth goes without saying."""
    warehouse.run("update usage.pod_hour set gpu_used_ratio = null")
    gpu_ledger(warehouse)
    (spot,) = blind_spots(warehouse)
    know(warehouse, "usage.node_hour", *(a_node(1, node=f"m{n}", gpus=8) for n in range(25)))
    more = told(warehouse)

    assert (spot.scope, spot.reason) == (
        "GPU use of cluster prod",
        (
            "2.0 of 4.0 paid GPU-hours are unobserved: nobody tells what they did, and they are "
            "neither idle nor productive; the first: n1"
        ),
    )
    assert spot.amount is not None
    assert 0 < spot.amount <= 5
    assert more == []


@pytest.mark.parametrize(
    ("meter", "kind"),
    [("A4 highgpu 8g VM", "a4-highgpu-8g"), ("USE1-BoxUsage:p9.48xlarge", "p9.48xlarge")],
)
def test_a_machine_with_gpus_that_nobody_lists_is_told_of(warehouse, meter, kind):
    """A meter names a newer machine: how many GPUs it has is no guess, and its money is told."""
    bill(warehouse, "vm-9", "80", SkuMeter=meter, ConsumedUnit="Hours", ConsumedQuantity="1")
    ((scope, reason),) = told(warehouse)

    assert scope == "GPU-hours on the bill"
    assert reason.endswith(f"so that their GPU-hours are unknown; the first: {kind}")

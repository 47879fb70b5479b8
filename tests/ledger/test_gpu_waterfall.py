"""ledger.gpu_waterfall: from what was paid for GPUs down to what did work, to the last digit."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from builders.gpus import START, a_job, a_node, a_pod, an_endpoint, bill, gpu_ledger, know, wrong
from builders.rows import insert
from quaestor.warehouse.duckdb import Warehouse

CHECKS = (
    "gpu_cost_adds_up_to_the_nodes",
    "gpu_shares_never_exceed_the_gpus",
    "gpu_waterfall_equals_the_bill",
)
TABLES = (
    "usage.node_hour",
    "usage.pod_hour",
    "usage.pod",
    "usage.gpu_job",
    "usage.endpoint",
    "usage.endpoint_hour",
    "usage.gpu_sample",
    "focus.charge",
)


@pytest.fixture
def warehouse():
    """A warehouse in dollars."""
    with Warehouse(":memory:") as made:
        made.run("insert into config.setting values ('currency', 'USD')")
        yield made


def steps(warehouse: Warehouse) -> dict[str, Decimal]:
    """Step -> cost, over all scopes; without those that are zero."""
    rows = warehouse.rows(
        "select step, sum(cost) from ledger.gpu_waterfall group by step having sum(cost) <> 0"
    )
    return dict(rows)


def test_a_dollar_falls_through_every_step(warehouse):
    """100 USD: what nothing ran on, what nobody asked for, what slept, stalled, failed, worked."""
    know(warehouse, "usage.node_hour", a_node(gpus=5))
    for name, ratio, kind in (
        ("works", 0.9, "Deployment"),
        ("sleeps", 0.0, "StatefulSet"),
        ("stalls", 0.0, "Job"),
        ("silent", None, "Deployment"),
    ):
        know(warehouse, "usage.pod_hour", a_pod(pod=name, gpu_request=1.0, gpu_used_ratio=ratio))
        know(
            warehouse,
            "usage.pod",
            {"source": "k8s", "cluster": "prod", "namespace": "ml", "pod": name}
            | {"owner_kind": kind, "owner": name, "seen_at": START},
        )
    arn = "arn:aws:sagemaker:eu-west-1:1:training-job/t"
    know(
        warehouse,
        "usage.gpu_job",
        a_job(source="sage", job=arn, resource_id=arn, kind="training-job", state="failed"),
    )
    bill(warehouse, "i-1", "50")
    bill(warehouse, arn, "30")
    bill(
        warehouse, "arn:aws:ec2:eu-west-1:1:reserved-instances/1", "20",
        SkuPriceDetails='{"InstanceType":"p4d.24xlarge"}', CommitmentDiscountStatus="Unused",
    )  # fmt: skip
    gpu_ledger(warehouse)
    host = steps(warehouse).get("host", Decimal(0))
    gpus = Decimal(50) - host

    assert [wrong(warehouse, check) for check in CHECKS] == [[], [], []]
    assert steps(warehouse).pop("paid") == Decimal(100)
    assert steps(warehouse)["commitment_unused"] == Decimal(20)
    assert steps(warehouse)["failed"] == Decimal(30)
    for step in ("unscheduled", "idle", "stalled", "unobserved", "productive"):
        assert abs(steps(warehouse)[step] - gpus / 5) < Decimal("1e-9")


def test_cores_and_memory_of_a_machine_are_the_host(warehouse):
    """The price book's weights say which part of a job's machine is its GPUs'."""
    arn = "arn:aws:sagemaker:eu-west-1:1:training-job/t"
    know(
        warehouse,
        "usage.gpu_job",
        a_job(
            source="sage", job=arn, resource_id=arn, kind="training-job", gpu_util_ratio=0.9,
            gpu_model="A100 40GB", gpus=8.0, cpus=96.0, ram_gib=1152.0,
        ),
    )  # fmt: skip
    bill(warehouse, arn, "100")
    gpu_ledger(warehouse)
    core, gib, gpu = warehouse.row(
        "select core_weight, gib_weight, gpu_weight from ledger.unit_weight "
        "where gpu_model = 'A100 40GB'"
    )
    share = 8 * gpu / (8 * gpu + 96 * core + 1152 * gib)

    assert wrong(warehouse, "gpu_waterfall_equals_the_bill") == []
    assert 0 < share < 1
    assert abs(steps(warehouse)["productive"] - 100 * share) < Decimal("1e-6")
    assert steps(warehouse)["productive"] + steps(warehouse)["host"] == 100


def test_what_nobody_prices_has_hours_and_no_cost(warehouse):
    """A cellar's GPUs are on no bill: their hours fall, no figure of money is made up."""
    know(warehouse, "usage.gpu_job", a_job(state="failed"), a_job(job="8", gpu_util_ratio=0.5))
    gpu_ledger(warehouse)

    assert warehouse.rows(
        "select step, gpu_hours, cost from ledger.gpu_waterfall where gpu_hours > 0 "
        "order by position"
    ) == [("paid", 24.0, None), ("failed", 12.0, None), ("productive", 12.0, None)]


@pytest.mark.parametrize("change", ["cost = cost + 0.01", "cost = -cost"])
def test_the_check_finds_a_cent_too_many(warehouse, change):
    """A check that cannot fail proves nothing."""
    know(warehouse, "usage.node_hour", a_node())
    know(warehouse, "usage.pod_hour", a_pod())
    bill(warehouse, "i-1", "10")
    gpu_ledger(warehouse)
    warehouse.run(f"update ledger.gpu_waterfall set {change} where step = 'productive'")

    assert len(wrong(warehouse, "gpu_waterfall_equals_the_bill")) == 1


def test_the_check_finds_a_machine_that_owes_less_than_its_bill(warehouse):
    """Ledger and waterfall may agree with each other and both be wrong."""
    arn = "arn:aws:sagemaker:eu-west-1:1:training-job/t"
    know(warehouse, "usage.gpu_job", a_job(source="sage", job=arn, resource_id=arn))
    bill(warehouse, arn, "10")
    gpu_ledger(warehouse)
    warehouse.run("update ledger.gpu_hour set cost = 9")
    warehouse.run("update ledger.gpu_waterfall set cost = 9 where cost = 10")

    assert [row[1] for row in wrong(warehouse, "gpu_waterfall_equals_the_bill")] == [arn]


def test_the_check_finds_a_gpu_that_is_shared_out_twice(warehouse):
    """Hours of a node beyond its GPUs would bill somebody for nothing."""
    know(warehouse, "usage.node_hour", a_node())
    gpu_ledger(warehouse)
    warehouse.run("update ledger.gpu_cluster_day set hours = hours + 1")

    assert len(wrong(warehouse, "gpu_shares_never_exceed_the_gpus")) == 1


ratio = st.none() | st.sampled_from([0.0, 0.01, 0.049, 0.05, 0.3, 1.0, 1.5, -0.1])
hour = st.integers(0, 60)
money = st.decimals("0", "100000", places=12)
job = st.fixed_dictionaries(
    {
        "resource_id": st.sampled_from([None, "i-0", "n1", "gpu-1", "arn:x/j"]),
        "state": st.sampled_from(["completed", "failed", "cancelled", "running", None]),
        "gpus": st.sampled_from([0.25, 1.0, 8.0]),
        "gpu_util_ratio": ratio,
        "start": hour,
        "length": st.floats(0.001, 50),
        "kind": st.sampled_from(["slurm", "ray-job", "training-job"]),
    }
)
pod = st.tuples(st.sampled_from(["n0", "n1"]), st.integers(0, 2), st.floats(0, 6), ratio)


@pytest.fixture(scope="module")
def reused():
    """One warehouse for many examples; each empties it first."""
    with Warehouse(":memory:") as made:
        made.run("insert into config.setting values ('currency', 'USD')")
        yield made


@settings(max_examples=25, deadline=None)
@given(
    jobs=st.lists(job, max_size=4),
    pods=st.lists(pod, max_size=5),
    endpoint=st.lists(st.tuples(ratio, st.none() | st.integers(0, 2)), max_size=3),
    sampled=st.lists(ratio, max_size=8),
    bills=st.dictionaries(
        st.sampled_from(["i-0", "i-1", "arn:x/j", "gpu-1", "chat", "box"]),
        st.tuples(money, st.integers(0, 2)),
    ),
)
def test_whatever_ran_the_steps_add_up_to_the_bill(reused, jobs, pods, endpoint, sampled, bills):
    """No step is negative, none is counted twice, and all of them are what was paid."""
    for table in TABLES:
        reused.run(f"delete from {table}")
    for name in ("0", "1"):
        know(reused, "usage.node_hour", a_node(3, node=f"n{name}", provider_id=f"i-{name}"))
    for place, (node, start, asked, used) in enumerate(pods):
        moment = START + timedelta(hours=start)
        row = a_pod(pod=f"p{place}", node=node, gpu_request=asked, gpu_used_ratio=used)
        del row["hours"]
        insert(reused, "usage.pod_hour", hour=moment, **row)
    for place, one in enumerate(jobs):
        given_job = {**one, "job": "j" if one["resource_id"] == "arn:x/j" else f"job-{place}"}
        start, length = given_job.pop("start"), given_job.pop("length")
        know(
            reused,
            "usage.gpu_job",
            a_job(length, **given_job, started_at=START + timedelta(hours=start)),
        )
    know(
        reused,
        "usage.endpoint",
        an_endpoint(resource_id="chat", seen_at=START + timedelta(hours=2)),
    )
    for place, (used, requests) in enumerate(endpoint):
        know(
            reused,
            "usage.endpoint_hour",
            {"source": "sage", "endpoint": "chat", "hour": START + timedelta(hours=place)}
            | {"gpu_used_ratio": used, "requests": requests, "instances": 2.0},
        )
    for place, used in enumerate(sampled):
        know(
            reused,
            "usage.gpu_sample",
            {"source": "nvml", "host": "box", "gpu_index": 0, "gpu_util_ratio": used}
            | {"sampled_at": START + timedelta(minutes=10 * place)},
        )
    for resource, (cost, day) in bills.items():
        bill(
            reused, resource, str(cost), day=START + timedelta(days=day), ConsumedQuantity="24",
            SkuPriceDetails='{"InstanceType":"p4d.24xlarge"}', ConsumedUnit="Hrs",
        )  # fmt: skip
    gpu_ledger(reused)

    assert [wrong(reused, check) for check in CHECKS] == [[], [], []]
    assert reused.row(
        "select coalesce(min(gpu_hours), 0) >= 0, coalesce(min(cost), 0) >= 0 "
        "from ledger.gpu_waterfall"
    ) == (True, True)

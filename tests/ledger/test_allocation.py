"""How machines, volumes and load balancers are divided over those who use them."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from builders.clusters import DAY, bill, divided, node, pod
from builders.ledgers import build
from builders.rows import insert
from quaestor.ledger import allocation
from quaestor.warehouse.duckdb import Warehouse

# What an A100 40GB, a core and a GiB cost by list, and an hour of a whole machine by that.
GPU, CORE, GIB = 2.933908, 0.031611, 0.004237
MACHINE = 8 * GPU + 96 * CORE + 1152 * GIB


@pytest.fixture
def warehouse() -> Warehouse:
    """An empty one."""
    return Warehouse(":memory:")


def costs(warehouse: Warehouse) -> dict[str, float]:
    """Whom the machine's day is for, to the cent."""
    rows = warehouse.rows("select allocated_to, sum(cost) from ledger.pod_day group by 1")
    return {name: round(float(cost), 2) for name, cost in rows}


def shares(warehouse: Warehouse, split_key: str = "i-1") -> dict[str, Decimal]:
    """Whom the day of a thing is for, as ratios of it."""
    rows = warehouse.rows(
        "select allocated_to, sum(upto_ratio - from_ratio) from ledger.resource_share "
        "where split_key = ? group by 1",
        [split_key],
    )
    return {name: round(ratio, 6) for name, ratio in rows}


def reasons(warehouse: Warehouse) -> list[tuple[str, int | None, Decimal | None]]:
    """What is told, how often, and with which money."""
    return [(spot.reason, spot.rows, spot.amount) for spot in allocation.blind_spots(warehouse)]


def test_a_pod_owes_what_it_held_by_what_that_costs(warehouse: Warehouse):
    """An eighth of the machine is an eighth of its bill; the rest is idle, resource by resource."""
    node(warehouse)
    pod(warehouse, "nlp")
    bill(warehouse, "800")

    assert costs(divided(warehouse)) == {
        "ml/nlp": 100.0,
        "idle/cpu": round(700 * 96 * CORE / MACHINE, 2),
        "idle/ram": round(700 * 1152 * GIB / MACHINE, 2),
        "idle/gpu": round(700 * 8 * GPU / MACHINE, 2),
    }


def test_both_bases_stand_side_by_side(warehouse: Warehouse):
    """Half of what it held was used; of a silent GPU exporter the used basis is unknown."""
    node(warehouse)
    pod(warehouse, "nlp")
    pod(warehouse, "mute", gpu_used_ratio=None)
    bill(warehouse, "800")
    divided(warehouse)

    assert warehouse.rows(
        "select pod, round(cost, 2), round(used_cost, 2), used_gpu_hours from ledger.pod_day "
        "where pod is not null order by pod"
    ) == [("mute", 100, None, None), ("nlp", 100, 50, 12.0)]


def test_usage_beyond_the_request_is_owed(warehouse: Warehouse):
    """max(request, usage), hour by hour: 24 cores of 96 in half of the hours, 12 in the others."""
    node(warehouse)
    pod(warehouse, "nlp", hours=12, gpu_request=0, ram_request_gib=0, ram_used_gib=0)
    pod(
        warehouse, "nlp", hours=12, first=12, cpu_used_cores=24,
        gpu_request=0, ram_request_gib=0, ram_used_gib=0,
    )  # fmt: skip
    divided(warehouse)

    assert warehouse.rows(
        "select core_hours, round(part::double / 24, 6) from ledger.pod_day where pod = 'nlp'"
    ) == [(12 * 12 + 12 * 24.0, round(18 * CORE / MACHINE, 6))]


def test_more_than_the_node_has_is_scaled_down_to_it(warehouse: Warehouse):
    """Ten pods that ask for a GPU each in every hour, of eight: nobody holds more than 0.8."""
    node(warehouse)
    for number in range(10):
        pod(warehouse, f"p{number}", cpu_request_cores=1, cpu_used_cores=1)
    divided(warehouse)

    assert warehouse.rows("select distinct held_gpu_hours, gpu_hours from ledger.pod_use") == [
        (Decimal("19.2"), 24)
    ]
    assert "idle/gpu" not in shares(warehouse)


@pytest.mark.parametrize(
    ("asked", "sharing", "expected"),
    [
        (("nvidia.com/mig-1g.5gb", 1), {"gpu_sharing": "mig", "gpu_memory_gib": 40}, 24 / 7),
        (("nvidia.com/mig-1g.10gb", 1), {"gpu_sharing": "mig", "gpu_memory_gib": 40}, 24 / 4),
        (("nvidia.com/mig-3g.20gb", 2), {"gpu_sharing": "mig", "gpu_memory_gib": 40}, 24.0),
        (
            ("nvidia.com/mig-1g.6gb", 1),
            {"gpu_sharing": "mig", "gpu_memory_gib": 24, "gpu_model": "NVIDIA-A30"},
            24 / 4,
        ),
        (("nvidia.com/gpu", 1), {"gpu_sharing": "time-slicing", "gpu_replicas": 4}, 24 / 4),
        (("nvidia.com/gpu.shared", 2), {"gpu_sharing": "mps", "gpu_replicas": 10}, 24 / 5),
        (
            ("nvidia.com/gpu", 1),
            {"gpu_sharing": "mig", "gpu_resources": '{"nvidia.com/gpu":56}', "gpus": 8},
            24 / 7,
        ),
        (("nvidia.com/gpu", 2), {}, 48.0),
    ],
)
def test_a_part_of_a_gpu_is_what_the_clusters_list_says(
    warehouse: Warehouse, asked: tuple[str, int], sharing: dict[str, object], expected: float
):
    """A slice by the larger of compute and memory, a share by how many there are."""
    resource, amount = asked
    seen = {"source": "k", "cluster": "prod", "seen_at": DAY, "node": "n1"}
    insert(warehouse, "usage.node", **{**seen, "gpu_model": "NVIDIA-A100-SXM4-40GB", **sharing})
    insert(
        warehouse, "usage.pod", namespace="ml", pod="nlp", gpu_resource=resource,
        gpu_request=amount, **seen,
    )  # fmt: skip
    node(warehouse)
    pod(warehouse, "nlp", gpu_request=2 if asked == ("nvidia.com/gpu", 2) else 1)
    divided(warehouse)

    [(hours,)] = warehouse.rows("select gpu_hours from ledger.pod_day where pod = 'nlp'")
    assert hours == pytest.approx(expected, abs=1e-8)


def test_hours_in_which_the_cluster_is_silent_are_unobserved(warehouse: Warehouse):
    """Of six of 24 hours no pod of the cluster tells: a quarter of the day is not idle."""
    node(warehouse)
    pod(warehouse, "nlp", hours=18, gpu_request=8, cpu_request_cores=96, ram_request_gib=1152)
    bill(warehouse, "96")

    assert shares(divided(warehouse)) == {"ml/nlp": Decimal("0.75"), "unobserved": Decimal("0.25")}
    assert [spot[2] for spot in reasons(warehouse)] == [24]


def test_a_cluster_of_which_no_pod_is_told_is_not_divided(warehouse: Warehouse):
    """Its charge stays as it is, and is told with its money."""
    node(warehouse)
    bill(warehouse, "96")
    divided(warehouse)
    [(reason, rows, amount)] = reasons(warehouse)

    assert (shares(warehouse), rows, amount) == ({}, 1, 96)
    assert "no pod of the cluster is told of" in reason


def test_a_gpu_that_nobody_prices_is_not_divided_by_a_guess(warehouse: Warehouse):
    """Its machine is told with its money."""
    node(warehouse, gpu_model="NVIDIA-X1")
    pod(warehouse, "nlp")
    bill(warehouse, "96")
    divided(warehouse)
    [(reason, _, amount)] = reasons(warehouse)

    assert (shares(warehouse), amount) == ({}, 96)
    assert "GPU model NVIDIA-X1" in reason


def test_up_time_that_nobody_tells_makes_nothing_idle(warehouse: Warehouse):
    """Whether the node was up is unknown, so what nobody asked for is unobserved."""
    node(warehouse, up_ratio=None)
    pod(warehouse, "nlp")

    assert shares(divided(warehouse)) == {
        "ml/nlp": Decimal("0.125"),
        "unobserved": Decimal("0.875"),
    }


def test_requests_for_gpus_that_nobody_tells_are_not_idle_gpus(warehouse: Warehouse):
    """Pods whose GPU request is unknown do not say that nobody asked."""
    node(warehouse)
    pod(warehouse, "nlp", gpu_request=None)
    found = shares(divided(warehouse))

    assert found["unobserved"] == Decimal(str(round(8 * GPU / MACHINE, 6)))
    assert "idle/gpu" not in found


def test_gpus_that_a_claim_may_hold_are_not_idle(warehouse: Warehouse):
    """How many GPUs a pod with a resource claim holds, nobody tells: unobserved, and told."""
    seen = {"source": "k", "cluster": "prod", "seen_at": DAY, "namespace": "ml"}
    insert(warehouse, "usage.pod", pod="dra", resource_claims=1, **seen)
    insert(warehouse, "usage.pod", pod="nlp", resource_claims=0, gpu_request=1, **seen)
    node(warehouse)
    pod(warehouse, "nlp")
    pod(warehouse, "dra", gpu_request=0, gpu_used_ratio=None)
    divided(warehouse)
    found = shares(warehouse)
    [told] = [reason for reason, _, _ in reasons(warehouse) if "resource claims" in reason]

    assert "idle/gpu" not in found
    assert found["unobserved"] == Decimal(str(round(7 * GPU / MACHINE, 6)))
    assert found["idle/cpu"] > 0
    assert "ml/dra" in told


def test_gpu_hours_that_a_claim_may_hold_are_unobserved(warehouse: Warehouse):
    """In the GPU ledger too: of 192 hours, 24 are the other pod's, and none is unscheduled."""
    insert(
        warehouse, "usage.pod", source="k", cluster="prod", seen_at=DAY, namespace="ml", pod="dra",
        resource_claims=1,
    )  # fmt: skip
    node(warehouse)
    pod(warehouse, "nlp")
    pod(warehouse, "dra", gpu_request=0, gpu_used_ratio=None)
    bill(warehouse, "800")
    build(warehouse)

    assert warehouse.rows(
        "select sum(gpu_hours), sum(unobserved_gpu_hours), sum(unscheduled_gpu_hours) "
        "from ledger.gpu_hour"
    ) == [(192, 168, 0)]


def test_a_claim_whose_gpus_the_hours_tell_hides_nothing(warehouse: Warehouse):
    """They say how many it held."""
    insert(
        warehouse, "usage.pod", source="k", cluster="prod", seen_at=DAY, namespace="ml", pod="dra",
        resource_claims=1,
    )  # fmt: skip
    node(warehouse)
    pod(warehouse, "dra")
    divided(warehouse)

    assert "idle/gpu" in shares(warehouse)
    assert [reason for reason, _, _ in reasons(warehouse) if "resource claims" in reason] == []


def test_a_name_that_two_machines_had_is_divided_apart(warehouse: Warehouse):
    """The machine of the morning and that of the afternoon, each by who was on it."""
    node(warehouse, hours=12)
    node(warehouse, hours=12, first=12, provider_id="i-2")
    pod(warehouse, "am", hours=12, gpu_request=8)
    pod(warehouse, "pm", hours=12, first=12, gpu_request=8)
    divided(warehouse)

    assert ("ml/am" in shares(warehouse), "ml/pm" in shares(warehouse)) == (True, False)
    assert ("ml/am" in shares(warehouse, "i-2"), "ml/pm" in shares(warehouse, "i-2")) == (
        False,
        True,
    )


def test_what_is_told_twice_counts_once(warehouse: Warehouse):
    """Two sources: the first by name. Two rows of an hour: the greater figures."""
    node(warehouse)
    node(warehouse, source="z", cpu_cores=1)
    pod(warehouse, "nlp")
    pod(warehouse, "nlp", source="z", cpu_request_cores=90)
    pod(warehouse, "ads")
    pod(warehouse, "ads", hours=1, cpu_request_cores=24)
    divided(warehouse)

    assert warehouse.rows("select pod, core_hours from ledger.pod_use order by pod") == [
        ("ads", 23 * 12 + 24),
        ("nlp", 24 * 12),
    ]
    assert {rows for _, rows, _ in reasons(warehouse)} >= {25, 1}


def test_pods_and_nodes_that_do_not_meet_are_told(warehouse: Warehouse):
    """No node; a node that nobody knows; a clock that is two hours off; a machine on no bill."""
    node(warehouse)
    pod(warehouse, "nlp", first=2)
    pod(warehouse, "lost", hours=3, node=None)
    pod(warehouse, "gone", hours=4, node="elsewhere")
    divided(warehouse)
    told = reasons(warehouse)

    assert [rows for reason, rows, _ in told if "name no node" in reason] == [3]
    assert [rows for reason, rows, _ in told if "at that time" in reason] == [6]
    assert [rows for reason, rows, _ in told if "on no bill" in reason] == [1]


def test_system_pods_and_daemon_sets_are_overhead(warehouse: Warehouse):
    """By the pattern of their namespace, or by their owner."""
    seen = {"source": "k", "cluster": "prod", "seen_at": DAY, "node": "n1"}
    insert(
        warehouse, "usage.pod", namespace="ml", pod="agent", owner_kind="DaemonSet",
        owner="agents", **seen,
    )  # fmt: skip
    node(warehouse)
    pod(warehouse, "dns", namespace="kube-system")
    pod(warehouse, "agent")
    divided(warehouse)

    assert warehouse.rows(
        "select allocated_to, cost_kind from ledger.pod_day where pod is not null order by 1"
    ) == [("kube-system/dns", "overhead"), ("ml/agents", "overhead")]


def test_a_machine_on_no_bill_costs_its_list_price_and_says_so(warehouse: Warehouse):
    """The shipped list of 2024-04; a spot machine has no on-demand price."""
    node(warehouse, instance_type="p4d.24xlarge", region="us-east-1")
    spot = {"node": "n2", "provider_id": "i-2", "instance_type": "p4d.24xlarge"}
    node(warehouse, region="us-east-1", **spot)
    insert(
        warehouse, "usage.node", source="k", cluster="prod", seen_at=DAY, capacity_type="spot",
        **spot,
    )  # fmt: skip
    divided(warehouse)
    [(machine, cost, source)] = warehouse.rows(
        "select machine, cost, price_source from ledger.machine_day"
    )

    assert (machine, cost) == ("i-1", Decimal("32.7726") * 24)
    assert source.startswith("price book: p4d.24xlarge, us-east-1, on-demand, 2024-04-01")


def test_a_machine_with_a_charge_without_a_rate_has_no_cost(warehouse: Warehouse):
    """Half a price would look like a cheap machine; who used it is known all the same."""
    node(warehouse)
    pod(warehouse, "nlp")
    bill(warehouse, "96")
    bill(warehouse, "4", BillingCurrency="XAU", x_billing_currency_rate=None)
    divided(warehouse)

    assert warehouse.rows("select distinct cost from ledger.pod_day") == [(None,)]
    assert shares(warehouse)["ml/nlp"] == Decimal("0.125")


def test_a_volume_is_divided_over_the_pods_that_mount_it(warehouse: Warehouse):
    """By the hours they ran, in equal parts; hours in which none ran are unmounted."""
    volume = {"source": "k", "cluster": "prod", "namespace": "ml", "seen_at": DAY}
    for name, pods, phase in (("v1", ["a", "b"], "Bound"), ("v2", [], "Available")):
        insert(warehouse, "usage.volume", volume=name, pods=pods, phase=phase, **volume)
    node(warehouse)
    pod(warehouse, "a", hours=12)
    pod(warehouse, "b", hours=6)
    divided(warehouse)

    assert shares(warehouse, "volume/prod/v1") == {
        "ml/a": Decimal("0.375"),
        "ml/b": Decimal("0.125"),
        "unmounted": Decimal("0.5"),
    }
    assert shares(warehouse, "volume/prod/v2") == {"unmounted": Decimal(1)}


def test_a_load_balancer_is_for_what_its_selector_names(warehouse: Warehouse):
    """All pairs of it; none behind it and no endpoint: unmounted."""
    balancer = {"source": "k", "cluster": "prod", "namespace": "ml", "seen_at": DAY}
    for name, team, endpoints in (("web", "a", 1), ("old", "nobody", 0)):
        insert(
            warehouse, "usage.load_balancer", service=name, endpoints=endpoints,
            selector=json.dumps({"team": team}), created_at=DAY, **balancer,
        )  # fmt: skip
    node(warehouse)
    pod(warehouse, "a")
    pod(warehouse, "b")
    divided(warehouse)

    assert shares(warehouse, "load-balancer/prod/ml/web") == {"ml/a": Decimal(1)}
    assert shares(warehouse, "load-balancer/prod/ml/old") == {"unmounted": Decimal(1)}


amounts = st.none() | st.floats(-1, 40, allow_nan=False, allow_subnormal=False)
pods = st.fixed_dictionaries(
    {
        "pod": st.sampled_from("abc"), "node": st.sampled_from(["n1", "n2", "n3", None]),
        "hours": st.integers(1, 3), "first": st.integers(0, 22),
        "cpu_request_cores": amounts, "cpu_used_cores": amounts, "ram_request_gib": amounts,
        "ram_used_gib": amounts, "gpu_request": amounts, "gpu_used_ratio": amounts,
        "up_ratio": st.none() | st.floats(0, 1), "source": st.sampled_from("kz"),
    }
)  # fmt: skip
nodes = st.fixed_dictionaries(
    {
        "node": st.sampled_from(["n1", "n2"]), "provider_id": st.sampled_from(["i-1", "i-2", None]),
        "hours": st.integers(1, 4), "first": st.integers(0, 20), "cpu_cores": amounts,
        "ram_gib": amounts, "gpus": st.none() | st.integers(0, 8),
        "up_ratio": st.none() | st.floats(0, 1), "source": st.sampled_from("kz"),
    }
)  # fmt: skip


@pytest.fixture(scope="module")
def reused():
    """One warehouse for many examples; each empties it first."""
    with Warehouse(":memory:") as warehouse:
        yield warehouse


@settings(max_examples=40, deadline=None)
@given(
    machines=st.lists(nodes, min_size=1, max_size=4),
    work=st.lists(pods, max_size=6),
    cost=st.decimals(-1000, 1000, allow_nan=False, places=20),
)
def test_the_parts_of_a_day_are_the_day(reused, machines, work, cost):
    """Whatever is told, of whatever: parts make up one, none is below zero, no GPU is exceeded."""
    for table in ("usage.node_hour", "usage.pod_hour", "focus.charge", "ledger.stale_day"):
        reused.run(f"delete from {table}")
    for one in machines:
        node(reused, **one)
    for one in work:
        pod(reused, one["pod"], **{k: v for k, v in one.items() if k != "pod"})
    bill(reused, str(cost))
    divided(reused)

    assert (
        reused.rows(
            "select split_key from ledger.resource_share group by day, split_key "
            "having sum(upto_ratio - from_ratio) <> 1 or min(from_ratio) <> 0 "
            "or max(upto_ratio) <> 1"
        )
        == []
    )
    assert (
        reused.rows(
            "select * from ledger.pod_day where part < 0 or gpu_part < 0 or used_part < 0 "
            "or used_part > part + 0.000000002"
        )
        == []
    )
    assert (
        reused.rows(
            "select n.node from ledger.node_day as n join ledger.pod_use as p on p.day = n.day "
            "and p.node = n.node and p.machine is not distinct from n.machine and p.is_placed "
            "where n.gpu_hours is not null group by n.day, n.node, n.machine, n.gpu_hours "
            "having sum(p.held_gpu_hours) > n.gpu_hours"
        )
        == []
    )
    assert (
        reused.rows(
            "select machine, sum(cost) from ledger.pod_day where machine = 'i-1' "
            "group by machine having sum(cost) <> ?",
            [str(cost)],
        )
        == []
    )

"""ledger.gpu_hour: what every paid GPU-hour did, for whom, and what it cost."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from builders.gpus import a_node, a_pod, bill, gpu_ledger, know, wrong
from quaestor.warehouse.duckdb import Warehouse

CHECK = "gpu_cost_adds_up_to_the_nodes"
node, pod = a_node, a_pod


def a_cluster(
    nodes: list[dict[str, Any]],
    pods: list[dict[str, Any]] | None = None,
    machines: dict[str, str] | None = None,
    warehouse: Warehouse | None = None,
) -> Warehouse:
    """A warehouse that knows these nodes and pods and what each machine cost on the first day."""
    warehouse = warehouse or Warehouse(":memory:")
    warehouse.run("insert or replace into config.setting values ('currency', 'USD')")
    know(warehouse, "usage.node_hour", *nodes)
    know(warehouse, "usage.pod_hour", *pods or [])
    for machine, cost in (machines or {}).items():
        bill(warehouse, machine, cost)
    return gpu_ledger(warehouse)


def hours(warehouse: Warehouse) -> dict[tuple[str | None, str | None], tuple[float, ...]]:
    """(team, model) -> paid, observed, used, idle, unobserved GPU-hours."""
    rows = warehouse.rows(
        """
        select team, model, sum(gpu_hours), sum(observed_gpu_hours), sum(used_gpu_hours),
            sum(idle_gpu_hours), sum(unobserved_gpu_hours)
        from ledger.gpu_hour group by all
        """
    )
    return {(team, model): tuple(rest) for team, model, *rest in rows}


def costs(warehouse: Warehouse) -> dict[str | None, tuple[Decimal | None, Decimal | None]]:
    """Team -> cost and idle cost."""
    rows = warehouse.rows("select team, cost, idle_cost from ledger.gpu_hour")
    return {team: (cost, idle) for team, cost, idle in rows}


def test_requests_are_owed_by_their_team_and_the_rest_is_idle():
    """A pod owes what it asked for; GPUs nobody asked for are idle, on a line without a team."""
    warehouse = a_cluster([node(hours=2)], [pod(hours=2)])

    assert hours(warehouse) == {
        ("nlp", "churn"): (4.0, 4.0, 2.0, 0.0, 0.0),
        (None, None): (4.0, 4.0, 0.0, 4.0, 0.0),
    }


@pytest.mark.parametrize(
    ("provider_id", "resource_ids"),
    [
        ("i-0ab", ["i-0ab", "arn:aws:ec2:eu-west-1:111111111111:instance/i-0ab"]),
        (
            "zones/us-central1-a/instances/7123",
            ["//compute.googleapis.com/projects/99/zones/us-central1-a/instances/7123"],
        ),
        ("/subscriptions/1/vm", ["/subscriptions/1/VM", "/Subscriptions/1/vm"]),
        ("gpu7.acme.example", ["gpu7.acme.example"]),
    ],
)
def test_a_machine_is_found_by_what_bills_call_it(provider_id: str, resource_ids: list[str]):
    """As the clouds write it; what it cost under several names is added, another's is not."""
    others = {"i-0abc": "7", "arn:aws:ec2:eu-west-1:1:volume/vol-0ab": "7", "x/gpu7.acme": "7"}
    warehouse = a_cluster(
        [node(provider_id=provider_id)], machines=dict.fromkeys(resource_ids, "1.5") | others
    )

    assert costs(warehouse)[None][0] == Decimal("1.5") * len(resource_ids)
    assert wrong(warehouse, CHECK) == []


def test_a_request_that_does_nothing_is_idle_below_five_percent_only():
    """0.049 is idle, 0.05 is not: the boundary belongs to work."""
    warehouse = a_cluster(
        [node()],
        [
            pod(pod="a", labels='{"team": "a"}', gpu_used_ratio=0.049),
            pod(pod="b", labels='{"team": "b"}', gpu_used_ratio=0.05),
        ],
    )

    assert {team: row[3] for (team, _), row in hours(warehouse).items()} == {"a": 2.0, "b": 0.0}


def test_a_silent_exporter_is_unobserved_and_never_idle():
    """No ratio: the hours are paid and unobserved; they are neither used nor idle."""
    warehouse = a_cluster([node()], [pod(gpu_request=4.0, gpu_used_ratio=None)])

    assert hours(warehouse) == {("nlp", "churn"): (4.0, 0.0, 0.0, 0.0, 4.0)}


def test_nodes_without_any_pod_data_are_unobserved():
    """Somebody who loads nodes and no pods must not read that every GPU is idle."""
    warehouse = a_cluster([node()])

    assert hours(warehouse) == {(None, None): (4.0, 0.0, 0.0, 0.0, 4.0)}


def test_pods_without_gpu_column_make_nothing_idle():
    """Pods whose GPU request is unknown do not tell that nobody asked."""
    warehouse = a_cluster([node()], [pod(gpu_request=None)])

    assert hours(warehouse) == {(None, None): (4.0, 0.0, 0.0, 0.0, 4.0)}


def test_an_empty_node_is_idle_where_its_cluster_tells_of_pods():
    """The cluster's pods are known for that hour and none is here: nobody asked."""
    warehouse = a_cluster(
        [node(), node(node="n2", provider_id="i-2")], [pod(gpu_request=4.0, pod="p1")]
    )

    assert hours(warehouse)[(None, None)] == (4.0, 4.0, 0.0, 4.0, 0.0)


def test_only_the_part_of_the_hour_the_node_was_up_is_paid():
    """A node up for a quarter of an hour has one paid GPU-hour of four; pods get no more."""
    warehouse = a_cluster([node(up_ratio=0.25)], [pod(gpu_request=4.0, gpu_used_ratio=1.0)])

    assert hours(warehouse) == {("nlp", "churn"): (1.0, 1.0, 1.0, 0.0, 0.0)}


def test_unscheduled_hours_are_unobserved_where_up_time_is_unknown():
    """Whether the node was up is unknown, so its unrequested hours are not called idle."""
    warehouse = a_cluster([node(up_ratio=None)], [pod()])

    assert hours(warehouse)[(None, None)] == (2.0, 0.0, 0.0, 0.0, 2.0)


def test_requests_beyond_the_node_are_scaled_down_to_it():
    """Time-sliced GPUs: three pods ask for four GPUs each; a third of the node each, exactly."""
    warehouse = a_cluster(
        [node()],
        [pod(pod=name, labels=f'{{"team": "{name}"}}', gpu_request=4.0) for name in "abc"],
        {"i-1": "10"},
    )
    answer = hours(warehouse)

    assert sum(row[0] for row in answer.values()) == pytest.approx(4.0, abs=1e-12)
    assert max(row[0] for row in answer.values()) == pytest.approx(4 / 3, abs=1e-8)
    assert sum(cost for cost, _ in costs(warehouse).values()) == Decimal(10)


def test_the_machines_whole_price_is_divided_over_its_paid_hours():
    """10 USD, a quarter of the hours at work for nlp, the rest requested by nobody."""
    warehouse = a_cluster([node()], [pod(gpu_request=1.0)], {"i-1": "10"})

    assert costs(warehouse) == {
        "nlp": (Decimal("2.5"), Decimal(0)),
        None: (Decimal("7.5"), Decimal("7.5")),
    }
    assert wrong(warehouse, CHECK) == []


def test_a_dollar_split_in_three_is_still_a_dollar():
    """One third has no exact decimal; the machine's cost must still add up."""
    pods = [pod(pod=n, labels=f'{{"team": "{n}"}}', gpu_request=1.0) for n in "abc"]
    warehouse = a_cluster([node(gpus=3)], pods, {"i-1": "1"})

    assert costs(warehouse) == {
        "a": (Decimal("0.3333333333"), Decimal(0)),
        "b": (Decimal("0.3333333333"), Decimal(0)),
        "c": (Decimal("0.3333333334"), Decimal(0)),
    }


def test_a_machine_on_no_bill_has_an_unknown_cost():
    """Not zero: nobody has billed it yet."""
    warehouse = a_cluster([node(), node(node="n2", provider_id=None)], [pod(gpu_request=4.0)])

    assert set(costs(warehouse).values()) == {(None, None)}


def test_a_charge_without_a_rate_makes_the_machines_cost_unknown():
    """Half a price would look like a cheap machine."""
    warehouse = a_cluster([node()], [pod(gpu_request=4.0)], {"i-1": "5"})
    again = Warehouse(":memory:")
    bill(again, "i-1", "5", BillingCurrency="XTS")

    assert costs(warehouse) == {"nlp": (Decimal(5), Decimal(0))}
    assert costs(a_cluster([node()], [pod(gpu_request=4.0)], {"i-1": "5"}, again)) == {
        "nlp": (None, None)
    }
    assert wrong(again, CHECK) == []


def test_a_machine_billed_while_it_was_down_keeps_its_cost():
    """No GPU-hour was paid for, yet the bill is there: one line with the cost and no hours."""
    warehouse = a_cluster([node(up_ratio=0.0)], [], {"i-1": "3"})

    assert warehouse.rows("select gpu_hours, cost, idle_cost from ledger.gpu_hour") == [
        (0.0, Decimal(3), Decimal(0))
    ]
    assert wrong(warehouse, CHECK) == []


def test_two_sources_of_one_node_do_not_double_it():
    """The first source by name counts; the machine's price is divided once."""
    warehouse = a_cluster([node(source="b"), node(source="a")], [pod(gpu_request=4.0)])

    assert warehouse.rows("select source, gpu_hours from ledger.gpu_hour") == [("a", 4.0)]


def test_nodes_without_gpus_and_pods_on_unknown_nodes_are_left_out():
    """There is nothing to say about GPUs that nobody paid for."""
    warehouse = a_cluster([node(gpus=0)], [pod(), pod(node="elsewhere", pod="p2")])

    assert hours(warehouse) == {}


def test_labels_that_are_blank_or_hostile_stay_what_they_are():
    """A blank label names nobody; a quote in a label is a character."""
    warehouse = a_cluster(
        [node()],
        [
            pod(pod="a", gpu_request=1.0, labels='{"team": "  "}'),
            pod(pod="b", gpu_request=1.0, labels='{"team": "x\'; drop table t"}'),
            pod(pod="c", gpu_request=1.0, labels=None),
        ],
    )

    assert {team for team, _ in hours(warehouse)} == {None, "x'; drop table t"}


def test_the_check_finds_a_cent_that_nobody_owes():
    """A check that cannot fail proves nothing."""
    warehouse = a_cluster([node()], [pod()], {"i-1": "10"})
    warehouse.run("update ledger.gpu_hour set cost = cost - 0.01 where team = 'nlp'")

    assert [row[1] for row in wrong(warehouse, CHECK)] == ["i-1"]


ratios = st.none() | st.floats(0, 1)
requests = st.tuples(
    st.sampled_from("abcd"), st.integers(0, 1), st.floats(0, 9, allow_subnormal=False), ratios
)


@pytest.fixture(scope="module")
def reused():
    """One warehouse for many examples; each empties it first."""
    with Warehouse(":memory:") as warehouse:
        yield warehouse


@settings(max_examples=12, deadline=None)
@given(
    gpus=st.lists(st.tuples(st.integers(0, 8), ratios), min_size=2, max_size=2),
    pods=st.lists(requests, max_size=6),
    cost=st.decimals(-1000, 1000, allow_nan=False, places=20),
)
def test_hours_add_up_to_the_paid_ones_and_costs_to_the_machine(reused, gpus, pods, cost):
    """Whatever asks for whatever: no hour and no digit of money appears or is lost."""
    machines = [
        node(node=f"n{i}", provider_id=f"i-{i}", gpus=count, up_ratio=up)
        for i, (count, up) in enumerate(gpus)
    ]
    asking = [
        pod(
            pod=f"p{i}",
            node=f"n{place}",
            gpu_request=request,
            gpu_used_ratio=ratio,
            labels=f'{{"team": "{team}"}}',
        )
        for i, (team, place, request, ratio) in enumerate(pods)
    ]
    for table in ("usage.node_hour", "usage.pod_hour", "focus.charge"):
        reused.run(f"delete from {table}")
    a_cluster(machines, asking, {f"i-{i}": str(cost) for i in range(2)}, reused)
    lines = reused.records("select * from ledger.gpu_hour")
    complaints = wrong(reused, CHECK)
    by_node = {f"n{i}": (count, up) for i, (count, up) in enumerate(gpus) if count}

    assert complaints == []
    for name, (count, up) in by_node.items():
        of_node = [line for line in lines if line["node"] == name]
        paid = count * (1.0 if up is None else up)
        assert sum(line["gpu_hours"] for line in of_node) == pytest.approx(paid, abs=1e-8)
        assert sum(line["cost"] for line in of_node) == cost
    for line in lines:
        seen, unseen = line["observed_gpu_hours"], line["unobserved_gpu_hours"]
        assert seen + unseen == pytest.approx(line["gpu_hours"], abs=1e-9)
        assert 0 <= line["idle_gpu_hours"] <= seen
        assert 0 <= line["used_gpu_hours"] <= seen + 1e-9
        assert abs(line["idle_cost"]) <= abs(line["cost"])

"""Nodes that a pool could do without: only where all that it ever held would fit on the others."""

from __future__ import annotations

import random  # noqa: TID251 - an estate made up, from a seed
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from builders.advice import PRESENT, advised, billed, hourly
from builders.ledgers import a_warehouse
from builders.machines import WEEK, node
from builders.rows import insert, insert_all
from quaestor.warehouse.duckdb import Warehouse


def a_node(warehouse: Warehouse, name: str, days: float = WEEK, **columns: Any) -> None:
    """An m5.2xlarge of the cluster prod, in its list, too."""
    told = {"instance_type": "m5.2xlarge", "cpu_cores": 8, "ram_gib": 32}
    node(warehouse, name, days, **{**told, "gpu_model": None, "gpus": 0, **columns})
    listed = {"source": "k8s", "cluster": "prod", "instance_type": "m5.2xlarge", "zone": "a"}
    listed |= {"capacity_type": "on-demand", "seen_at": PRESENT}
    if days == WEEK:
        insert(warehouse, "usage.node", node=name, provider_id=f"i-{name}", **listed)


def a_pod(
    warehouse: Warehouse, on: str, cores: str, gib: str = "1", *, days: float = WEEK, **owner: Any
) -> None:
    """A pod of a Deployment on a node; figures are SQL over `hour`."""
    (count,) = warehouse.row("select count(*) from usage.pod")
    key = {"source": "k8s", "cluster": "prod", "namespace": "ml", "pod": f"pod-{count}"}
    told = {"owner_kind": "Deployment", "owner": "api", **owner}
    insert(warehouse, "usage.pod", **key, node=on, seen_at=PRESENT, **told)
    hourly(
        *(warehouse, "pod_hour", days, {**key, "node": on, "up_ratio": 1}),
        cpu_request_cores=cores,
        ram_request_gib=gib,
    )


def answers(warehouse: Warehouse, text: str = "advice: {least_saving: 0}") -> dict[str, str]:
    rows = advised(warehouse, "spare_node", text).values()
    return {str(row["name"]).removeprefix("prod/"): str(row["answer"]) for row in rows}


def test_nodes_whose_pods_fit_on_the_others_are_advised_to_go():
    """The emptiest ones, with their charge; DaemonSets stay on every node."""
    warehouse = a_warehouse()
    for name, pods in {"n1": 3, "n2": 1, "n3": 2, "n4": 0}.items():
        a_node(warehouse, name)
        a_pod(warehouse, name, "0.5", owner_kind="DaemonSet", owner="logs")
        for _ in range(pods):
            a_pod(warehouse, name, "1")
    billed(warehouse, "i-n4", "24")
    rows = {row["name"]: row for row in advised(warehouse, "spare_node").values()}

    assert {name: row["answer"] for name, row in rows.items()} == {
        "prod/n1": "clean",
        "prod/n3": "clean",
        "prod/n2": "advise",
        "prod/n4": "advise",
    }
    spare = rows["prod/n4"]
    assert spare["reason"] == (
        "its pool of 4 needs 2: its pods held at most 6.0 of 32.0 cores and 6.0 of 128.0 GiB "
        "in 7 days, up to 2026-10-31"
    )
    assert spare["command"] == "kubectl drain n4 --ignore-daemonsets"
    assert (spare["saving_per_month"], spare["saving_basis"]) == (Decimal(730), "bill")
    assert (spare["confidence"], spare["saves_on"]) == ("medium", "i-n4")
    assert "disruption budget" in spare["risk"]


BUSY = "case when hour = '2026-10-28' then 6 else 1 end"


@pytest.mark.parametrize(
    ("what", "answer"),
    [
        ("nothing", "advise"),
        ("a peak", "clean"),
        ("memory", "clean"),
        ("a large pod", "clean"),
        ("zones", "clean"),
        ("two groups", "clean"),
        ("a gone node", "clean"),
        ("unknown requests", "cannot-say"),
        ("silence", "cannot-say"),
        ("growth", "withheld"),
    ],
)
def test_what_keeps_a_pool_as_it_is(what: str, answer: str):
    """The busiest hour, memory, large pods, zones, groups, what autoscaling took away."""
    warehouse = a_warehouse()
    zones = "abc" if what == "zones" else "aaa"
    for number, zone in enumerate(zones):
        name = f"n{number}"
        a_node(warehouse, name)
        label = f'{{"eks.amazonaws.com/nodegroup": "g{number}"}}' if what == "two groups" else None
        warehouse.run(
            "update usage.node set zone = ?, labels = ? where node = ?", [zone, label, name]
        )
        cores = BUSY if what == "a peak" else "7" if what == "a large pod" else "1"
        a_pod(warehouse, name, cores, "20" if what == "memory" else "1")
    days = WEEK - 2 if what == "silence" else WEEK
    if what == "silence":
        warehouse.run("delete from usage.pod_hour where hour < ?", [PRESENT - timedelta(days=days)])
    if what == "unknown requests":
        a_pod(warehouse, "n0", "null", "null")
    if what == "a gone node":
        a_node(warehouse, "gone", days=3)
        warehouse.run("delete from usage.node_hour where node = 'gone' and hour > '2026-10-30'")
        for _ in range(6):
            a_pod(warehouse, "gone", "case when hour < '2026-10-30' then 2 end", days=3)
        warehouse.run("delete from usage.pod_hour where node = 'gone' and hour >= '2026-10-30'")
    if what == "growth":
        for name in ("n3", "n4"):
            a_node(warehouse, name)
        for _ in range(4):
            a_pod(warehouse, "n3", "case when hour > '2026-10-30' then 3 else 0.5 end")
    found = answers(warehouse)

    assert answer in found.values()
    assert "advise" not in found.values() or answer == "advise"


def test_pods_that_nobody_would_make_again_hold_their_node():
    """And so do those whose annotations say that they may not be moved."""
    warehouse = a_warehouse()
    for name in ("n1", "n2", "n3", "n4"):
        a_node(warehouse, name)
    a_pod(warehouse, "n1", "2")
    a_pod(warehouse, "n2", "2")
    a_pod(warehouse, "n3", "0.1", owner_kind=None, owner=None)
    key = {"source": "k8s", "cluster": "prod", "namespace": "ml", "pod": "keep", "container": "c"}
    safe = '{"cluster-autoscaler.kubernetes.io/safe-to-evict": "false"}'
    insert(warehouse, "usage.container", **key, annotations=safe, seen_at=PRESENT)
    del key["container"]
    figures = {"cpu_request_cores": "0.1", "ram_request_gib": "1"}
    hourly(warehouse, "pod_hour", WEEK, {**key, "node": "n4", "up_ratio": 1}, **figures)
    found = answers(warehouse)

    assert (found["n3"], found["n4"]) == ("clean", "clean")
    assert sorted(found.values()) == ["advise", "advise", "clean", "clean"]


def test_of_seeded_pools_what_is_left_always_holds_all_pods():
    """First fit, hour by hour, of 20 pools: after the advice every pod still finds room."""
    chance = random.Random(3)  # noqa: S311 - no secret is made of it
    nodes, pods, listed = [], [], []
    for pool in range(20):
        for number in range(chance.randrange(2, 9)):
            key = {"source": "k8s", "cluster": f"c{pool}", "node": f"n{number}"}
            size = {"instance_type": "m5.2xlarge", "cpu_cores": 8, "ram_gib": 32, "gpus": 0}
            listed.append({**key, "seen_at": PRESENT})
            count = chance.randrange(0, 5)
            kinds = [(chance.choice([0.5, 1, 2]), chance.choice([1, 4, 6])) for _ in range(count)]
            for hour in range(7 * 24):
                at = PRESENT - timedelta(hours=hour)
                nodes.append({**key, **size, "hour": at})
                for place, (cores, gib) in enumerate(kinds):
                    row = {**key, "namespace": "ml", "pod": f"p{number}-{place}", "hour": at}
                    share = chance.choice([0.5, 1])
                    row |= {"cpu_request_cores": cores * share, "ram_request_gib": gib * share}
                    pods.append(row)
    warehouse = a_warehouse()
    insert_all(warehouse, "usage.node_hour", nodes)
    insert_all(warehouse, "usage.pod_hour", pods)
    insert_all(warehouse, "usage.node", listed)
    rows = advised(warehouse, "spare_node").values()
    gone = {row["name"] for row in rows if row["answer"] == "advise"}
    left: dict[Any, list[list[float]]] = {}
    for one in nodes:
        if f"{one['cluster']}/{one['node']}" not in gone:
            left.setdefault((one["cluster"], one["hour"]), []).append([8 / 1.1, 32 / 1.1])
    for one in pods:
        room = left[one["cluster"], one["hour"]]
        cores, gib = one["cpu_request_cores"], one["ram_request_gib"]
        free = [each for each in room if each[0] >= cores and each[1] >= gib]
        assert free, f"no node of {one['cluster']} has room for {one['pod']}"
        free[0][0] -= cores
        free[0][1] -= gib

    assert len(gone) >= 10

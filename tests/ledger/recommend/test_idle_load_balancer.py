"""Load balancers with nothing behind them, or nobody before them."""

from __future__ import annotations

import random  # noqa: TID251 - an estate made up, from a seed
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from builders.advice import PRESENT, advised, billed, hourly
from builders.ledgers import a_warehouse
from builders.rows import insert, insert_all
from quaestor.warehouse.duckdb import Warehouse

ADDRESS = "a1b2-123456789.eu-west-1.elb.amazonaws.com"


def a_balancer(warehouse: Warehouse, service: str, endpoints: int | None, **columns: Any) -> None:
    told = {"source": "k8s", "cluster": "prod", "namespace": "ml", "service": service}
    told |= {"endpoints": endpoints, "created_at": datetime(2026, 3, 1), "seen_at": PRESENT}
    insert(warehouse, "usage.load_balancer", **{**told, **columns})


def looked_at(warehouse: Warehouse, service: str, looks: dict[int, bool | None]) -> None:
    """Say of looks, so many days before the present, whether it had no pods then."""
    for days, is_unused in looks.items():
        at = PRESENT - timedelta(days=days)
        told = {"source": "k8s", "look": at, "seen_at": at, "is_unused": is_unused}
        insert(warehouse, "usage.look", thing=f"load-balancer/prod/ml/{service}", **told)


def traffic(warehouse: Warehouse, address: str, meter: str, quantity: object, **more: Any) -> None:
    """Bill a load balancer's hours, and beside them what went through it, day by day."""
    billed(warehouse, address, "0.6", SkuMeter="LoadBalancerUsage", ConsumedUnit="Hrs")
    told = {"SkuMeter": meter, "ConsumedQuantity": quantity, "ConsumedUnit": "LCU-Hrs", **more}
    billed(warehouse, address, "0", **told)


def answers(warehouse: Warehouse) -> dict[str, tuple[Any, Any]]:
    rows = advised(warehouse, "idle_load_balancer").values()
    return {
        str(row["name"]).removeprefix("ml/"): (row["answer"], row["confidence"]) for row in rows
    }


def test_one_look_without_pods_is_no_idleness():
    """It takes three days of looks over a week, none of which found a pod."""
    warehouse = a_warehouse()
    looks: dict[str, dict[int, bool | None]] = {
        "always": {0: True, 3: True, 7: True},
        "once": {0: True},
        "twice": {0: True, 9: True},
        "lately": {0: True, 1: True, 2: True, 6: True, 7: False, 9: True},
        "unsaid": {0: True, 3: None, 7: True},
        "hourly": {0: True} | {30: True},
    }
    for name, told in looks.items():
        a_balancer(warehouse, name, 0)
        looked_at(warehouse, name, told)
    a_balancer(warehouse, "remade", 0, created_at=PRESENT - timedelta(days=5))
    looked_at(warehouse, "remade", {0: True, 3: True, 8: True})
    # Nothing of its cluster changed for eight days, so that it is listed as of the first of them.
    a_balancer(warehouse, "static", 0, seen_at=PRESENT - timedelta(days=8))
    looked_at(warehouse, "static", {8: True, 4: True, 0: True})
    rows = advised(warehouse, "idle_load_balancer").values()
    reasons = {str(row["name"]): str(row["reason"]) for row in rows}

    assert answers(warehouse) == {
        "always": ("advise", "medium"),
        "static": ("advise", "medium"),
        "remade": ("clean", None),
        **dict.fromkeys(("once", "twice", "lately", "unsaid", "hourly"), ("cannot-say", None)),
    }
    assert reasons["ml/always"] == (
        "no pod was ready behind it at any look from 2026-10-24 to 2026-10-31, on 3 days"
    )
    assert reasons["ml/once"] == (
        "no pod was ready behind it on 2026-10-31, and nobody looked on another day; "
        "3 over 7 days are needed"
    )
    assert reasons["ml/lately"] == (
        "no pod was ready behind it on 2026-10-31, and at looks on 4 days since 2026-10-25; "
        "3 over 7 days are needed"
    )


def test_traffic_on_the_bill_decides_where_it_is_counted():
    """Next to none makes up for looks; some of it is a reason to leave it; silence is neither."""
    warehouse = a_warehouse()
    addresses = {
        name: f"{name}-123456789.eu-west-1.elb.amazonaws.com"
        for name in ("quiet", "busy", "bytes", "uncounted", "empty", "unread")
    }
    for name, address in addresses.items():
        a_balancer(warehouse, name, 0, address=address)
    looked_at(warehouse, "empty", {0: True, 3: True, 7: True})
    traffic(warehouse, addresses["quiet"], "EU-LCUUsage", "0.0001")
    traffic(warehouse, addresses["empty"], "EU-LCUUsage", "0")
    traffic(warehouse, addresses["busy"], "EU-LCUUsage", "2.4")
    traffic(warehouse, addresses["unread"], "EU-LCUUsage", None)
    gb = {"ConsumedUnit": "GB"}
    traffic(warehouse, addresses["bytes"], "EU-DataProcessing-Bytes", "0.5", **gb)
    billed(warehouse, addresses["uncounted"], "0.6")

    assert answers(warehouse) == {
        "quiet": ("advise", "medium"),
        "empty": ("advise", "high"),
        "busy": ("clean", None),
        "bytes": ("clean", None),
        "uncounted": ("cannot-say", None),
        "unread": ("cannot-say", None),
    }


def test_of_seeded_load_balancers_the_empty_ones_are_found_and_no_others():
    """Of 400, with pods at night, at noon, now and then, never, or never told of."""
    chance = random.Random(5)  # noqa: S311 - no secret is made of it
    balancers, looks, planted = [], [], set()
    for number in range(400):
        kind = ("empty", "scaled", "ready", "silent", "rare")[number % 5]
        days = range(chance.randrange(8, 20))
        unused = {
            "empty": lambda: True,
            "ready": lambda: False,
            "silent": lambda: None,
            "scaled": lambda: chance.random() < 0.6,
            "rare": lambda: True,
        }[kind]
        told = {day: unused() for day in (days if kind != "rare" else (0, 1))}
        # That of a scaled one which counts: a look of this week found a pod.
        if kind == "scaled":
            told[chance.randrange(1, 7)] = False
        thing = f"load-balancer/prod/ml/{kind}-{number}"
        for day, is_unused in told.items():
            at = PRESENT - timedelta(days=day, minutes=number)
            row = {"source": "k8s", "look": at, "seen_at": at, "is_unused": is_unused}
            looks.append({**row, "thing": thing})
        endpoints = {True: 0, False: 2, None: None}[told[0]]
        row = {"source": "k8s", "cluster": "prod", "namespace": "ml", "endpoints": endpoints}
        row |= {"created_at": datetime(2026, 3, 1), "seen_at": PRESENT}
        balancers.append({**row, "service": f"{kind}-{number}"})
        if kind == "empty":
            planted.add(f"load-balancer/k8s/prod/ml/{kind}-{number}")
    warehouse = a_warehouse()
    insert_all(warehouse, "usage.load_balancer", balancers)
    insert_all(warehouse, "usage.look", looks)
    rows = advised(warehouse, "idle_load_balancer")

    assert len(rows) == 400
    assert {name for name, row in rows.items() if row["answer"] == "advise"} == planted


def test_a_load_balancer_without_pods_or_without_calls_is_advised_to_go():
    """By its pods, or by the hours of the endpoint it answers for; silence is no idleness."""
    warehouse = a_warehouse()
    a_balancer(warehouse, "empty", 0, address=ADDRESS)
    looked_at(warehouse, "empty", {0: True, 4: True, 8: True})
    a_balancer(warehouse, "new", 0, created_at=PRESENT)
    a_balancer(warehouse, "unknown", None)
    a_balancer(warehouse, "busy", 2)
    a_balancer(warehouse, "silent", 1)
    label = '{"serving.kserve.io/inferenceservice": "churn"}'
    a_balancer(warehouse, "churn-predictor", 1, labels=label)
    for name, days in (("churn", 14), ("busy", 14), ("silent", 13), ("rarely", 14)):
        key = {"source": "prom", "endpoint": f"prod/ml/{name}"}
        insert(warehouse, "usage.endpoint", **key, model=name, seen_at=PRESENT)
        hourly(
            warehouse,
            "endpoint_hour",
            days,
            key,
            requests="1" if name in ("busy", "rarely") else "0",
        )
    # Of each day but one hour is known.
    a_balancer(warehouse, "hardly", 1)
    # Scaled to zero between calls, and called.
    a_balancer(warehouse, "rarely", 0)
    looked_at(warehouse, "rarely", {0: True, 4: True, 8: True})
    key = {"source": "prom", "endpoint": "prod/ml/hardly"}
    insert(warehouse, "usage.endpoint", **key, model="hardly", seen_at=PRESENT)
    hourly(
        *(warehouse, "endpoint_hour", 14, key),
        requests="case when date_part('hour', hour) = 3 then 0 end",
    )
    billed(warehouse, ADDRESS, "0.6")
    found = {str(row["name"]): row for row in advised(warehouse, "idle_load_balancer").values()}

    assert {name: (row["answer"], row["confidence"]) for name, row in found.items()} == {
        "ml/empty": ("advise", "medium"),
        "ml/new": ("clean", None),
        "ml/unknown": ("cannot-say", None),
        "ml/busy": ("clean", None),
        "ml/silent": ("clean", None),
        "ml/hardly": ("clean", None),
        "ml/rarely": ("clean", None),
        "ml/churn-predictor": ("advise", "high"),
    }
    empty = found["ml/empty"]
    assert empty["command"] == "kubectl delete service empty --namespace ml"
    assert (empty["saving_per_month"], empty["saving_basis"]) == (Decimal("18.25"), "bill")
    assert (empty["resource_id"], empty["saves_on"]) == (ADDRESS, ADDRESS)
    called = found["ml/churn-predictor"]
    assert called["reason"] == (
        "its endpoint prod/ml/churn was not called in 14 days, up to 2026-10-31"
    )
    assert (called["model"], called["saving_per_month"]) == ("churn", None)

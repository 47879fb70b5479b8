"""Load balancers with nothing behind them, or nobody before them."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from builders.advice import PRESENT, advised, billed, hourly
from builders.ledgers import a_warehouse
from builders.rows import insert
from quaestor.warehouse.duckdb import Warehouse

ADDRESS = "a1b2-123456789.eu-west-1.elb.amazonaws.com"


def a_balancer(warehouse: Warehouse, service: str, endpoints: int | None, **columns: Any) -> None:
    told = {"source": "k8s", "cluster": "prod", "namespace": "ml", "service": service}
    told |= {"endpoints": endpoints, "created_at": datetime(2026, 3, 1), "seen_at": PRESENT}
    insert(warehouse, "usage.load_balancer", **{**told, **columns})


def test_a_load_balancer_without_pods_or_without_calls_is_advised_to_go():
    """By its pods, or by the hours of the endpoint it answers for; silence is no idleness."""
    warehouse = a_warehouse()
    a_balancer(warehouse, "empty", 0, address=ADDRESS)
    a_balancer(warehouse, "new", 0, created_at=PRESENT)
    a_balancer(warehouse, "unknown", None)
    a_balancer(warehouse, "busy", 2)
    a_balancer(warehouse, "silent", 1)
    label = '{"serving.kserve.io/inferenceservice": "churn"}'
    a_balancer(warehouse, "churn-predictor", 1, labels=label)
    for name, days in (("churn", 14), ("busy", 14), ("silent", 13)):
        key = {"source": "prom", "endpoint": f"prod/ml/{name}"}
        insert(warehouse, "usage.endpoint", **key, model=name, seen_at=PRESENT)
        hourly(warehouse, "endpoint_hour", days, key, requests="1" if name == "busy" else "0")
    # Of each day but one hour is known.
    a_balancer(warehouse, "hardly", 1)
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

"""Endpoints with more instances than their busiest hour needs, replayed on the days held out."""

from __future__ import annotations

from decimal import Decimal

import pytest

from builders.advice import PRESENT, advised, billed, hourly
from builders.ledgers import a_warehouse
from builders.rows import insert
from quaestor.warehouse.duckdb import Warehouse

ARN = "arn:aws:sagemaker:eu-west-1:123456789012:endpoint/"
STEADY = {"instances": 8, "cpu_used_ratio": 0.2, "requests": 900}


def endpoint(
    warehouse: Warehouse, name: str, environment: str = "staging", **columns: object
) -> dict[str, object]:
    """An endpoint of eight instances; the key of its hours."""
    key = {"source": "sm", "endpoint": name}
    told = {
        **key,
        "kind": "sagemaker",
        "resource_id": ARN + name,
        "region": "eu-west-1",
        "instance_type": "ml.m5.xlarge",
        "instances": 8,
        "gpus": 0,
        "status": "InService",
        "seen_at": PRESENT,
        **columns,
    }
    insert(warehouse, "usage.endpoint", **told)
    if environment:
        insert(
            warehouse, "registry.deployment", source="sm", deployment=name, environment=environment
        )
    return key


def test_instances_that_the_busiest_hour_does_not_need_are_advised_to_go():
    """8 at a fifth are 1.6 busy ones: 3 keep them below 60 %; the rest is its part of the bill."""
    warehouse = a_warehouse()
    key = endpoint(warehouse, "wide")
    billed(warehouse, ARN + "wide", "24")
    hourly(warehouse, "endpoint_hour", 14, {**key, "variant": "AllTraffic"}, **STEADY)
    (one,) = advised(warehouse, "endpoint_size").values()

    assert (one["answer"], one["action"], one["confidence"]) == ("advise", "resize", "high")
    assert (one["current"], one["proposed"]) == ("8 x ml.m5.xlarge", "3 x ml.m5.xlarge")
    assert one["reason"] == ("its busiest hour of 14 days kept 1.6 instances busy, and it has 8")
    assert (one["saving_per_month"], one["saving_basis"]) == (Decimal("456.25"), "effective rate")
    assert one["saves_on"] == ARN + "wide"
    assert one["command"] == (
        "aws sagemaker update-endpoint-weights-and-capacities --endpoint-name wide "
        "--desired-weights-and-capacities VariantName=AllTraffic,DesiredInstanceCount=3 "
        "--region eu-west-1"
    )


def test_what_is_busy_or_small_or_unmeasured_stays():
    """Two instances in production, also where nobody says what it is; silence is no idleness."""
    warehouse = a_warehouse()
    little = {"instances": 2, "cpu_used_ratio": 0.01}
    for name, environment, count, hours, figures in (
        ("one", "staging", 1, 14, {"instances": 1, "cpu_used_ratio": 0.01}),
        ("busy", "staging", 8, 14, {"instances": 8, "cpu_used_ratio": 0.55}),
        ("production", "production", 2, 14, little),
        ("whose", "", 2, 14, little),
        ("silent", "staging", 8, 0, {}),
        ("blind", "staging", 8, 14, {"instances": 8, "cpu_used_ratio": "null"}),
        ("gaps", "staging", 8, 10, STEADY),
    ):
        key = endpoint(warehouse, name, environment, instances=count)
        if hours:
            hourly(warehouse, "endpoint_hour", hours, key, **figures)
    gpu = endpoint(warehouse, "gpu", gpus=8, gpu_model="T4")
    hourly(warehouse, "endpoint_hour", 14, gpu, **STEADY)
    found = advised(warehouse, "endpoint_size")

    assert {one["name"]: (one["answer"], one["reason"]) for one in found.values()} == {
        "one": ("clean", "it has one instance"),
        "busy": ("clean", "its busiest hour of 14 days kept 4.4 instances busy: it needs its 8"),
        "production": ("clean", "it has the 2 instances that production keeps"),
        "whose": ("clean", "it has the 2 instances that production keeps"),
        "silent": ("cannot-say", "nobody tells how busy it is"),
        "blind": ("cannot-say", "nobody tells how busy it is"),
        "gaps": ("cannot-say", "how busy it is is known of 240 of the last 336 hours"),
        "gpu": ("cannot-say", "nobody tells how busy it is"),
    }


def test_one_instance_may_be_left_outside_of_production():
    """And the risk of that is said."""
    warehouse = a_warehouse()
    key = endpoint(warehouse, "quiet", instances=2)
    hourly(warehouse, "endpoint_hour", 14, key, instances=2, cpu_used_ratio=0.1)
    (one,) = advised(warehouse, "endpoint_size").values()

    assert (one["proposed"], one["saving_per_month"]) == ("1 x ml.m5.xlarge", None)
    assert "A single instance is gone when its machine is." in one["risk"]


def test_the_minimum_of_autoscaling_is_lowered_and_that_is_said():
    """Only the hours at its minimum become cheaper: it scales up for the others by itself."""
    warehouse = a_warehouse()
    name = "prod/ml/Deployment/elastic"
    key = endpoint(warehouse, name, "", kind="deployment", resource_id="e", instance_type=None)
    billed(warehouse, "e", "24")
    scaled = {"min_replicas": 4, "max_replicas": 9, "autoscaler": "hpa", "environment": "dev"}
    insert(warehouse, "registry.deployment", source="sm", deployment=name, **scaled)
    place = {"source": "k", "cluster": "prod", "namespace": "ml", "kind": "hpa"}
    hpa = {"autoscaler": "hpa-1", "target_kind": "Deployment", "target": "elastic"}
    insert(warehouse, "usage.autoscaler", **place, **hpa, seen_at=PRESENT)
    hourly(
        warehouse,
        "endpoint_hour",
        14,
        key,
        instances="case when hour(hour) < 12 then 4 else 8 end",
        cpu_used_ratio="case when hour(hour) < 12 then 0.1 else 0.2 end",
    )
    one = advised(warehouse, "endpoint_size")[f"endpoint/sm/{name}"]

    assert (one["current"], one["proposed"]) == (
        "4",
        "3; the minimum of its autoscaling goes from 4 to 3",
    )
    assert one["saving_per_month"] == Decimal("60.8333")  # 1 of 12 instance-hours
    assert one["command"] == (
        """kubectl patch hpa hpa-1 -n ml --type merge -p '{"spec":{"minReplicas":3}}'"""
    )


@pytest.mark.parametrize(("hours", "answer"), [(0, "advise"), (1, "withheld")])
def test_advice_that_the_last_days_would_have_broken_is_withheld(hours, answer):
    """One of 72 held-out hours is more than one in a hundred."""
    warehouse = a_warehouse()
    key = endpoint(warehouse, "growing")
    burst = f"case when hour > '2026-10-31 {23 - hours}:00' then 0.4 else 0.1 end"
    hourly(warehouse, "endpoint_hour", 14, key, instances=8, cpu_used_ratio=burst)
    (one,) = advised(warehouse, "endpoint_size").values()

    assert one["answer"] == answer
    assert one["saving_per_month"] is None
    if answer == "withheld":
        assert one["reason"] == (
            "fewer would not have done: 1 of 72 held-out hours would have been too busy"
        )
    assert warehouse.rows(
        "select what, current, advised, needed, intervals, violations, is_withheld "
        "from ledger.backtest"
    ) == [("instances", 8, 2, 6 if hours else 2, 72, hours, bool(hours))]


def test_variants_are_sized_by_themselves():
    """Each has its own instances, and its part of what the endpoint costs."""
    warehouse = a_warehouse()
    key = endpoint(warehouse, "split")
    billed(warehouse, ARN + "split", "24")
    for variant, count, used in (("a", 4, 0.5), ("b", 4, 0.1)):
        hours = {**key, "variant": variant}
        hourly(warehouse, "endpoint_hour", 14, hours, instances=count, cpu_used_ratio=used)
    found = advised(warehouse, "endpoint_size")
    a, b = (found[f"endpoint/sm/split/variant/{name}"] for name in "ab")

    assert (a["answer"], b["answer"], b["proposed"]) == ("clean", "advise", "1 x ml.m5.xlarge")
    assert (b["saving_per_month"], b["inside"]) == (Decimal("273.75"), ARN + "split")

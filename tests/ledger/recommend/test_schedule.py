"""What has nothing to do at the same hours of every week, and could be stopped then."""

from __future__ import annotations

from decimal import Decimal

import pytest

from builders.advice import PRESENT, advised, billed, hourly
from builders.ledgers import a_warehouse
from builders.rows import insert
from quaestor.warehouse.duckdb import Warehouse

KEY = {"source": "sm", "endpoint": "prod/ml/Deployment/churn"}
SUBJECT = "endpoint/sm/prod/ml/Deployment/churn"
OFFICE = "case when isodow(hour) < 6 and hour(hour) between 6 and 19 then 5 else 0 end"


def endpoint(warehouse: Warehouse, environment: str | None = "dev", **columns: object) -> None:
    """A Deployment of three pods on a machine of its own; its environment is known."""
    told = {
        **KEY,
        "kind": "deployment",
        "resource_id": "e",
        "instances": 3,
        "seen_at": PRESENT,
        **columns,
    }
    insert(warehouse, "usage.endpoint", **told)
    insert(
        warehouse,
        "registry.deployment",
        source="sm",
        deployment=told["endpoint"],
        environment=environment,
    )


def test_nights_and_the_weekend_become_a_schedule():
    """In words, with the stopped part of its cost, and lines for a crontab."""
    warehouse = a_warehouse()
    endpoint(warehouse)
    billed(warehouse, "e", "24")
    hourly(warehouse, "endpoint_hour", 14, KEY, requests=OFFICE)
    one = advised(warehouse, "schedule")[SUBJECT]

    assert (one["answer"], one["action"], one["confidence"]) == ("advise", "schedule", "medium")
    assert one["reason"] == "it had nothing to do in the same 98 hours of both weeks"
    assert one["proposed"] == "stopped Mon-Thu 20:00-06:00, Fri 20:00 - Mon 06:00 (UTC)"
    assert (one["saving_per_month"], one["saving_basis"]) == (
        Decimal("425.8333"),  # 98 of 168 hours of 730
        "effective rate",
    )
    assert one["command"].splitlines() == [
        "0 20 * * 1,2,3,4,5 kubectl scale deployment churn -n ml --replicas=0",
        "0 6 * * 1,2,3,4,5 kubectl scale deployment churn -n ml --replicas=3",
    ]


@pytest.mark.parametrize(
    ("requests", "proposed"),
    [
        (  # idle on Sunday evening and Monday morning: one stop across the week's end
            (
                "case when isodow(hour) = 7 and hour(hour) >= 12 "
                "or isodow(hour) = 1 and hour(hour) < 12 then 0 else 1 end"
            ),
            "stopped Sun 12:00 - Mon 12:00 (UTC)",
        ),
        (  # twice a day on some days
            (
                "case when isodow(hour) in (1, 2, 4) and hour(hour) not in (0, 11, 12, 23) "
                "then 0 else 1 end"
            ),
            (
                "stopped Mon-Tue 01:00-11:00, Mon-Tue 13:00-23:00, Thu 01:00-11:00, "
                "Thu 13:00-23:00 (UTC)"
            ),
        ),
        (  # two hours are no stop: 20 hours are left of them
            (
                "case when isodow(hour) = 3 and hour(hour) < 20 or hour(hour) in (21, 22) "
                "then 0 else 1 end"
            ),
            "stopped Wed 00:00-20:00 (UTC)",
        ),
    ],
)
def test_hours_that_follow_each_other_are_one_stop(requests, proposed):
    """Across midnight and the end of the week, days of the same hours in one."""
    warehouse = a_warehouse()
    endpoint(warehouse)
    hourly(warehouse, "endpoint_hour", 14, KEY, requests=requests)

    assert advised(warehouse, "schedule")[SUBJECT]["proposed"] == proposed


@pytest.mark.parametrize(
    ("environment", "columns", "days", "requests", "answer", "reason"),
    [
        ("production", {}, 14, OFFICE, "clean", "it is in production"),
        (None, {}, 14, OFFICE, "cannot-say", "nobody says whether it is in production"),
        (
            "demo",
            {},
            14,
            OFFICE,
            "clean",
            "its environment (demo) is none that may be stopped",
        ),
        (
            "dev",
            {},
            0,
            "0",
            "cannot-say",
            "nobody tells in which hours it has nothing to do",
        ),
        (
            "dev",
            {},
            14,
            "0",
            "clean",
            "it has nothing to do in any hour of the week: that is no schedule",
        ),
        (
            "dev",
            {},
            14,
            "case when hour < '2026-10-24 00:00' then 0 else 1 end",
            "clean",
            "it has nothing to do in 0 hours of the week that could be a stop",
        ),
        ("dev", {}, 7, "0", "cannot-say", "its use is known of 168 of the last 336 hours"),
        (
            "dev",
            {"kind": "sagemaker-serverless"},
            14,
            OFFICE,
            "clean",
            "it has no instances that could be stopped",
        ),
    ],
)
def test_what_cannot_or_must_not_be_stopped_gets_its_reason(
    environment, columns, days, requests, answer, reason
):
    """A bin that was idle in one week only, or seen in one week only, is not idle."""
    warehouse = a_warehouse()
    endpoint(warehouse, environment, **columns)
    if days:
        hourly(warehouse, "endpoint_hour", days, KEY, requests=requests)
    one = advised(warehouse, "schedule")[SUBJECT]

    assert (one["answer"], one["reason"], one["saving_per_month"]) == (answer, reason, None)


def test_production_may_be_stopped_where_somebody_says_so():
    """By a parameter."""
    warehouse = a_warehouse()
    endpoint(warehouse, "production")
    hourly(warehouse, "endpoint_hour", 14, KEY, requests=OFFICE)
    text = "advice: {params: {schedule: {production: true}}}"

    assert advised(warehouse, "schedule", text)[SUBJECT]["answer"] == "advise"


def test_what_scales_by_itself_saves_what_it_still_runs():
    """One instance at night of five by day: the stop spares that one, not a fifth of each hour."""
    warehouse = a_warehouse()
    endpoint(warehouse)
    billed(warehouse, "e", "24")
    scaled = OFFICE.replace("else 0", "else 1")
    hourly(warehouse, "endpoint_hour", 14, KEY, requests=OFFICE, instances=scaled)
    one = advised(warehouse, "schedule")[SUBJECT]

    assert one["saving_per_month"] == Decimal("159.6875")  # 98 of 98 + 70 x 5 instance-hours of 730


def test_a_workload_that_is_not_production_is_held_against_its_use():
    """Its pods' cores and GPUs, hour by hour; a GPU that works is no idle hour."""
    warehouse = a_warehouse()
    billed(warehouse, "i-1", "24")
    place = {"source": "prom", "cluster": "prod", "node": "n1"}
    node = {"cpu_cores": 4, "ram_gib": 8, "gpus": 0, "up_ratio": 1}
    hourly(warehouse, "node_hour", 30, {**place, "provider_id": "i-1"}, **node)
    used = {"desk": OFFICE.replace("5", "0.5", 1), "night": "0.01", "blind": "null"}
    for name, cores in used.items():
        of_pod = {"namespace": "ml", "pod": f"{name}-1"}
        labels = '{"environment": "dev"}'
        asked = {"cpu_request_cores": 1, "ram_request_gib": 2, "ram_used_gib": 0, "up_ratio": 1}
        gpu = {"gpu_request": 1, "gpu_used_ratio": 0.9} if name == "night" else {}
        key = {**place, **of_pod, "labels": labels}
        hourly(warehouse, "pod_hour", 30, key, cpu_used_cores=cores, **asked, **gpu)
        told = {"source": "k8s", "cluster": "prod", "phase": "Running", "seen_at": PRESENT}
        owner = {"owner_kind": "Deployment", "owner": name}
        insert(warehouse, "usage.pod", **told, **owner, **of_pod)
    found = advised(warehouse, "schedule")
    desk = found["workload/prod/ml/Deployment/desk"]

    assert {name: one["answer"] for name, one in found.items()} == {
        "workload/prod/ml/Deployment/blind": "cannot-say",
        "workload/prod/ml/Deployment/desk": "advise",
        "workload/prod/ml/Deployment/night": "clean",
    }
    assert desk["proposed"] == "stopped Mon-Thu 20:00-06:00, Fri 20:00 - Mon 06:00 (UTC)"
    assert desk["saving_per_month"] == (desk["cost_per_month"] * 98 / 168).quantize(
        Decimal("0.0001")
    )
    assert desk["inside"] == "i-1"

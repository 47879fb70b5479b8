"""Training on on-demand machines that could run on spare ones."""

from __future__ import annotations

import json
from datetime import timedelta
from decimal import Decimal

import pytest

from builders.advice import LAST_BILLED, PRESENT, advised
from builders.ledgers import a_warehouse
from builders.rows import charge, insert
from quaestor.warehouse.duckdb import Warehouse

ARN = "arn:aws:sagemaker:eu-west-1:123456789012:training-job/"
G5 = "ml.g5.xlarge"
SUBJECT = "jobs/sm/nightly/ml.g5.xlarge"


def job(
    warehouse: Warehouse, name: str, cost: str | None = None, hours: float = 10, **columns: object
) -> None:
    """A job that has completed at the present, and what it cost."""
    told = {
        "source": "sm",
        "job": ARN + name,
        "name": name,
        "kind": "training-job",
        "state": "completed",
        "capacity_type": "on-demand",
        "gpus": 1,
        "instances": 1,
        "instance_type": G5,
        "started_at": PRESENT - timedelta(hours=hours),
        "ended_at": PRESENT,
        "seen_at": PRESENT,
        "resource_id": ARN + name,
        **columns,
    }
    insert(warehouse, "usage.gpu_job", **told)
    if cost:
        charge(warehouse, f"{LAST_BILLED:%Y-%m-%d}", cost, ResourceId=ARN + name)


def test_checkpointed_jobs_are_advised_with_the_discount_that_was_really_paid():
    """72 for three nights in 30 days, and spare machines of the type cost a quarter."""
    warehouse = a_warehouse()
    for night in range(3):
        job(warehouse, f"nightly-2026103{night}", "24", is_checkpointed=True)
    job(warehouse, "trial", "6", capacity_type="spot")
    one = advised(warehouse, "spot_training")[SUBJECT]

    assert (one["answer"], one["action"], one["confidence"]) == ("advise", "spot", "high")
    assert one["reason"] == "3 jobs in 30 days, and all can go on from a checkpoint"
    assert (one["cost_per_month"], one["saving_per_month"], one["saving_basis"]) == (
        *(Decimal("73"), Decimal("54.75"), "effective rate"),
    )
    assert "EnableManagedSpotTraining" in one["proposed"]


def test_a_family_or_a_list_price_tells_the_discount_where_the_type_does_not(tmp_path):
    """And where nobody tells it, there is advice without a sum."""
    warehouse = a_warehouse()
    goes_on = {"labels": json.dumps({"gov.checkpointed": "true"})}
    job(warehouse, "cousin", "20", instance_type="ml.g5.8xlarge", **goes_on)
    job(warehouse, "dear", "20", instance_type="ml.g5.2xlarge")
    job(warehouse, "spare", "5", instance_type="ml.g5.2xlarge", capacity_type="spot")
    job(warehouse, "listed", "72", instance_type="a3-highgpu-8g", **goes_on)
    job(warehouse, "alone", "20", instance_type="ml.p5.48xlarge", **goes_on)
    prices = tmp_path / "prices.csv"
    prices.write_text(
        "instance_type,price,currency,priced_on,capacity_type\n"
        "a3-highgpu-8g,88,USD,2026-10-01,on-demand\na3-highgpu-8g,22,USD,2026-10-01,spot\n"
    )
    found = advised(warehouse, "spot_training", f"prices: {prices}").values()

    assert {one["name"]: (one["saving_basis"], one["saving_per_month"]) for one in found} == {
        "cousin": ("effective rate", Decimal("15.2083")),
        "dear": ("effective rate", Decimal("15.2083")),
        "listed": ("list", Decimal("54.75")),
        "alone": (None, None),
    }
    assert {one["answer"] for one in found} == {"advise"}


@pytest.mark.parametrize(
    ("hours", "columns", "answer", "reason"),
    [
        (10, {}, "advise", "1 job in 30 days of 10 hours at most, that can begin again"),
        (
            60,
            {},
            "cannot-say",
            "1 job in 30 days of up to 60 hours, and nobody says whether they write checkpoints",
        ),
        (
            60,
            {"labels": '{"gov.checkpointed": "false"}'},
            "clean",
            (
                "1 job in 30 days of up to 60 hours, and they say that they cannot go on from a "
                "checkpoint"
            ),
        ),
        (
            10,
            {"capacity_type": None, "labels": "no json"},
            "cannot-say",
            "nobody says whether its machines are on-demand ones",
        ),
    ],
)
def test_what_could_not_go_on_is_not_advised(hours, columns, answer, reason):
    """Short jobs begin again; of long ones somebody has to say that they write checkpoints."""
    warehouse = a_warehouse()
    job(warehouse, "nightly-1", hours=hours, **columns)
    one = advised(warehouse, "spot_training")[SUBJECT]

    assert (one["answer"], one["reason"]) == (answer, reason)


def test_machines_that_are_taken_back_too_often_are_not_advised():
    """By the jobs that did run on spare ones of that type."""
    warehouse = a_warehouse()
    job(warehouse, "nightly-1", is_checkpointed=True)
    for number in range(5):
        reason = "Interrupted" if number < 2 else None
        job(warehouse, f"spare-{number}", capacity_type="spot", reason=reason)
    one = advised(warehouse, "spot_training")[SUBJECT]

    assert (one["answer"], one["reason"]) == (
        "clean",
        "2 of 5 jobs on spare machines of that type were interrupted",
    )


def test_spot_failed_and_serving_jobs_are_not_looked_at():
    """They are spare already, made nothing, or serve."""
    warehouse = a_warehouse()
    job(warehouse, "spare", capacity_type="spot")
    job(warehouse, "broken", state="failed")
    job(warehouse, "score", kind="transform-job")

    assert advised(warehouse, "spot_training") == {}

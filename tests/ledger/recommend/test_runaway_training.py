"""Jobs that run on and on: by how long, by what stops them, by what they were to cost."""

from __future__ import annotations

import json
from datetime import timedelta
from decimal import Decimal

import pytest
from numpy.random import default_rng

from builders.advice import LAST_BILLED, PRESENT, advised, billed
from builders.ledgers import a_warehouse
from builders.rows import insert, insert_all
from quaestor.warehouse.duckdb import Warehouse

ARN = "arn:aws:sagemaker:eu-west-1:123456789012:training-job/"
SUBJECT = "job/sm/" + ARN


def job(warehouse: Warehouse, name: str, hours: float, **columns: object) -> None:
    """A training job that has run for some hours up to the present."""
    told = {
        "source": "sm",
        "job": ARN + name,
        "name": name,
        "kind": "training-job",
        "state": "running",
        "gpus": 1,
        "instances": 1,
        "instance_type": "ml.g5.xlarge",
        "region": "eu-west-1",
        "started_at": PRESENT - timedelta(hours=hours),
        "seen_at": PRESENT,
        "resource_id": ARN + name,
        **columns,
    }
    insert(warehouse, "usage.gpu_job", **told)


def test_a_job_that_nothing_stops_is_advised_after_a_day():
    """Surely after three; what it costs a month if it goes on, and how it is stopped."""
    warehouse = a_warehouse()
    for name, hours in (("short", 23), ("long", 30), ("longer", 80)):
        job(warehouse, name, hours)
    billed(warehouse, ARN + "longer", "24", ChargePeriodStart=LAST_BILLED)
    found = advised(warehouse, "runaway_training")
    long, longer = found[SUBJECT + "long"], found[SUBJECT + "longer"]

    assert (found[SUBJECT + "short"]["answer"], found[SUBJECT + "short"]["reason"]) == (
        "clean",
        "it has run 23 hours",
    )
    assert (long["answer"], long["action"], long["confidence"]) == ("advise", "cap", "medium")
    assert long["reason"] == "it has run 30 hours and nothing stops it, as of 2026-10-31 23:00"
    assert (long["saving_per_month"], long["saving_basis"]) == (None, None)
    assert long["command"] == (
        "aws sagemaker stop-training-job --training-job-name long --region eu-west-1"
    )
    assert (longer["confidence"], longer["saving_basis"]) == ("high", "bill")
    assert longer["saving_per_month"] == Decimal("6570.0000")  # 720 in 80 hours
    assert longer["saves_on"] == ARN + "longer"


def test_a_limit_of_time_or_cost_is_a_cap():
    """What its platform stops is no runaway, however long it runs."""
    warehouse = a_warehouse()
    job(warehouse, "timed", 90, time_limit_hours=120)
    job(warehouse, "priced", 90, cost_limit="500")
    found = advised(warehouse, "runaway_training")

    assert {one["name"]: (one["answer"], one["reason"]) for one in found.values()} == {
        "timed": ("clean", "it has run 90 hours, and stops after 120 hours at the latest"),
        "priced": ("clean", "it has run 90 hours, and a limit of its cost stops it"),
    }


@pytest.mark.parametrize(
    ("columns", "reason"),
    [
        (
            {"source": "ray", "kind": "ray-job"},
            "it has run 30 hours, and its source does not tell whether anything stops it",
        ),
        ({"started_at": None}, "nobody says since when it runs"),
    ],
)
def test_what_its_source_does_not_tell_is_not_guessed(columns, reason):
    """A source that knows no limits says nothing of theirs; one without a start, of hours."""
    warehouse = a_warehouse()
    job(warehouse, "long", 30, **columns)
    (one,) = advised(warehouse, "runaway_training").values()

    assert (one["answer"], one["reason"]) == ("cannot-say", reason)


def test_ended_jobs_and_mere_pipelines_are_not_looked_at():
    """Nothing can be saved on them: a pipeline's machines are its children's."""
    warehouse = a_warehouse()
    job(warehouse, "done", 90, state="completed", ended_at=PRESENT)
    job(warehouse, "parent", 90, kind="azure-ml-pipeline", gpus=0)

    assert advised(warehouse, "runaway_training") == {}


def test_a_job_that_costs_more_than_it_was_to_is_advised_to_stop():
    """By its own estimate, else by its name's completed runs, else by its model's."""
    warehouse = a_warehouse()
    for number in range(3):
        name = f"nightly-2026102{number}"
        job(warehouse, name, 50, state="completed", ended_at=PRESENT, model="churn")
        billed(warehouse, ARN + name, "1", ChargePeriodStart=LAST_BILLED)
    estimate = json.dumps({"gov.estimated_cost": "19"})
    for name, each, columns in (
        ("nightly-20261030", "2", {}),
        ("once", "2", {"model": "churn"}),
        ("stated", "1", {"labels": estimate}),
        ("nightly-20261031", "1.4", {}),
        ("unknown", "9", {}),
    ):
        job(warehouse, name, 12, **columns)
        billed(warehouse, ARN + name, each, ChargePeriodStart=LAST_BILLED)
    found = {one["name"]: one for one in advised(warehouse, "runaway_training").values()}

    assert {name: (one["action"], one["confidence"]) for name, one in found.items()} == {
        "nightly-20261030": ("stop", "medium"),
        "once": ("stop", "medium"),
        "stated": ("stop", "high"),
        "nightly-20261031": (None, None),
        "unknown": (None, None),
    }
    assert found["nightly-20261030"]["reason"] == (
        "it has cost 60.00, more than 1.5 times the median of 3 completed jobs of its name "
        "(30.00), as of 2026-10-31 23:00"
    )
    assert "3 completed jobs of its model" in found["once"]["reason"]
    assert "its stated estimate (19.00)" in found["stated"]["reason"]


def test_a_job_of_slurm_gets_a_limit_by_its_own_command():
    """It is given one instead of being killed; its money is inside of its machine's."""
    warehouse = a_warehouse()
    job(warehouse, "x", 30, source="slurm", job="7; rm -rf /", kind="slurm", resource_id="node-1")
    (one,) = advised(warehouse, "runaway_training").values()

    assert one["command"] == "scontrol update JobId='7; rm -rf /' TimeLimit=3-00:00:00"
    assert (one["saves_on"], one["inside"]) == ("job/slurm/7; rm -rf /", "node-1")


def test_of_planted_runaways_none_is_missed_and_no_other_is_named():
    """500 jobs of five sorts: recall at least 99 %, precision at least 95 %."""
    warehouse = a_warehouse()
    chance = default_rng(6)
    sorts = ["runaway", "short", "capped", "ended", "blind"]
    planted = {f"j{number:03}": sorts[number % 5] for number in range(500)}
    rows = []
    for name, sort in planted.items():
        hours = chance.uniform(0.1, 23.9) if sort == "short" else chance.uniform(24.1, 2000)
        rows.append(
            {
                "source": "ray" if sort == "blind" else "sm",
                "job": name,
                "name": name,
                "kind": "ray-job" if sort == "blind" else "training-job",
                "state": "completed" if sort == "ended" else "running",
                "started_at": PRESENT - timedelta(hours=hours),
                "seen_at": PRESENT,
                "time_limit_hours": hours + 24 if sort == "capped" else None,
            }
        )
    insert_all(warehouse, "usage.gpu_job", rows)
    found = advised(warehouse, "runaway_training").values()
    named = {one["name"] for one in found if one["answer"] == "advise"}
    runaway = {name for name, sort in planted.items() if sort == "runaway"}

    assert len(found) == sum(sort != "ended" for sort in planted.values())
    assert len(named & runaway) >= 0.99 * len(runaway)
    assert len(named & runaway) >= 0.95 * len(named)

"""Figures that are none, and text that is no JSON: unknown to advice, and no end of a build."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from builders.advice import PRESENT
from builders.ledgers import a_warehouse, build
from builders.rows import insert

HOSTILE = "a'; drop table x; -- \N{BUG}/<b>/%$(id)"
KINDS = (
    *("endpoint_size", "idle_endpoint", "idle_notebook", "runaway_training", "schedule"),
    "spot_training",
)
FIGURES = ("requests", "instances", "gpu_used_ratio", "cpu_used_ratio", "latency_p95_ms")


@pytest.mark.parametrize("figure", [float("nan"), float("inf"), -1.0, 1e308])
def test_nonsense_is_unknown_and_no_end_of_a_build(figure):
    """Nothing is advised by it, and the evidence stays JSON."""
    warehouse = a_warehouse()
    endpoint = {"source": "s", "endpoint": HOSTILE}
    insert(
        warehouse,
        "usage.endpoint",
        **endpoint,
        kind="vertex",
        instances=8,
        gpus=figure,
        tags="no json",
        seen_at=PRESENT,
    )
    for hour in range(336):
        insert(
            warehouse,
            "usage.endpoint_hour",
            **endpoint,
            hour=PRESENT - timedelta(hours=hour),
            **dict.fromkeys(FIGURES, figure),
        )
    insert(
        warehouse,
        "usage.notebook",
        source="s",
        notebook=HOSTILE,
        kind="sagemaker-app",
        status="running",
        gpus=figure,
        gpu_used_ratio=figure,
        cpu_used_ratio=figure,
        seen_at=PRESENT,
    )
    for job, state in ((HOSTILE, "running"), (f"{HOSTILE}2", "completed")):
        insert(
            warehouse,
            "usage.gpu_job",
            source="s",
            job=job,
            name=HOSTILE,
            kind="slurm",
            state=state,
            labels="no json",
            gpus=figure,
            time_limit_hours=figure,
            gpu_util_ratio=figure,
            started_at=PRESENT - timedelta(hours=30),
            ended_at=PRESENT if state == "completed" else None,
            seen_at=PRESENT,
            instances=0,
        )
    build(warehouse, "advice: {skip: [idle_gpu, gpu_size, newer_generation, other_region]}")
    found = warehouse.records("select * from ledger.assessment where list_contains(?, kind)", [
        list(KINDS)
    ])  # fmt: skip

    assert {one["kind"] for one in found} == set(KINDS)
    assert {one["kind"] for one in found if one["answer"] == "advise"} <= {"runaway_training"}
    assert [
        json.loads(one["evidence"], parse_constant=pytest.fail) for one in found if one["evidence"]
    ]

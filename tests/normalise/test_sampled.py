"""normalise.sampled: how busy a job's GPUs were, by samples of machines that name the job."""

from __future__ import annotations

from datetime import datetime

from builders.rows import insert
from quaestor import normalise
from quaestor.warehouse.duckdb import Warehouse

START, END = datetime(2026, 11, 1, 0), datetime(2026, 11, 1, 3)
JOB = {
    "source": "hpc", "job": "7", "gpus": 2, "started_at": START, "ended_at": END, "attempt": 1,
    "state": "completed", "seen_at": datetime(2026, 11, 2),
}  # fmt: skip
SAMPLE = {"source": "gpus", "host": "n1", "gpu_uuid": "a", "job": "7"}


def told(warehouse: Warehouse, *, jobs=(JOB,), samples=()) -> list[tuple[object, ...]]:
    """Settle jobs and samples; return what is known of each job."""
    for job in jobs:
        insert(warehouse, "usage.gpu_job", **job)
    for sample in samples:
        insert(warehouse, "usage.gpu_sample", **{**SAMPLE, **sample})
    normalise.settle(warehouse)
    return ratios(warehouse)


def ratios(warehouse: Warehouse) -> list[tuple[object, ...]]:
    return warehouse.rows(
        "select round(gpu_util_ratio, 9), util_samples from usage.gpu_job order by all"
    )


def at(hour: int, ratio: float | None, **more: object) -> dict[str, object]:
    return {"sampled_at": datetime(2026, 11, 1, hour), "gpu_util_ratio": ratio, **more}


def test_samples_that_name_a_job_say_how_busy_it_was(warehouse):
    """Their mean while it ran, of all its GPUs; a GPU that did not answer is unobserved."""
    samples = [at(1, 0.2), at(2, 0.4), at(1, 0.9, gpu_uuid="b"), at(2, None, gpu_uuid="b")]

    assert told(warehouse, samples=[*samples, at(5, 1.0), at(1, 1.0, job="8")]) == [(0.5, 3)]


def test_they_go_when_the_samples_go(warehouse):
    """Settled anew with each build."""
    told(warehouse, samples=[at(1, 0.2)])
    warehouse.run("delete from usage.gpu_sample")

    assert told(warehouse, jobs=()) == [(None, None)]


def test_what_a_source_states_stays(warehouse):
    """A scheduler knows all of the job's GPUs; samples may be of some."""
    stated = {**JOB, "gpu_util_ratio": 0.7}

    assert told(warehouse, jobs=[stated], samples=[at(1, 0.2)]) == [(0.7, None)]


def test_each_attempt_has_its_own_samples(warehouse):
    """A job that was requeued ran twice under one name."""
    again = {**JOB, "attempt": 2, "started_at": datetime(2026, 11, 1, 4), "ended_at": None}

    assert told(warehouse, jobs=[JOB, again], samples=[at(1, 0.2), at(5, 0.6)]) == [
        (0.2, 1),
        (0.6, 1),
    ]


def test_a_name_of_two_sources_is_nobodys(warehouse):
    """Two clusters count their jobs from 1."""
    other = {**JOB, "source": "hpc2"}

    assert told(warehouse, jobs=[JOB, other], samples=[at(1, 0.2)]) == [(None, None)] * 2

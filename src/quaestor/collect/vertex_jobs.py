"""Land Vertex AI's jobs by the month they were made in; one that has ended is not asked for again.

The API can filter by the time a job was made, and by nothing else that would help: so we ask for
what was made since the oldest job that had not ended at the last look. What was landed stays:
a job that was deleted at Vertex AI still ran.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from quaestor.collect import vertex_fields as fields
from quaestor.collect.objects import land_objects, landed_objects
from quaestor.core.period import month_after, utc

if TYPE_CHECKING:
    from quaestor.collect.landing import Landing
    from quaestor.collect.vertex_rest import Google
    from quaestor.core.landed import LandedFile

Job = dict[str, Any]
_OVERLAP = timedelta(hours=1)  # a job may be listed later than one that was made after it
_ENDED = ("SUCCEEDED", "FAILED", "CANCELLED", "EXPIRED", "UNSPECIFIED")
_GONE = "JOB_STATE_UNSPECIFIED"  # it was deleted before we saw it end: how is not known


@dataclass(frozen=True)
class Kind:
    """One kind of job: its list, what of each is landed, and what else is asked."""

    path: str
    taken: Callable[[Mapping[str, Any]], Job]
    query: Mapping[str, str]


KINDS = {
    "custom-jobs": Kind("customJobs", fields.custom_job, {}),
    "batch-jobs": Kind("batchPredictionJobs", fields.batch_job, {}),
    "tuning-jobs": Kind("hyperparameterTuningJobs", fields.tuning_job, {}),
    "training-pipelines": Kind("trainingPipelines", fields.training_pipeline, {}),
    "pipeline-jobs": Kind("pipelineJobs", fields.pipeline_job, {"readMask": fields.PIPELINE_MASK}),
}


def land(
    google: Google, landing: Landing, location: str, kind: str, now: datetime
) -> list[LandedFile]:
    """Return the files of a kind of jobs, one for each month; those that are as before, as before.

    Raises:
        QuaestorError: The list cannot be read to its end.
    """
    place = f"{google.source.project}/{location}/"
    current = landing.current()
    in_force = {
        file: landed_objects(landing, file)
        for file in (current.files if current else ())
        if file.scope.startswith(place) and file.scope.endswith(f"/{kind}")
    }
    files = {file.scope: file for file, jobs in in_force.items() if jobs is not None}
    before = {job["name"]: job for jobs in in_force.values() for job in jobs or ()}
    whole = len(files) == len(in_force)
    since = _since(before.values() if whole else (), now, google.source.months)
    asked = KINDS[kind]
    listed = google.items(
        google.vertex(location, asked.path),
        asked.path,
        filter=f'createTime>="{since:%Y-%m-%dT%H:%M:%SZ}"',
        **asked.query,
    )
    told = {str(one.get("name")): google.taken(asked.taken, one) for one in listed}
    gone = {
        name: {**job, "state": _GONE}
        for name, job in before.items()
        if name not in told and not has_ended(job)
    }
    jobs = {**before, **told, **gone}
    for month in {_month(jobs[name]) for name in (*told, *gone)}:
        of_month = [job for _, job in sorted(jobs.items()) if _month(job) == month]
        landed = land_objects(landing, f"{place}{month}", kind, of_month)
        files[landed.scope] = landed
    return list(files.values())


def has_ended(job: Mapping[str, Any]) -> bool:
    """Say whether nothing about a job can change any more.

    >>> has_ended({"state": "JOB_STATE_RUNNING"}), has_ended({"state": "PIPELINE_STATE_FAILED"})
    (False, True)
    """
    return str(job.get("state")).endswith(_ENDED)


def _since(jobs: Iterable[Mapping[str, Any]], now: datetime, months: int) -> datetime:
    """Return from when on jobs are asked for."""
    made: dict[bool, list[datetime]] = {False: [], True: []}
    for job in jobs:
        if moment := _made(job):
            made[has_ended(job)].append(moment)
    if made[False]:
        return min(made[False]).replace(microsecond=0)
    if made[True]:
        return max(made[True]) - _OVERLAP
    first = month_after(now.date(), -(months - 1))
    return utc(f"{first}")


def _made(job: Mapping[str, Any]) -> datetime | None:
    try:
        return utc(str(job.get("createTime")))
    except ValueError:
        return None


def _month(job: Mapping[str, Any]) -> str:
    """Return the month that a job was made in, as its file is called."""
    made = _made(job)
    return f"{made:%Y-%m}" if made else "undated"

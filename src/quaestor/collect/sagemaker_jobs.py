"""Training, processing and transform jobs of SageMaker, by the month in which they were created.

A job that has ended is described once. A month that is over, and all of whose jobs have ended,
is not even listed again. Jobs of hyper-parameter tuning are training jobs, and listed as such.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any

from quaestor.collect import aws
from quaestor.collect.objects import land_objects
from quaestor.collect.sagemaker_region import CLOSED, Object, Region, if_there, kept, pages, told
from quaestor.core.errors import QuaestorError
from quaestor.core.period import month_after

if TYPE_CHECKING:
    from quaestor.core.landed import LandedFile

_ENDED = ("Completed", "Failed", "Stopped")
_WAITING = ("Available", "InUse")  # a warm pool whose bill still grows
_BATCH = 200  # jobs that a kill may cost
_PART = "part "
_LATE = timedelta(hours=1)  # how long a list may lag behind


@dataclass(frozen=True)
class JobKind:
    """One kind of job, as its operations are called, and what of a job is landed."""

    word: str
    keep: tuple[str, ...]

    @property
    def plural(self) -> str:
        """Return the kind as scopes name it."""
        return f"{self.word.lower()}-jobs"

    @property
    def listing(self) -> str:
        """Return the operation that lists them."""
        return f"list_{self.word.lower()}_jobs"

    def of(self, job: Object, what: str) -> Any:
        """Return an attribute whose name begins with the kind's own: Name, Arn, Status."""
        return told(job, f"{self.word}Job{what}")

    @property
    def landed(self) -> tuple[str, ...]:
        """Return what of a job is landed."""
        own = (f"{self.word}Job{what}" for what in ("Name", "Arn", "Status"))
        times = (f"{self.word}StartTime", f"{self.word}EndTime", "CreationTime")
        return (*own, *times, "LastModifiedTime", "FailureReason", *self.keep)


KINDS = (
    JobKind(
        "Training",
        (
            *("SecondaryStatus", "ResourceConfig", "WarmPoolStatus", "ModelArtifacts"),
            *("StoppingCondition", "CheckpointConfig"),
            *("EnableManagedSpotTraining", "TrainingTimeInSeconds", "BillableTimeInSeconds"),
            *("TuningJobArn", "AutoMLJobArn", "ExperimentConfig", "OutputModelPackageArn"),
        ),
    ),
    JobKind(
        "Processing",
        ("ExitMessage", "ProcessingResources", "StoppingCondition", "ExperimentConfig"),
    ),
    JobKind("Transform", ("TransformResources", "ModelName", "ExperimentConfig")),
)


def land_jobs(region: Region, client: Any, kind: JobKind, months: list[date]) -> list[LandedFile]:
    """Land the jobs of some months, up to the first that cannot be read."""
    files: list[LandedFile] = []
    for month in months:
        region.progress(f"{region.source.name}: {region.name} {kind.plural} {month:%Y-%m}")
        file, complete = _month(region, client, kind, month)
        files += [file] if file else []
        if not complete:
            return files
    region.read += 1
    return files


def _scope(region: Region, kind: JobKind, month: date) -> str:
    return f"{_place(region, month)}/{kind.plural}"


def _place(region: Region, month: date) -> str:
    return f"{region.name}/{month:%Y-%m}"


def _month(
    region: Region, client: Any, kind: JobKind, month: date
) -> tuple[LandedFile | None, bool]:
    """Return the file of one month, and whether it could be read to its end."""
    scope = _scope(region, kind, month)
    if closed := region.known.get((scope, CLOSED)):
        _note_types(region, region.objects(closed))
        return closed, True
    found: dict[str, Object] = {}
    complete = False
    try:
        with aws.explained(region.source, region.where("SageMaker")):
            before = {kind.of(job, "Arn"): job for job in _before(region, scope)}
            listed = {kind.of(one, "Arn"): one for one in _listed(client, kind, month)}
            # A job that was deleted after its end has run all the same.
            found = {a: job for a, job in before.items() if a in listed or _is_final(kind, job)}
            for job in _described(region, client, kind, month, listed, before):
                found[kind.of(job, "Arn")] = job
        complete = True
    except QuaestorError as problem:
        region.missed(kind.plural, problem, f"{month:%Y-%m}")
    jobs = [found[arn] for arn in sorted(found)]
    if not complete and not jobs:
        return None, False
    _note_types(region, jobs)
    over = region.now >= _midnight(month_after(month)).replace(tzinfo=None) + _LATE
    final = complete and over and all(_is_final(kind, job) for job in jobs)
    version = CLOSED if final else None
    place = _place(region, month)
    return land_objects(region.landing, place, kind.plural, jobs, version=version), complete


def _before(region: Region, scope: str) -> Iterator[Object]:
    """Yield the jobs that are in force, and those of a look that was cut short."""
    yield from region.objects(region.held.get(scope))
    for (place, version), file in region.known.items():
        if place == scope and version.startswith(_PART):
            yield from region.objects(file)


def _listed(client: Any, kind: JobKind, month: date) -> Iterator[Object]:
    """Yield the month's jobs; both bounds of the API leave their own instant out."""
    first, end = _midnight(month), _midnight(month_after(month))
    query = {"CreationTimeAfter": first - timedelta(milliseconds=1), "CreationTimeBefore": end}
    paging = {"PageSize": 100}
    key = f"{kind.word}JobSummaries"
    for one in pages(client, kind.listing, key, **query, PaginationConfig=paging):
        if first <= one["CreationTime"] < end:
            yield one


def _described(
    region: Region,
    client: Any,
    kind: JobKind,
    month: date,
    listed: dict[str, Object],
    before: dict[str, Object],
) -> Iterator[Object]:
    """Yield what has to be described, batch by batch; a batch done is safe from a kill."""
    todo = [arn for arn in sorted(listed) if not _is_settled(kind, before.get(arn), listed[arn])]
    for start in range(0, len(todo), _BATCH):
        batch = todo[start : start + _BATCH]

        def describe(arn: str) -> Object | None:
            return _job(region, client, kind, listed[arn], before.get(arn))

        jobs = [job for job in region.in_parallel(describe, batch) if job]
        if len(todo) > _BATCH:
            done = f"{start + len(batch):d} of {len(todo):d}"
            region.progress(f"{region.source.name}: {region.name} {kind.plural} ({done})")
            version = f"{_PART}{batch[-1]}"
            place = _place(region, month)
            land_objects(region.landing, place, kind.plural, jobs, version=version)
        yield from jobs


def _is_settled(kind: JobKind, job: Object | None, summary: Object) -> bool:
    """Say whether what was landed of a job can have changed no more."""
    return job is not None and _is_final(kind, job) and not _has_changed(job, summary)


def _is_final(kind: JobKind, job: Object) -> bool:
    ended = kind.of(job, "Status") in _ENDED
    return ended and "Tags" in job and _pool(job) not in _WAITING


def _pool(job: Object) -> str | None:
    return (job.get("WarmPoolStatus") or {}).get("Status")


def _has_changed(job: Object, summary: Object) -> bool:
    now = summary.get("LastModifiedTime")
    was = job.get("LastModifiedTime")
    return bool(now and was) and datetime.fromisoformat(str(was)) != now


def _job(
    region: Region, client: Any, kind: JobKind, summary: Object, before: Object | None
) -> Object | None:
    """Describe one job; where only its tags were missing, ask for these alone."""
    ended = before is not None and kind.of(before, "Status") in _ENDED
    if before and ended and _pool(before) not in _WAITING and not _has_changed(before, summary):
        job = dict(before)
    else:
        describe = getattr(client, f"describe_{kind.word.lower()}_job")
        name = f"{kind.word}JobName"
        answer = if_there(describe, **{name: told(summary, name)})
        if answer is None:
            return None
        # The list's time of the last change: a later list is compared with it.
        job = kept({**answer, "LastModifiedTime": summary.get("LastModifiedTime")}, kind.landed)
    if kind.of(job, "Status") not in _ENDED:
        job["seen_at"] = region.now.replace(tzinfo=UTC)  # until when it has run at least
    tags = region.tags(client, kind.of(job, "Arn"))
    return job if tags is None else {**job, "Tags": tags}


def _note_types(region: Region, jobs: list[Object]) -> None:
    for job in jobs:
        for part in ("ResourceConfig", "TransformResources"):
            region.types |= set(types_in(job.get(part) or {}))
        region.types |= set(types_in((job.get("ProcessingResources") or {}).get("ClusterConfig")))


def types_in(resources: Object | None) -> Iterator[str]:
    """Yield the instance types of a job's or variant's resources."""
    held = resources or {}
    several = ("InstanceGroups", "InstancePools", "InstancePreferences")
    for one in (held, *(each for name in several for each in held.get(name) or ())):
        for name in ("InstanceType", "SelectedInstanceType"):
            if one.get(name):
                yield str(one[name])


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)

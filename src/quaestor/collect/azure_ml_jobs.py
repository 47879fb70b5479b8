"""Land a workspace's jobs and when they ran; what has ended is not asked for again.

Azure Resource Manager knows what a job was to be, and MLflow's API of the same workspace when it
ran: the first says no time but that of its making. Children of pipelines and sweeps are in the
second alone, and each is asked for once by its name. Neither list takes a filter by time, so both
are read from the newest on until nothing that follows can be new.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from quaestor.collect import azure
from quaestor.collect import azure_ml_fields as fields
from quaestor.collect.azure_ml_rest import segment
from quaestor.collect.objects import land_objects, landed_objects
from quaestor.core.period import month_after, utc

if TYPE_CHECKING:
    from quaestor.collect.azure_ml_rest import Arm
    from quaestor.collect.landing import Landing
    from quaestor.core.landed import LandedFile

Found = dict[str, Any]
_OVERLAP = timedelta(hours=1)
_ENDED_JOB = ("Completed", "Failed", "Canceled", "NotResponding", "Gone")
_ENDED_RUN = ("FINISHED", "FAILED", "KILLED")
_EXPERIMENTS = 100  # named in one question
_RUNS = 500  # a page


def land_jobs(arm: Arm, landing: Landing, now: datetime) -> list[LandedFile]:
    """Return the file of the workspace's jobs.

    Raises:
        QuaestorError: The list cannot be read to its end.
    """
    before = _landed(landing, "jobs")
    since = _since(before.values(), _made, _job_has_ended, now, arm.source.months)
    told: dict[str, Found] = {}
    listed = arm.items(f"{arm.workspace}/jobs", listViewType="All")
    for one in _until_old(listed, _made, since):
        job = arm.taken(fields.job, one)
        told[str(job.get("name"))] = job
    gone = {
        name: _without_end(job)
        for name, job in before.items()
        if name not in told and not _job_has_ended(job)
    }
    return [_land(arm, landing, "jobs", {**before, **told, **gone})]


def land_runs(arm: Arm, landing: Landing, workspace: Found, now: datetime) -> list[LandedFile]:
    """Return the files of the runs, and of the children of pipelines and sweeps.

    Raises:
        QuaestorError: Run history cannot be read to its end.
    """
    history = arm.history(workspace)
    before = _landed(landing, "runs")
    since = _since(before.values(), _began, _run_has_ended, now, arm.source.months)
    found = list(_experiments(arm, history))
    told: dict[str, Found] = {}
    for start in range(0, len(found), _EXPERIMENTS):
        asked = found[start : start + _EXPERIMENTS]
        for one in _until_old(_runs(arm, history, asked), _run_began, since):
            run = arm.taken(fields.run, one)
            told[run["name"]] = run
    runs = {**before, **told}
    children = _children(arm, landing, runs)
    return [_land(arm, landing, "runs", runs), _land(arm, landing, "child-jobs", children)]


def _children(arm: Arm, landing: Landing, runs: Mapping[str, Found]) -> dict[str, Found]:
    """Return the jobs of runs that have a parent; those that ended are not asked for again."""
    before = _landed(landing, "child-jobs")
    wanted = [
        name
        for name, run in sorted(runs.items())
        if run["tags"].get("mlflow.parentRunId")
        and not (name in before and _job_has_ended(before[name]))
    ]
    with ThreadPoolExecutor(azure.THREADS) as pool:
        asked = list(pool.map(lambda name: _child(arm, name), wanted))
    return {**before, **dict(zip(wanted, asked, strict=True))}


def _child(arm: Arm, name: str) -> Found:
    """Return the job of a run; code inside a job makes runs that are none, which is noted."""
    told = arm.found(f"{arm.workspace}/jobs/{segment(name)}")
    if told is None:
        return {"name": name, "isNoJob": True, "properties": {"status": "Gone"}}
    return arm.taken(fields.job, told)


def _experiments(arm: Arm, history: str) -> Iterator[str]:
    asked: Found = {"max_results": 1000}
    while True:
        page = arm.ask("POST", f"{history}/experiments/search", asked)
        for one in page.get("experiments") or ():
            yield str(arm.taken(lambda told: told["experiment_id"], one))
        if not _follow(asked, page):
            return


def _runs(arm: Arm, history: str, experiments: list[str]) -> Iterator[Found]:
    asked: Found = {
        "experiment_ids": experiments,
        "max_results": _RUNS,
        "run_view_type": "ALL",
        "order_by": ["attributes.start_time DESC"],
    }
    while True:
        page = arm.ask("POST", f"{history}/runs/search", asked)
        yield from page.get("runs") or ()
        if not _follow(asked, page):
            return


def _follow(asked: Found, page: Found) -> bool:
    """Turn a question to the next page; False where there is none."""
    token = page.get("next_page_token")
    if not token or token == asked.get("page_token"):
        return False
    asked["page_token"] = token
    return True


def _until_old(
    listed: Iterable[Found], moment: Callable[[Found], datetime | None], since: datetime
) -> Iterator[Found]:
    """Yield what is not older than `since`.

    Nobody promises an order, so the list is read to its end, save where all that came before went
    from the newest on, past `since`.
    """
    last: datetime | None = None
    is_sorted, begun = True, False
    for one in listed:
        at = moment(one)
        is_sorted = is_sorted and at is not None and (last is None or at <= last)
        last = at
        if at is None or at >= since:
            begun = True
            yield one
        elif is_sorted and begun and at < since - timedelta(days=1):
            return


def _since(
    known: Iterable[Found],
    moment: Callable[[Found], datetime | None],
    has_ended: Callable[[Found], bool],
    now: datetime,
    months: int,
) -> datetime:
    """Return from when on is asked: the oldest that had not ended, else the newest."""
    made: dict[bool, list[datetime]] = {False: [], True: []}
    for one in known:
        if at := moment(one):
            made[has_ended(one)].append(at)
    if made[False]:
        return min(made[False])
    if made[True]:
        return max(made[True]) - _OVERLAP
    return utc(f"{month_after(now.date(), -(months - 1))}")


def _made(job: Found) -> datetime | None:
    try:
        return utc(str((job.get("systemData") or {}).get("createdAt")))
    except ValueError:
        return None


def _run_began(told: Found) -> datetime | None:
    """Return when a run began, as the API tells it."""
    return _at((told.get("info") or {}).get("start_time"))


def _began(run: Found) -> datetime | None:
    return _at(run["info"].get("start_time"))


def _at(milliseconds: object) -> datetime | None:
    try:
        seconds = int(str(milliseconds)) / 1000
        return datetime.fromtimestamp(seconds, UTC).replace(tzinfo=None)
    except (ValueError, OverflowError, OSError):
        return None


def _job_has_ended(job: Found) -> bool:
    return str((job.get("properties") or {}).get("status")) in _ENDED_JOB


def _run_has_ended(run: Found) -> bool:
    return str(run["info"].get("status")) in _ENDED_RUN


def _without_end(job: Found) -> Found:
    """Return a job that was deleted before we saw it end: how is not known."""
    return {**job, "properties": {**job["properties"], "status": "Gone"}}


def _landed(landing: Landing, kind: str) -> dict[str, Found]:
    """Return what is in force of a kind, by name."""
    current = landing.current()
    return {
        str(one.get("name")): one
        for file in (current.files if current else ())
        if file.scope.endswith(f"/{kind}")
        for one in landed_objects(landing, file) or ()
    }


def _land(arm: Arm, landing: Landing, kind: str, found: Mapping[str, Found]) -> LandedFile:
    in_order = [one for _, one in sorted(found.items())]
    return land_objects(landing, arm.source.workspace, kind, in_order)

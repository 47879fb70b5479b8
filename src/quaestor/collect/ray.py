"""Land the job records of a Ray cluster: GET /api/jobs/ of its dashboard, or files of it.

Ray forgets jobs when its head starts anew, so what was seen before is kept beside what it says
now. Runtime environments and command lines are not landed: they hold passwords now and then.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from functools import partial
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from quaestor.collect.objects import land_objects
from quaestor.collect.paths import matching, scope_of
from quaestor.core import address, web
from quaestor.core.errors import ConfigurationError, IncompleteError, PartlyReadError
from quaestor.core.landed import Gap

if TYPE_CHECKING:
    from quaestor.collect.landing import Landing
    from quaestor.core.config import Config
    from quaestor.core.sources.ray import RaySource

_KEPT = (
    *("type", "job_id", "submission_id", "status", "error_type", "start_time", "end_time"),
    *("driver_node_id", "driver_exit_code"),
)
_SECRET = re.compile(r"(?i)passw|token|secret|credential|api.?key|private.?key")
_ATTEMPTS, _WAIT_SECONDS, _FIRST_WAIT_SECONDS = 3, 60, 10
_LARGEST = 1 << 28  # bytes of one answer
_SCOPE = "ray"
_LOST = Gap(
    scope="jobs",
    reason="the file that was landed before is gone or damaged, and with it the jobs that Ray has "
    "forgotten since",
    fix="Bring it back from a copy of the landing folder.",
)


def collect(
    source: RaySource,
    config: Config,
    landing: Landing,
    *,
    now: datetime,
    progress: Callable[[str], None],
) -> None:
    """Land every job that is known (see `Collector.collect`)."""
    gaps: list[Gap] = []
    if source.path is not None:
        files = []
        for path in _found(source, config):
            progress(f"{source.name}: {path.name}")
            said = _sorted(_jobs(path.read_bytes(), str(path)))
            files.append(land_objects(landing, scope_of(path, config), "jobs", said))
    else:
        progress(f"{source.name}: {source.url}")
        jobs = {_id(job): job for job in _jobs(_ask(source), _where(source))}
        known = {**_known(landing, jobs, gaps), **jobs}
        landed = land_objects(landing, _SCOPE, "jobs", _sorted(known.values()))
        # What runs has run for longer now, although the answer is the same.
        runs = any(job.get("status") == "RUNNING" for job in jobs.values())
        asked = f"asked {now:%Y-%m-%dT%H:%M:%SZ}" if runs else None
        files = [msgspec.structs.replace(landed, version=asked)]
    landing.snapshot(files, kind="ray", schema="ray", now=now)
    if gaps:
        raise PartlyReadError(gaps, where=_where(source))


def doctor(source: RaySource, config: Config) -> str:
    """Count the jobs (see `Collector.doctor`)."""
    if source.path is not None:
        count = len(_found(source, config))
        return f"{count} file{'s' if count != 1 else ''}"
    jobs = _jobs(_ask(source, attempts=1), _where(source))
    running = sum(job.get("status") == "RUNNING" for job in jobs)
    return f"{len(jobs):,} job{'s' if len(jobs) != 1 else ''}, {running:,} running"


def permissions(source: RaySource) -> str:
    """Say what must be reachable (see `Collector.permissions`)."""
    if source.path is not None:
        return f"No permission in Ray. The account that runs quaestor needs to read {source.path}."
    parts = address.split(source.url or "")
    # An address with a user's name in it is refused when it is asked; it is not repeated here.
    known = source.url if parts and "@" not in parts.netloc else None
    return (
        f"GET {(known or 'http://YOUR-HEAD:8265').rstrip('/')}/api/jobs/ must be reachable; "
        "nothing else is asked. "
        "Ray's dashboard knows no rights: whoever reaches it may also start jobs, so put a proxy "
        "before it that lets this one path through, and give its token as `token:`."
    )


def _jobs(content: bytes, where: str) -> list[dict[str, Any]]:
    """Return the jobs of an answer; old versions of Ray answer an object by id.

    Raises:
        IncompleteError: It is no list of jobs.
    """
    try:
        found = msgspec.json.decode(content)
        if isinstance(found, dict):
            found = [{"submission_id": name, **job} for name, job in found.items()]
        return [_kept(job) for job in found]
    except (msgspec.DecodeError, TypeError, AttributeError, KeyError, UnicodeDecodeError):
        raise IncompleteError(
            f"the answer is {'a page' if web.is_page(content) else 'no list of jobs'}",
            where=where,
            fix="It must be that of GET /api/jobs/; a login page may be in between.",
        ) from None


def _kept(job: Mapping[str, Any]) -> dict[str, Any]:
    if not (job.get("submission_id") or job.get("job_id")) or "status" not in job:
        raise KeyError("status")
    said = {
        name: value
        for name, value in (job.get("metadata") or {}).items()
        if not _SECRET.search(name)
    }
    return {name: job.get(name) for name in _KEPT} | {"metadata": said}


def _known(landing: Landing, now: Mapping[str, Any], gaps: list[Gap]) -> dict[str, dict[str, Any]]:
    """Return the jobs that Ray has forgotten; nobody knows when one that ran then has ended."""
    current = landing.current()
    found = {}
    for file in current.files if current else ():
        try:
            lines = (landing.root / file.path).read_bytes().splitlines()
            jobs = [msgspec.json.decode(line, type=dict[str, Any]) for line in lines]
        except (OSError, msgspec.MsgspecError):
            gaps.append(_LOST)
            continue
        for job in jobs:
            if file.scope == f"{_SCOPE}/jobs" and _id(job) not in now:
                found[_id(job)] = {**job, "forgotten": True}
    return found


def _id(job: Mapping[str, Any]) -> str:
    return str(job.get("submission_id") or job["job_id"])


def _sorted(jobs: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted(jobs, key=_id)


def _found(source: RaySource, config: Config) -> list[Path]:
    path = config.resolve(str(source.path))
    paths = matching(path, lambda name: name.lower().endswith(".json"))
    if not paths:
        raise IncompleteError(
            "no file found" if path.exists() else "no such file or folder",
            where=f"{path} (source {source.name})",
            fix="Correct `path:`; a folder is searched for .json.",
        )
    return paths


def _where(source: RaySource) -> str:
    return f"{source.url} (source {source.name})"


def _ask(source: RaySource, *, attempts: int = _ATTEMPTS) -> bytes:
    parts = address.split(source.url or "")
    if parts is None or "@" in parts.netloc:
        raise ConfigurationError(
            "`url:` is no web address, or names a user",
            where=f"source {source.name}",
            fix="Write `url: http://head:8265`, the dashboard's, or `path:` for files.",
        )
    if source.token and not address.is_sendable(source.token):
        raise ConfigurationError(
            "`token:` holds what no header can carry",
            where=f"source {source.name}",
            fix="Check the environment variable; a token is one line of plain characters.",
        )
    wait = _WAIT_SECONDS if attempts > 1 else _FIRST_WAIT_SECONDS
    try:
        return web.patiently(partial(_once, source, wait), attempts)
    except web.PassingError as problem:
        raise IncompleteError(
            f"Ray's dashboard {problem}",
            where=_where(source),
            fix="Start it, or correct `url:`; what was read before stays in force.",
        ) from None


def _once(source: RaySource, wait: float) -> bytes:
    headers = {"Accept": "application/json"}
    if source.token:
        headers["Authorization"] = f"Bearer {source.token}"
    address = f"{str(source.url).rstrip('/')}/api/jobs/"
    try:
        status, content = web.get(address, headers, wait=wait, largest=_LARGEST)
    except web.LargeError as problem:
        raise IncompleteError(str(problem), where=_where(source)) from None
    if status in web.PASSING:
        raise web.PassingError(f"answers {status}")
    if status != HTTPStatus.OK:
        refused = status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN)
        raise IncompleteError(
            f"Ray's dashboard {'refuses us' if refused else 'answers'} ({status})",
            where=_where(source),
            fix="Set `token: ${NAME}`." if refused else "Check `url:`; /api/jobs/ is added to it.",
        )
    return content

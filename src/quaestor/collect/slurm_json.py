"""Read `sacct --json` of any version into the fields that `sacct --parsable2` has.

The document grew: numbers became `{"set": true, "number": 4}`, states became lists. Its times are
seconds since 1970, and its names may hold any character. Command lines, folders and the comments
of administrators are left behind.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec

from quaestor.collect.commands import without_secrets
from quaestor.core.errors import IncompleteError
from quaestor.core.text import printable

_NOTHING = 9003  # "Nothing found with query": a day without a job


def lines(document: bytes, where: str) -> bytes:
    """Return the jobs as JSON lines with sacct's field names, in the document's order.

    Raises:
        IncompleteError: It is no answer of `sacct --json`, is cut short, or complains.
    """
    try:
        found = msgspec.json.decode(document)
        jobs = [_job(job) for job in found.get("jobs") or () if found["meta"]]
    except (msgspec.DecodeError, KeyError, TypeError, AttributeError, ValueError) as problem:
        raise IncompleteError(
            f"is no complete answer of `sacct --json` ({printable(problem)})",
            where=where,
            fix="Export it again; where this sacct cannot, leave out `json: true`.",
        ) from None
    errors = [one for one in found.get("errors") or () if one.get("error_number") != _NOTHING]
    if errors or not (jobs or "meta" in found):
        told = printable(errors)[:300] if errors else "its answer has no jobs"
        raise IncompleteError(f"sacct complains: {told}", where=where, fix="Export it again.")
    return b"".join(msgspec.json.encode(job, order="sorted") + b"\n" for job in jobs)


def _job(job: Mapping[str, Any]) -> dict[str, str | None]:
    time, tres = job["time"], job["tres"]
    return {
        "JobID": _job_id(job),
        "Cluster": job.get("cluster"),
        "JobName": job.get("name"),
        "User": job.get("user") or _of(job, "association", "user"),
        "Account": job.get("account"),
        "Partition": job.get("partition"),
        "QOS": job.get("qos"),
        "State": _words(_of(job, "state", "current")),
        "ExitCode": _text(_of(job, "exit_code", "return_code")),
        "Submit": _moment(time.get("submission")),
        "Start": _moment(time.get("start")),
        "End": _moment(time.get("end")),
        "TimelimitRaw": _text(time.get("limit")),
        "AllocTRES": _tres(tres.get("allocated")),
        "ReqTRES": _tres(tres.get("requested")),
        "NodeList": job.get("nodes"),
        "Comment": without_secrets(str(_of(job, "comment", "job") or "")) or None,
    }


def _job_id(job: Mapping[str, Any]) -> str:
    """Return the id as sacct writes it: 8_3 of an array, 12+1 of a heterogeneous job."""
    array, offset = _number(_of(job, "array", "job_id")), _number(_of(job, "het", "job_offset"))
    task = _number(_of(job, "array", "task_id"))
    if array and task is not None:
        return f"{array}_{task}"
    if (leader := _number(_of(job, "het", "job_id"))) and offset is not None:
        return f"{leader}+{offset}"
    return str(job["job_id"])


def _of(job: Mapping[str, Any], *keys: str) -> Any:
    value: Any = job
    for key in keys:
        value = value.get(key) if isinstance(value, Mapping) else None
    return value


def _number(value: Any) -> int | None:
    """Return a number, also one of newer documents; None where it is not set or without end."""
    if isinstance(value, Mapping):
        bounded = value.get("set") and not value.get("infinite")
        return int(value["number"]) if bounded else None
    return None if value is None else int(value)


def _text(value: Any) -> str | None:
    number = _number(value)
    return None if number is None else str(number)


def _words(value: Any) -> str | None:
    """Return a state; of several the first, which is the one that others only colour."""
    if isinstance(value, list):
        return str(value[0]) if value else None
    return None if value is None else str(value)


def _moment(value: Any) -> str | None:
    seconds = _number(value)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%SZ}" if seconds else None


def _tres(found: list[Mapping[str, Any]] | None) -> str | None:
    """Return resources as sacct writes them: cpu=4,mem=1024M,gres/gpu:a100=2."""
    told = []
    for one in found or ():
        name = f"{one['type']}/{one['name']}" if one.get("name") else str(one["type"])
        if (count := one.get("count")) is not None:
            told.append(f"{name}={count}{'M' if name == 'mem' else ''}")
    return ",".join(told) or None

"""Load what Slurm's accounting says of jobs: the GPUs each had, and for how long.

A landed file is sacct's own table, or a job a line as JSON with the same names
(`collect/slurm_json.py`). Names and comments may hold line breaks: a line that begins with no
job's id belongs to the line before it. Steps of jobs are part of them and not counted again.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime, timedelta

from quaestor.core.blind_spot import BlindSpot
from quaestor.core.landed import LandedFile
from quaestor.core.period import utc
from quaestor.core.sources.slurm import SlurmSource
from quaestor.normalise import step
from quaestor.normalise.gpu_hours import unknown_hours
from quaestor.normalise.job import Job
from quaestor.normalise.landed_file import check_landed
from quaestor.normalise.landed_objects import read_lines
from quaestor.normalise.landed_text import head
from quaestor.normalise.quarantine import blind_spots, refuse, release
from quaestor.normalise.relation import RefusedError
from quaestor.warehouse.duckdb import Warehouse, literal, quoted

_FIELDS = (
    *("JobID", "DBIndex", "Cluster", "JobName", "User", "Account", "Partition", "QOS", "State"),
    *("ExitCode", "Submit", "Start", "End", "TimelimitRaw", "AllocTRES", "ReqTRES", "NodeList"),
    "Comment",
)
_NEEDED = ("JobID", "State", "Start", "End", "AllocTRES")
_BEGINS = r"^[0-9]+[][0-9a-zA-Z_+.,%-]*"  # a job's id: 8, 8_3, 8_[0-9%4], 12+1, 7.batch
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def load(warehouse: Warehouse, job: Job) -> list[BlindSpot]:
    """Replace the cluster's jobs (see `normalise.Loader`)."""
    source = job.source
    assert isinstance(source, SlurmSource)  # noqa: S101 - LOADERS pairs schema and source
    step.define(warehouse, "macros", "usage_macros", "slurm_macros")
    warehouse.run("delete from usage.gpu_job where source = ?", [source.name])
    release(warehouse, source.name, keep=())
    columns = ", ".join(f"{quoted(name)} varchar" for name in _FIELDS)
    warehouse.run(
        "create or replace temp table slurm_row (file varchar, sha256 varchar, asked timestamp, "
        f"day date, row_number bigint, raw varchar, fields integer, expected integer, {columns})"
    )
    teams: dict[str, str] = {}
    for file in job.manifest.files:
        job.progress(f"{source.name}: {file.scope}")
        try:
            _read(warehouse, job, file, teams)
        except RefusedError as problem:
            refuse(warehouse, source.name, file, problem)
    _fill(warehouse, source, teams)
    return [
        *blind_spots(warehouse, source.name, job.manifest.files),
        *unknown_hours(warehouse, source.name),
        *_no_gpus(warehouse, source.name),
    ]


def _read(warehouse: Warehouse, job: Job, file: LandedFile, teams: dict[str, str]) -> None:
    check_landed(job.path(file), file.sha256)
    first = head(job.path(file)).split("\n", 1)[0].strip("\r\n\ufeff")
    if file.path.endswith(".jsonl"):
        read_lines(warehouse, job, file)
        _keep(warehouse, job, file, {name: f"line ->> '{name}'" for name in _FIELDS}, "line")
        return
    match = re.match(r"[A-Za-z]+([^A-Za-z0-9]+)", first)
    header = first.split(match[1]) if match else [first]
    if {"Account", "ParentName"} <= set(header) or {"Account", "Org"} <= set(header):
        teams |= _teams(head(job.path(file)), header, match[1] if match else "|")
        return
    if match is None or (absent := [name for name in _NEEDED if name not in header]):
        lacks = f"lacks {', '.join(absent)}" if match else "is no header of sacct's"
        raise RefusedError(
            f"the first line {lacks}",
            fix="Export with `sacct --parsable2` and its header, and at least --format="
            f"{','.join(_NEEDED)}; `quaestor permissions` shows a command.",
        )
    read_lines(warehouse, job, file)
    warehouse.run(_RECORDS, {"begins": _BEGINS + re.escape(match[1])})
    split = f"string_split(record, {literal(match[1])})"
    place = {name: header.index(name) + 1 for name in _FIELDS if name in header}
    found = {name: f"parts[{number}]" for name, number in place.items()}
    _keep(warehouse, job, file, found, "record", split=split, expected=len(header))


def _keep(
    warehouse: Warehouse,
    job: Job,
    file: LandedFile,
    found: Mapping[str, str],
    line: str,
    *,
    split: str = "null::varchar[]",
    expected: int = 0,
) -> None:
    """Add a file's rows to `slurm_row`, what is blank as null."""
    columns = ", ".join(
        f"nullif(trim({found[name]}), '')" if name in found else "null::varchar" for name in _FIELDS
    )
    rows = "landed_line" if line == "line" else "landed_record"
    day = _DAY.search(file.scope) if _is_asked(job) else None
    warehouse.run(
        f"""
        insert into slurm_row
        select $file, $sha256, $asked, $day::date, row_number, {line}, coalesce(len(parts), 0),
            $expected, {columns}
        from (select row_number, {line}, {split} as parts from {rows} where trim({line}) <> '')
        """,
        {
            "file": file.path,
            "sha256": file.sha256,
            "asked": _asked_at(job, file, day[0] if day else None),
            "day": date.fromisoformat(day[0]) if day else None,
            "expected": expected,
        },
    )


def _is_asked(job: Job) -> bool:
    """Say whether the files are answers to questions about days."""
    return isinstance(job.source, SlurmSource) and job.source.path is None


def _asked_at(job: Job, file: LandedFile, day: str | None) -> datetime:
    """Return when a file's rows were true: when a day was asked, or its end where it was over."""
    known, _, asked = (file.version or "").partition("asked ")
    if not known and asked:
        return utc(asked)
    if day is None:
        return job.manifest.fetched_at
    return min(job.manifest.fetched_at, datetime.fromisoformat(day) + timedelta(days=1))


def _teams(text: str, header: list[str], delimiter: str) -> dict[str, str]:
    """Return what sacctmgr says each account belongs to: an organisation, or its topmost account.

    Accounts below one that nobody is above (root) are the topmost.
    """
    rows = [dict(zip(header, line.split(delimiter), strict=False)) for line in text.splitlines()]
    if "Org" in header:
        return {row["Account"]: row["Org"] for row in rows[1:] if row.get("Org")}
    parents = {row["Account"]: row["ParentName"] for row in rows[1:] if row.get("ParentName")}
    teams = {}
    for account in parents:
        top, seen = account, {account}
        while (above := parents.get(top)) in parents and above not in seen:
            top = str(above)
            seen.add(top)
        teams[account] = top
    return teams


def _fill(warehouse: Warehouse, source: SlurmSource, teams: Mapping[str, str]) -> None:
    warehouse.run("create or replace temp table slurm_team (account varchar, team varchar)")
    if teams:
        warehouse.run(
            "insert into slurm_team select unnest($accounts), unnest($teams)",
            {"accounts": list(teams), "teams": list(teams.values())},
        )
    given = {"zone": source.time_zone, "by_account": source.team == "account"}
    step.make(warehouse, "slurm_job", given)
    step.fill(warehouse, "usage.gpu_job", source.name, "slurm_job")


def _no_gpus(warehouse: Warehouse, source: str) -> list[BlindSpot]:
    """Tell of a cluster none of whose jobs has a GPU: Slurm records them only where it is told."""
    jobs, gpus = warehouse.row(
        "select count(*), count(*) filter (where gpus > 0) from usage.gpu_job where source = ?",
        [source],
    )
    if not jobs or gpus:
        return []
    return [
        BlindSpot(
            source=source,
            scope="gpu_job.gpus",
            reason=f"none of {jobs:,} jobs shows a GPU",
            fix="Set AccountingStorageTRES=gres/gpu in slurm.conf so that Slurm records GPUs; if "
            "the cluster has none, remove the source.",
            rows=jobs,
        )
    ]


# Lines that begin as no record does are the rest of the one before.
_RECORDS = """
create or replace temp table landed_record as
select min(row_number) as row_number, string_agg(line, chr(10) order by row_number) as record
from (
    select *, count(*) filter (where regexp_matches(line, $begins)) over (order by row_number)
        as record_number
    from landed_line where row_number > 1
)
group by record_number
"""

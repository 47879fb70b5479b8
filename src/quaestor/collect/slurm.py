"""Land a Slurm cluster's accounting: what `sacct` says of every job, a day at a time.

A day is asked until it has been over for one, and never again: jobs that have ended do not
change. A job that runs for days stands in each of them; its last word counts
(`normalise/slurm.py`). Times are asked for in UTC, so that no clock change hides an hour.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from quaestor.collect import slurm_json
from quaestor.collect.commands import Answer, ask, without_secrets
from quaestor.collect.paths import matching, scope_of
from quaestor.core.errors import ConfigurationError, IncompleteError, PartlyReadError
from quaestor.core.landed import Gap
from quaestor.core.progress import counted
from quaestor.core.text import printable

if TYPE_CHECKING:
    from quaestor.collect.landing import Landing
    from quaestor.core.config import Config
    from quaestor.core.landed import LandedFile
    from quaestor.core.sources.slurm import SlurmSource

# What is asked of a job. Command lines and folders are not: they hold secrets now and then.
FIELDS = (
    *("JobID", "DBIndex", "Cluster", "JobName", "User", "Account", "Partition", "QOS", "State"),
    *("ExitCode", "Submit", "Start", "End", "TimelimitRaw", "AllocTRES", "ReqTRES", "NodeList"),
    "Comment",
)
DELIMITER = "\x1f"  # a name may have any character that one can see
_IN_UTC = ("env", "TZ=UTC")
_WITH_ZONE = "SLURM_TIME_FORMAT=%Y-%m-%dT%H:%M:%SZ"  # `sacct --json` fails with it
_BACK = timedelta(days=90)
_SETTLED = timedelta(days=2)  # from a day's begin: the accounting may be late by one
_ENDINGS = (".txt", ".csv", ".psv", ".json", ".sacct", ".out", ".gz")
_ACCOUNTING = {
    "associations": ("associations", "format=Cluster,Account,ParentName,User"),
    "accounts": ("accounts", "format=Account,Description,Organization"),
}


def collect(
    source: SlurmSource,
    config: Config,
    landing: Landing,
    *,
    now: datetime,
    progress: Callable[[str], None],
) -> None:
    """Land what is new in the accounting (see `Collector.collect`)."""
    _check_zone(source)
    if source.path is not None:
        paths = counted(_found(source, config), progress, lambda path: f"{source.name}: {path}")
        files = [_land_file(landing, path, scope_of(path, config)) for path in paths]
        landing.snapshot(files, kind="slurm", schema="slurm", now=now)
        return
    _land_days(source, landing, now, progress)


def doctor(source: SlurmSource, config: Config) -> str:
    """Count the files, or the jobs since yesterday (see `Collector.doctor`)."""
    _check_zone(source)
    if source.path is not None:
        count = len(_found(source, config))
        return f"{count} file{'s' if count != 1 else ''}"
    version = _ask(source, ("sacct", "--version")).text.strip()
    fields = ("State", "User", "AllocTRES")
    options = ("--starttime=now-1days", f"--format={','.join(fields)}", "--noheader")
    lines = _ask(source, _sacct(source, *options)).text.splitlines()
    rows = [line.split("|") for line in lines if line.count("|") == len(fields) - 1]
    running = sum(row[0] == "RUNNING" for row in rows)
    told = (
        f"{printable(version)}: {len(rows):,} jobs of {len({row[1] for row in rows}):,} users in a "
        f"day, {running:,} running"
    )
    if rows and not any("gres/gpu" in row[2] for row in rows):
        told += "; none has a GPU (AccountingStorageTRES=gres/gpu in slurm.conf records them)"
    if source.team != "account":
        try:
            _ask(source, _accounting(source))
        except IncompleteError as problem:
            raise PartlyReadError([_no_teams(problem)], where=_where(source), read=told) from None
    return told


def permissions(source: SlurmSource) -> str:
    """Say who may ask (see `Collector.permissions`)."""
    export = (
        "  TZ=UTC sacct --allusers --allocations --duplicates --parsable2 --noconvert "
        f"--starttime=now-2days --format={','.join(FIELDS)} > sacct-$(date +%F).txt"
    )
    if source.path is not None:
        return (
            f"No permission in Slurm. The account that runs quaestor needs to read {source.path}, "
            f"and not to write. An operator writes the files there, such as daily by:\n{export}"
        )
    asked = " ".join((*source.via, "sacct"))
    return (
        f"The account that runs quaestor runs `{asked} --allusers` and `sacctmgr --readonly show`, "
        "which write nothing. Every user of the cluster may, and sees all jobs, unless "
        "slurmdbd.conf has PrivateData=jobs: then one sees one's own only, and nobody is told. "
        f"There, bring files instead (`path:`) that an operator writes:\n{export}"
    )


def _land_days(
    source: SlurmSource, landing: Landing, now: datetime, progress: Callable[[str], None]
) -> None:
    """Ask for the days that may have changed, and keep those that were asked before."""
    days = _days(source, now)
    if not days:
        raise ConfigurationError(
            "there is no day between `since:` and `until:`, or none yet",
            where=f"source {source.name}",
            fix="Correct them.",
        )
    known = landing.known()
    landed = [
        known.get((_scope(source, day), _closed(source, day)))
        or _land_day(source, landing, day, now)
        for day in counted(days, progress, lambda day: f"{source.name}: {day}")
    ]
    current = landing.current()
    scopes = {file.scope for file in landed}
    before = [file for file in current.files if file.scope not in scopes] if current else []
    place = _scope(source, None)
    landed += [file for file in before if file.scope.startswith(place) and _is_day(file.scope)]
    accounting, gaps = _accounts(source, landing, before)
    landing.snapshot([*landed, *accounting], kind="slurm", schema="slurm", now=now)
    if gaps:
        raise PartlyReadError(gaps, where=_where(source))


def _days(source: SlurmSource, now: datetime) -> list[date]:
    first = source.since or (now - _BACK).date()
    last = min(now.date(), source.until or now.date())
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]


def _scope(source: SlurmSource, day: date | None) -> str:
    return f"{source.cluster or 'sacct'}/{day or ''}"


def _is_day(scope: str) -> bool:
    return scope.rpartition("/")[2][:1].isdigit()


def _closed(source: SlurmSource, day: date) -> str:
    """Return the version of a day that is over: the question, so that a new one is asked."""
    return " ".join(_question(source, day))


def _question(source: SlurmSource, day: date) -> tuple[str, ...]:
    span = (f"--starttime={day}T00:00:00", f"--endtime={day}T23:59:59")
    if source.json:
        return _sacct(source, *span, "--json")
    return _sacct(source, *span, f"--delimiter={DELIMITER}", f"--format={','.join(FIELDS)}")


def _sacct(source: SlurmSource, *options: str) -> tuple[str, ...]:
    cluster = (f"--clusters={source.cluster}",) if source.cluster else ()
    basic = ("--allusers", "--allocations", "--duplicates", "--parsable2", "--noconvert")
    zone = () if "--json" in options else (_WITH_ZONE,)
    return (*_IN_UTC, *zone, "sacct", *basic, *cluster, *options)


def _land_day(source: SlurmSource, landing: Landing, day: date, now: datetime) -> LandedFile:
    answer = _ask(source, _question(source, day))
    scope, name = _scope(source, day), f"sacct-{day}.{'jsonl' if source.json else 'txt'}"
    if source.json:
        content = slurm_json.lines(answer.content, _where(source))
    else:
        _check_table(source, answer)
        # Comments hold anything; and one name that is not UTF-8 must not hide a day.
        content = without_secrets(answer.text).encode()
    if now - datetime.combine(day, time()) >= _SETTLED:
        return landing.land_blocks([content], name, scope, _closed(source, day))
    landed = landing.land_bytes(content, name, scope)
    # What runs has run for longer now, although the answer is the same.
    runs = f"asked {now:%Y-%m-%dT%H:%M:%SZ}" if b"RUNNING" in content else None
    return msgspec.structs.replace(landed, version=runs)


def _check_table(source: SlurmSource, answer: Answer) -> None:
    """Refuse what is no answer of sacct's, or half of one."""
    if not answer.content.startswith(b"JobID"):
        raise IncompleteError(
            f"the answer is no table of jobs: {answer.first_line!r}",
            where=_where(source),
            fix="Run the command by hand; something else writes to its output (a login's banner?).",
        )
    if not answer.content.endswith(b"\n"):
        raise IncompleteError(
            "the answer ends within a line", where=_where(source), fix="Collect again."
        )


def _accounts(
    source: SlurmSource, landing: Landing, before: list[LandedFile]
) -> tuple[list[LandedFile], list[Gap]]:
    """Land what accounts belong to, where teams are told by it."""
    if source.team == "account":
        return [], []
    scope = f"{_scope(source, None)}{_kind(source)}"
    try:
        answer = _ask(source, _accounting(source))
    except IncompleteError as problem:
        return [file for file in before if file.scope == scope], [_no_teams(problem)]
    return [landing.land_bytes(answer.content, f"{_kind(source)}.txt", scope)], []


def _kind(source: SlurmSource) -> str:
    return "associations" if source.team == "top-account" else "accounts"


def _accounting(source: SlurmSource) -> tuple[str, ...]:
    """Return the question what accounts belong to."""
    kind = _kind(source)
    what, form = _ACCOUNTING[kind]
    where = (f"cluster={source.cluster}",) if source.cluster and kind == "associations" else ()
    return ("sacctmgr", "--parsable2", "--readonly", "show", what, *where, form)


def _no_teams(problem: IncompleteError) -> Gap:
    return Gap(scope="teams", reason=f"sacctmgr: {problem.what}", fix=problem.fix)


def _found(source: SlurmSource, config: Config) -> list[Path]:
    path = config.resolve(str(source.path))
    paths = matching(path, lambda name: name.lower().endswith(_ENDINGS))
    if not paths:
        raise IncompleteError(
            "no file found" if path.exists() else "no such file or folder",
            where=f"{path} (source {source.name})",
            fix=f"Correct `path:`; a folder is searched for {', '.join(_ENDINGS)}.",
        )
    return paths


def _land_file(landing: Landing, path: Path, scope: str) -> LandedFile:
    if path.suffix.lower() != ".json":
        return landing.land_file(path, scope)
    return landing.land_bytes(
        slurm_json.lines(path.read_bytes(), str(path)), f"{path.stem}.jsonl", scope
    )


def _ask(source: SlurmSource, command: tuple[str, ...]) -> Answer:
    return ask((*source.via, *command), where=_where(source), timeout=source.timeout_seconds)


def _where(source: SlurmSource) -> str:
    through = f"through {' '.join(source.via)} " if source.via else ""
    return f"sacct {through}(source {source.name})"


def _check_zone(source: SlurmSource) -> None:
    try:
        ZoneInfo(source.time_zone)
    except (ZoneInfoNotFoundError, ValueError):
        raise ConfigurationError(
            f"there is no time zone '{source.time_zone}'",
            where=f"source {source.name}, time_zone",
            fix="Write one such as Europe/Berlin, or leave it out: UTC.",
        ) from None

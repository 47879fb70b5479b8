"""Land a cloud's machine learning service part by part, and the hours of its endpoints by day.

One part that is denied or fails is a gap, and what was landed of it before stays in force.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from quaestor.collect.objects import land_objects
from quaestor.core.errors import QuaestorError
from quaestor.core.landed import Gap
from quaestor.core.period import utc

if TYPE_CHECKING:
    from quaestor.collect.landing import Landing
    from quaestor.core.landed import LandedFile

Row = dict[str, Any]


@dataclass(frozen=True)
class Part:
    """What is asked for by itself.

    Args:
        place: Where it is, as scopes begin.
        kinds: The kinds of files it is landed as, as scopes end; the first names it.
        land: Asks, and lands the files.
    """

    place: str
    kinds: tuple[str, ...]
    land: Callable[[], list[LandedFile]]


def land_parts(
    landing: Landing, parts: Iterable[Part], progress: Callable[[str], None]
) -> tuple[list[LandedFile], list[Gap]]:
    """Return what is in force of every part, and which of them could not be read.

    Raises:
        QuaestorError: No part could be read; what the first one said.
    """
    current = landing.current()
    files: list[LandedFile] = []
    gaps: list[Gap] = []
    first: QuaestorError | None = None
    read = 0
    for part in parts:
        progress(f"{part.place}, {part.kinds[0]}")
        try:
            files += part.land()
            read += 1
        except QuaestorError as problem:
            first = first or problem
            scope = f"{part.place}/{part.kinds[0]}"
            gaps.append(Gap(scope=scope, reason=problem.what, fix=problem.fix))
            files += [
                file
                for file in (current.files if current else ())
                if file.scope.startswith(f"{part.place}/")
                and file.scope.rpartition("/")[2] in part.kinds
            ]
    if first and not read:
        raise first
    return files, gaps


def land_days(
    landing: Landing,
    place: str,
    now: datetime,
    ask: Callable[[date, datetime], Iterable[Row]],
    *,
    back: timedelta,
    settled: timedelta,
) -> list[LandedFile]:
    """Return a file for each day as far as figures are kept, and those landed before.

    Args:
        landing: The source's landing folder.
        place: The scope is `<place>/<day>/hours`.
        now: The clock.
        ask: What is told from the start of a day until the end of an hour: rows, each with the
            `hour` it is of. Days before are landed and over.
        back: How far back is asked.
        settled: After midnight, until a day's figures are all there.

    Raises:
        QuaestorError: As `ask` does; no day is landed then.
    """
    days = [(now - back).date() + timedelta(days=n) for n in range(back.days + 1)]
    files, open_days = _held(landing, place, days)
    rows: dict[str, list[Row]] = {}
    until = now.replace(minute=0, second=0, microsecond=0)
    if open_days and utc(f"{open_days[0]}") < until:
        for row in ask(open_days[0], until):
            rows.setdefault(str(row["hour"])[:10], []).append(row)
    for day in open_days:
        told = sorted(rows.get(f"{day}", ()), key=lambda row: sorted(map(str, row.items())))
        version = f"{day}" if now >= utc(f"{day}") + timedelta(days=1) + settled else None
        landed = land_objects(landing, f"{place}/{day}", "hours", told, version=version)
        files[landed.scope] = landed
    return list(files.values())


def _held(
    landing: Landing, place: str, days: list[date]
) -> tuple[dict[str, LandedFile], list[date]]:
    """Return the files that are landed, by scope, and the days that are not over."""
    known, before = landing.known(), landing.current()
    closed = {day: known.get((f"{place}/{day}/hours", f"{day}")) for day in days}
    files = {
        file.scope: file
        for file in (before.files if before else ())
        if file.scope.startswith(f"{place}/2") and file.scope.endswith("/hours")
    }
    files |= {file.scope: file for file in closed.values() if file}
    return files, [day for day in days if closed[day] is None]

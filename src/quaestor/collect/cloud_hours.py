"""Land hourly figures of endpoints by day, of whichever cloud; what is over is asked for once."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from quaestor.collect.objects import land_objects
from quaestor.core.period import utc

if TYPE_CHECKING:
    from quaestor.collect.landing import Landing
    from quaestor.core.landed import LandedFile

Row = dict[str, Any]


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

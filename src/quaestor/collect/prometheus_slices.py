"""Which days of a cluster are landed, and which have to be asked for.

A landed file holds some days in a row. Its version says whether they will ever be asked for
again: an ended day that was answered whole is not; the present day is, hour by hour; days
without a sample are, once a day; days of which a part could not be read are, at each look.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from quaestor.collect.landing import Landing
    from quaestor.core.landed import LandedFile
    from quaestor.core.sources import PrometheusSource

LONGEST = 7  # days of one question
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
_WHOLE = "1 ended"  # 1: the form of what is landed
_KIND = "series"


@dataclass(frozen=True)
class Slice:
    """Some days in a row, up to the end of an hour, and the file that holds them."""

    first: date
    last: date
    end: datetime
    file: LandedFile | None = None

    @property
    def days(self) -> set[date]:
        """Return the days."""
        return set(_days(self.first, self.last))

    @property
    def hours(self) -> tuple[datetime, datetime]:
        """Return the ends of its first and its last hour."""
        return _midnight(self.first) + HOUR, self.end

    @property
    def shown(self) -> str:
        """Return the days as people read them."""
        return f"{self.first}" if self.first == self.last else f"{self.first} to {self.last}"

    @property
    def version(self) -> str | None:
        """Return the version of its file; None where a part of it could not be read."""
        return self.file.version if self.file else None

    @property
    def is_whole(self) -> bool:
        """Return whether it is never asked for again."""
        return self.version == _WHOLE

    def scope(self, cluster: str) -> str:
        """Return what its file is called."""
        return f"{cluster} {self.first} {self.last}/{_KIND}"

    def answered(self, now: datetime, *, empty: bool) -> str:
        """Return the version of a file that holds all there is now."""
        if self.end < _midnight(self.last) + DAY:
            return f"1 until {self.end.isoformat()}"
        return f"1 empty on {now.date()}" if empty else _WHOLE

    def is_settled(self, end: datetime, now: datetime) -> bool:
        """Return whether it need not be asked for in this look."""
        return self.version in (
            _WHOLE,
            f"1 until {end.isoformat()}",
            f"1 empty on {now.date()}",
        )


def in_force(landing: Landing, source: PrometheusSource) -> list[Slice]:
    """Return what is landed of a cluster: in force, or whole and landed since by a look cut short.

    No two have a day in common. None is in force where no hours are asked for.
    """
    if not source.asks_hours:
        return []
    current = landing.current()
    kept = _slices(current.files if current else (), source)
    for one in _slices(landing.known().values(), source):
        clash = [other for other in kept if other.days & one.days]
        if one.is_whole and not any(other.is_whole for other in clash):
            kept = [other for other in kept if other not in clash] + [one]
    return kept


def missing(
    source: PrometheusSource, end: datetime, now: datetime, landed: Sequence[Slice]
) -> list[Slice]:
    """Return the days that have to be asked for, LONGEST at most at once.

    Args:
        source: Which days it wants.
        end: The end of the last hour that has ended.
        now: The clock.
        landed: What is in force; a file that is not settled is asked for again whole.
    """
    today = (end - timedelta(microseconds=1)).date()
    last = min(source.until or today, today)
    days = set(_days(source.since or last - (source.days - 1) * DAY, last))
    for one in landed:
        if one.is_settled(end, now):
            days -= one.days
    for one in landed:
        if one.days & days:
            days |= one.days
    found = [part for run in _runs(sorted(days - {today})) for part in _parts(run)]
    found += [(today, today)] if today in days else []
    return [Slice(a, b, min(_midnight(b) + DAY, end)) for a, b in found]


def replaced(landed: Sequence[Slice], new: Slice) -> list[Slice]:
    """Return what is in force with a new slice.

    One of which a part could not be read replaces only what was no better: what was read before
    stays in force.
    """
    before = [one for one in landed if one.days & new.days]
    if new.version is None and any(one.version for one in before):
        return list(landed)
    return [one for one in landed if one not in before] + [new]


def _slices(files: Iterable[LandedFile], source: PrometheusSource) -> list[Slice]:
    """Return the files that hold days of a source's cluster."""
    found = []
    for file in files:
        place, _, kind = file.scope.rpartition("/")
        words = place.rsplit(" ", 2)
        if kind == _KIND and words[0] == source.cluster:
            first, last = map(date.fromisoformat, words[1:])
            found.append(Slice(first, last, _midnight(last) + DAY, file))
    return found


def _days(first: date, last: date) -> Iterator[date]:
    for number in range((last - first).days + 1):
        yield first + number * DAY


def _runs(days: Sequence[date]) -> Iterator[tuple[date, date]]:
    """Yield the first and last of days in a row.

    >>> list(_runs([date(2026, 1, 1), date(2026, 1, 2), date(2026, 1, 9)]))[-1]
    (datetime.date(2026, 1, 9), datetime.date(2026, 1, 9))
    """
    first = last = None
    for day in days:
        if first and last and day != last + DAY:
            yield first, last
            first = None
        first, last = first or day, day
    if first and last:
        yield first, last


def _parts(run: tuple[date, date]) -> Iterator[tuple[date, date]]:
    first, last = run
    while first <= last:
        end = min(first + (LONGEST - 1) * DAY, last)
        yield first, end
        first = end + DAY


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time())


def unix(moment: datetime) -> int:
    """Return the seconds since 1970, UTC."""
    return int(moment.replace(tzinfo=UTC).timestamp())

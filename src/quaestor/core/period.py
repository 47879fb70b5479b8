"""Time: UTC, without zone."""

from __future__ import annotations

from datetime import UTC, date, datetime

from msgspec import Struct


def utc(text: str) -> datetime:
    """Read an ISO 8601 instant; without a zone it is UTC. The result is UTC, zone dropped.

    Raises:
        ValueError: The text is no ISO 8601 date or time.

    >>> utc("2026-11-21T01:30:00+01:00"), utc("2026-11-21")
    (datetime.datetime(2026, 11, 21, 0, 30), datetime.datetime(2026, 11, 21, 0, 0))
    """
    moment = datetime.fromisoformat(text)
    return moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment


class Window(Struct, frozen=True):
    """The days that are asked for, both included; None is without end.

    Bills are replaced by billing period, so that a window takes whole periods: those that have
    at least one of its days.
    """

    since: date | None = None
    until: date | None = None

    def holds(self, first: date, last: date) -> bool:
        """Return whether a period, from its first to its last day, has a day in the window.

        >>> Window(since=date(2026, 10, 31)).holds(date(2026, 10, 1), date(2026, 10, 31))
        True
        >>> Window(until=date(2026, 9, 30)).holds(date(2026, 10, 1), date(2026, 10, 31))
        False
        """
        return (self.since is None or last >= self.since) and (
            self.until is None or first <= self.until
        )

    def months(self, now: datetime, *, back: int) -> list[date]:
        """Return the first day of every month in the window, up to the present one.

        Args:
            now: The clock.
            back: How many months, where `since` does not say; the present one counts.

        >>> Window(until=date(2026, 11, 3)).months(datetime(2027, 1, 2), back=4)
        [datetime.date(2026, 10, 1), datetime.date(2026, 11, 1)]
        """
        present = now.date().replace(day=1)
        first = self.since.replace(day=1) if self.since else month_after(present, -(back - 1))
        last = min(present, self.until) if self.until else present
        found = []
        while first <= last:
            found.append(first)
            first = month_after(first)
        return found


def month_after(day: date, months: int = 1) -> date:
    """Return the first day of the month so many months later; earlier where negative.

    >>> month_after(date(2026, 11, 21)), month_after(date(2026, 1, 1), -2)
    (datetime.date(2026, 12, 1), datetime.date(2025, 11, 1))
    """
    number = day.year * 12 + day.month - 1 + months
    return date(number // 12, number % 12 + 1, 1)

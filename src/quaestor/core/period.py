"""Time: UTC, without zone."""

from __future__ import annotations

from datetime import UTC, datetime


def utc(text: str) -> datetime:
    """Read an ISO 8601 instant; without a zone it is UTC. The result is UTC, zone dropped.

    Raises:
        ValueError: The text is no ISO 8601 date or time.

    >>> utc("2026-11-21T01:30:00+01:00"), utc("2026-11-21")
    (datetime.datetime(2026, 11, 21, 0, 30), datetime.datetime(2026, 11, 21, 0, 0))
    """
    moment = datetime.fromisoformat(text)
    return moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment

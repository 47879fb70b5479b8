"""Texts that a registry's tags hold, read as what they must be: exactly, or not at all."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date

from quaestor.core.period import utc

LIFECYCLES = ("development", "staging", "production", "archived")
_LATEST_MS = 253_402_300_799_999  # the end of the year 9999


@dataclass(frozen=True)
class Reader:
    """How a text becomes a value.

    Args:
        function: Takes the text, gives the value as JSON can hold it, or raises ValueError.
        wanted: What the text should be, for the sentence "..., not <wanted>".
    """

    function: Callable[[str], str | int]
    wanted: str


def moment(text: str) -> str:
    """Read an ISO 8601 time as UTC.

    >>> moment("2026-11-21T01:30:00+01:00")
    '2026-11-21 00:30:00'
    """
    try:
        return utc(text.strip()).isoformat(sep=" ")
    except OverflowError as problem:  # the year 1 or 9999, moved to UTC
        raise ValueError(text) from problem


def day(text: str) -> str:
    """Read a date.

    >>> day(" 2027-01-31 ")
    '2027-01-31'
    """
    return date.fromisoformat(text.strip()).isoformat()


def tier(text: str) -> int:
    """Read a risk tier.

    >>> tier("2")
    2
    """
    if text.strip() not in ("1", "2", "3"):
        raise ValueError(text)
    return int(text)


def lifecycle(text: str) -> str:
    """Read a lifecycle by its own name, in any case.

    >>> lifecycle("Production")
    'production'
    """
    word = text.strip().lower()
    if word not in LIFECYCLES:
        raise ValueError(text)
    return word


def epoch_milliseconds(text: str) -> int:
    """Read milliseconds since 1970, up to the year 9999.

    >>> epoch_milliseconds("1690000000123")
    1690000000123
    """
    number = int(text)
    if not 0 <= number <= _LATEST_MS:
        raise ValueError(text)
    return number


_MOMENT = Reader(moment, "an ISO 8601 time, such as 2026-11-21T06:00:00Z")
milliseconds = Reader(epoch_milliseconds, "a time in milliseconds since 1970")
# Columns whose tag `gov.<column>` is more than a text.
MODEL_VALUES: Mapping[str, Reader] = {
    "risk_tier": Reader(tier, "1, 2 or 3"),
    "retire_by": Reader(day, "a date, such as 2027-01-31"),
}
VERSION_VALUES: Mapping[str, Reader] = {
    "lifecycle": Reader(lifecycle, "development, staging, production or archived"),
    "approved_at": _MOMENT,
    "evaluated_at": _MOMENT,
    "monitored_at": _MOMENT,
}

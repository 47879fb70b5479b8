"""Texts that a registry's tags hold, read as what they must be: exactly, or not at all."""

from __future__ import annotations

from collections.abc import Mapping

from quaestor.core.reading import READERS, Reader

LIFECYCLES = ("development", "staging", "production", "archived")
_LATEST_MS = 253_402_300_799_999  # the end of the year 9999


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


_MOMENT = READERS["moment"]
milliseconds = Reader(epoch_milliseconds, "a time in milliseconds since 1970")
# Columns whose tag `gov.<column>` is more than a text.
MODEL_VALUES: Mapping[str, Reader] = {
    "risk_tier": Reader(tier, "1, 2 or 3"),
    "retire_by": READERS["day"],
}
VERSION_VALUES: Mapping[str, Reader] = {
    "lifecycle": Reader(lifecycle, "development, staging, production or archived"),
    "approved_at": _MOMENT,
    "evaluated_at": _MOMENT,
    "monitored_at": _MOMENT,
}

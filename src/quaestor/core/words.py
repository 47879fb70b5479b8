"""How what we write reads: counts that agree, months by name, what is too long for its place."""

from __future__ import annotations

from datetime import date

MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)


def plural(count: int, one: str, many: str | None = None) -> str:
    """Count things in words that agree.

    >>> plural(1, "model"), plural(1200, "model"), plural(2, "policy", "policies")
    ('1 model', '1,200 models', '2 policies')
    """
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def month(day: date) -> str:
    """Name a month in full.

    >>> month(date(2026, 11, 1))
    'November 2026'
    """
    return f"{MONTHS[day.month - 1]} {day.year}"


def cut(text: str, most: int) -> str:
    """Shorten a text to at most so many characters.

    >>> cut("a-very-long-name", 8), cut("short", 8)
    ('a-very-…', 'short')
    """
    return text if len(text) <= most else text[: most - 1] + "…"

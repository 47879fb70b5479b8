"""Texts of tags and files that stand for more than a text: read exactly, or not at all."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation

from quaestor.core.period import utc

_LARGEST_COUNT = 2**31 - 1
_LARGEST_AMOUNT = Decimal(10) ** 18  # DECIMAL(38, 20) has 18 digits before the point
_SMALLEST_DIGIT = -20


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
        return utc(text.strip().upper()).isoformat(sep=" ")
    except OverflowError as problem:  # the year 1 or 9999, moved to UTC
        raise ValueError(text) from problem


def day(text: str) -> str:
    """Read a date.

    >>> day(" 2027-01-31 ")
    '2027-01-31'
    """
    return date.fromisoformat(text.strip()).isoformat()


def truth(text: str) -> str:
    """Read yes or no, in the words of YAML's and JSON's readers.

    >>> truth("True"), truth(" no ")
    ('true', 'false')
    """
    word = text.strip().lower()
    if word in ("true", "yes"):
        return "true"
    if word in ("false", "no"):
        return "false"
    raise ValueError(text)


def count(text: str) -> str:
    """Read a whole number, zero or more.

    >>> count("12")
    '12'
    """
    plain = text.strip()
    if not (plain.isascii() and plain.isdigit() and len(plain) <= len(str(_LARGEST_COUNT))):
        raise ValueError(text)
    if int(plain) > _LARGEST_COUNT:
        raise ValueError(text)
    return str(int(plain))


def number(text: str) -> str:
    """Read a finite number.

    >>> number("0.83")
    '0.83'
    """
    value = float(text)
    if not math.isfinite(value) or "_" in text:
        raise ValueError(text)
    return repr(value)


def amount(text: str) -> str:
    """Read money exactly: at most 18 digits before the point and 20 after it.

    >>> amount("1250.10")
    '1250.10'
    """
    try:
        value = Decimal(text.strip())
    except InvalidOperation as problem:
        raise ValueError(text) from problem
    if not value.is_finite() or "_" in text or abs(value) >= _LARGEST_AMOUNT:
        raise ValueError(text)
    exponent = value.as_tuple().exponent
    if isinstance(exponent, int) and exponent < _SMALLEST_DIGIT:
        raise ValueError(text)
    return f"{value:f}"


READERS: Mapping[str, Reader] = {
    "truth": Reader(truth, "true or false"),
    "count": Reader(count, "a whole number, zero or more"),
    "number": Reader(number, "a number, such as 0.83"),
    "amount": Reader(amount, "an amount, such as 1250.00"),
    "moment": Reader(moment, "an ISO 8601 time, such as 2026-11-21T06:00:00Z"),
    "day": Reader(day, "a date, such as 2027-01-31"),
}

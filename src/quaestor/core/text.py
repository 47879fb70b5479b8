"""Names and values from bills and registries are hostile: show them without letting them act."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from quaestor.core.money import exact_text

# What a spreadsheet takes for a formula, the full-width forms included (OWASP, "CSV Injection").
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
_UNSEEN = re.compile(r"[^\t\r\n]+")
_NUMBER = re.compile(r"[+-]\d+(\.\d+)?([eE][+-]?\d+)?")


def printable(value: object) -> str:
    r"""Show a value in plain text: None as empty, control and direction characters as escapes.

    Line breaks are escaped too, so that a name cannot forge a line of its own.

    >>> printable(None), printable("a\x1b[31mb\nc")
    ('', 'a\\x1b[31mb\\nc')
    """
    if value is None:
        return ""
    text = str(value)
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def size_text(size: int) -> str:
    """Return a number of bytes as people read it, in a unit that leaves no small one zero.

    >>> size_text(1), size_text(1023), size_text(1536), size_text(3 * 1024**2)
    ('1 byte', '1,023 bytes', '1.5 KiB', '3.0 MiB')
    """
    if size < 1024:
        return f"{size:,} byte{'s' if size != 1 else ''}"
    return f"{size / 1024:,.1f} KiB" if size < 1024**2 else f"{size / 1024**2:,.1f} MiB"


def guarded(text: str) -> str:
    """Keep a spreadsheet from running a text as a formula; numbers stay numbers.

    >>> guarded("=1+1"), guarded("-5"), guarded("+49 30 1234"), guarded("churn")
    ("'=1+1", '-5', "'+49 30 1234", 'churn')
    """
    if not text.startswith(_FORMULA) or _NUMBER.fullmatch(text):
        return text
    return f"'{text}"


def json_value(value: Any) -> Any:
    """Return what JSON can hold without loss: decimals, times and infinities become text.

    >>> json_value({"cost": Decimal("0.10"), "ratio": float("nan"), "day": date(2026, 11, 21)})
    {'cost': '0.1', 'ratio': 'nan', 'day': '2026-11-21'}
    """
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, Decimal):
        return exact_text(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if isinstance(value, date):  # a datetime is one too
        return value.isoformat()
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, Mapping):
        return {str(key): json_value(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [json_value(item) for item in value]
    return str(value)


def value_text(value: Any) -> str | None:
    """Return a value as text, every digit of it; what has parts as JSON, and None as None.

    >>> value_text(Decimal("0.10")), value_text(True), value_text(["a", None]), value_text("a")
    ('0.1', 'true', '["a", null]', 'a')
    """
    plain = json_value(value)
    if plain is None or isinstance(plain, str):
        return plain
    if type(plain) in (int, float):  # most cells are such; this is as JSON writes them, and faster
        return repr(plain)
    return json.dumps(plain, ensure_ascii=False)


def visible(text: str) -> str:
    r"""Show control and direction characters of a text as escapes; tabs and line ends stay.

    >>> visible("a\x00\u202eb\nc")
    'a\\x00\\u202eb\nc'
    """
    return text if text.isprintable() else _UNSEEN.sub(lambda part: printable(part[0]), text)

"""Names and values from bills and registries are hostile: show them without letting them act."""

from __future__ import annotations

import json
import math
import re
import shlex
from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from quaestor.core.money import exact_text

# What a spreadsheet takes for a formula, the full-width forms included (OWASP, "CSV Injection").
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
_UNSEEN = re.compile(r"[^\t\r\n]+")
_DIGEST = re.compile(r"(?<![0-9A-Za-z])((?:sha\d+:)?[0-9a-f]{12})[0-9a-f]{28,116}(?![0-9A-Za-z])")
_UNPASSED = re.compile("[\0\ud800-\udfff]")
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


def shell_word(text: str) -> str | None:
    r"""Return a text as one word of a command that can be copied from a page and pasted.

    What a page or a terminal does not keep as it is (control and direction characters, line
    breaks, blanks in a row) is written out, in the form that bash, zsh and ksh read. None where
    no program can be handed it: it holds a zero character, or half a pair of UTF-16.

    >>> shell_word("churn"), shell_word("a; b")
    ('churn', "'a; b'")
    >>> print(shell_word("it's\x1b[2J\n"))
    $'it\'s\x1b[2J\x0a'
    >>> shell_word("\0") is None
    True
    """
    if _UNPASSED.search(text):
        return None
    if text.isprintable() and "  " not in text:
        return shlex.quote(text)
    return "$'" + re.sub(r"[^!-~]|['\\]", lambda found: _escaped(found[0]), text) + "'"


def _escaped(character: str) -> str:
    """Return a character as `$'...'` has it; one that shows as itself stays."""
    if character in "'\\":
        return f"\\{character}"
    if character.isprintable() and character != " ":
        return character
    return "".join(f"\\x{byte:02x}" for byte in character.encode())


def brief_digests(text: str, shown: Callable[[str, str], str] | None = None) -> str:
    """Show the first twelve digits of each digest in a text; whole where two of them begin alike.

    Args:
        text: Such as why a finding is what it is.
        shown: Gets the whole digest and its beginning, and returns what is shown.

    >>> brief_digests("it runs sha256:" + "4fd2334b5f3b" + "0" * 52)
    'it runs sha256:4fd2334b5f3b…'
    """
    whole_of: dict[str, set[str]] = {}
    for found in _DIGEST.finditer(text):
        whole_of.setdefault(found[1], set()).add(found[0])

    def brief(found: re.Match[str]) -> str:
        if len(whole_of[found[1]]) > 1:
            return found[0]
        return shown(found[0], found[1]) if shown else f"{found[1]}…"

    return _DIGEST.sub(brief, text)


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
    if fields := getattr(value, "__struct_fields__", ()):
        return {name: json_value(getattr(value, name)) for name in fields}
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

"""The `mapping:` of a source: which of an invoice's columns is which of FOCUS's, and its faults."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Annotated

from msgspec import Meta

from quaestor.core.focus import COLUMNS, JSON_COLUMNS, MONEY_COLUMNS, TIME_COLUMNS
from quaestor.core.nearest import did_you_mean
from quaestor.core.sources.common import Fault, Strict

OTHERWISE = "*"  # a key of `values`: every text that is none of the others
EPOCHS = ("unix", "unix-ms")  # formats of times: seconds or milliseconds since 1970
_SPECIFIERS = frozenset("aAbBdeHIjmMpSfyYzZ%")
_CUSTOM = re.compile(r"x_[A-Za-z0-9_]+")
_OURS = frozenset(
    {
        *("x_source", "x_file", "x_file_sha256", "x_row", "x_billing_currency_rate"),
        "x_sub_account_name_source",
    }
)
_One = Annotated[str, Meta(min_length=1, max_length=1)]


class MappedColumn(Strict, frozen=True, kw_only=True):
    """How one FOCUS column is read from an invoice: from a column, several, or a fixed value.

    Exactly one of `column`, `columns` and `value` is set. `columns` makes a JSON object (Tags):
    a list of columns, or names of tags and the columns that hold them.

    Numbers: `decimal` and `group` are how they are written ("1.234,50": decimal ",", group "."),
    `currency_sign` is what may stand beside them, and `parts` is how many of what is written
    make one unit of the currency (100: the invoice is in cents).
    Times: `format` is a strptime pattern, or `unix`, or `unix-ms`.
    Text: `values` says what a text of the invoice is called in FOCUS; "*" is every other text.
    """

    column: str | None = None
    columns: tuple[str, ...] | dict[str, str] | None = None
    value: str | None = None
    format: str | None = None
    decimal: _One = "."
    group: _One | None = None
    currency_sign: Annotated[str, Meta(min_length=1, max_length=8)] | None = None
    parts: Annotated[int, Meta(ge=1)] = 1
    values: dict[str, str] | None = None

    @property
    def reads(self) -> tuple[str, ...]:
        """Return the columns of the file that it needs."""
        if self.column is not None:
            return (self.column,)
        if isinstance(self.columns, dict):
            return tuple(self.columns.values())
        return self.columns or ()

    @property
    def plain_number(self) -> bool:
        """Return whether numbers are written as programs write them."""
        return (self.decimal, self.group, self.currency_sign) == (".", None, None)


Mappings = Mapping[str, str | MappedColumn]


def mapped(entry: str | MappedColumn) -> MappedColumn:
    """Return an entry in full; a mere text is the name of a column."""
    return MappedColumn(column=entry) if isinstance(entry, str) else entry


def faults(mapping: Mappings) -> Iterator[Fault]:
    """Yield what is wrong with a mapping, whatever the file holds."""
    for name, entry in mapping.items():
        if name not in COLUMNS and (not _CUSTOM.fullmatch(name) or name in _OURS):
            otherwise = "Name a column of FOCUS, or one of your own that begins with x_."
            fix = did_you_mean(name, COLUMNS, otherwise=otherwise)
            yield Fault((name,), f"'{name}' is no column of FOCUS", fix)
        else:
            for what, fix in _entry_faults(name, mapped(entry)):
                yield Fault((name,), f"{name}: {what}", fix)
    if "BilledCost" not in mapping:
        yield Fault((), "no column is mapped to BilledCost", "Add `BilledCost:`, what was charged.")
    if not {"ChargePeriodStart", "BillingPeriodStart"} & set(mapping):
        yield Fault(
            (),
            "no column is mapped to a time",
            "Add `ChargePeriodStart:`, or `BillingPeriodStart:` where the invoice knows no days.",
        )


def _entry_faults(name: str, entry: MappedColumn) -> Iterator[tuple[str, str]]:
    given = [key for key in ("column", "columns", "value") if getattr(entry, key) is not None]
    if len(given) != 1:
        said = f"has {' and '.join(given)}" if given else "has neither column, columns nor value"
        yield said, "Give exactly one of them."
        return
    if not all(entry.reads) and given != ["value"]:
        yield "names an empty column", "Write the column's name as in the file's header."
    if entry.columns is not None and name not in JSON_COLUMNS:
        yield "cannot be made of several columns", f"Only {', '.join(JSON_COLUMNS)} can."
    numeric, timed = name in MONEY_COLUMNS, name in TIME_COLUMNS
    numbers = not entry.plain_number or entry.parts != 1
    if numbers and (not numeric or entry.column is None):
        yield "says how a number is written and is none", "Remove the keys that are for numbers."
    if entry.format is not None and (not timed or entry.column is None):
        yield "has a format and is no time", "Remove `format:`."
    if entry.values is not None and (numeric or timed or entry.column is None):
        yield "translates values that are no texts", "Remove `values:`."
    yield from _number_faults(entry)
    if entry.format is not None:
        yield from _format_faults(entry.format)
    if entry.value is not None:
        yield from _value_faults(entry.value, numeric=numeric, timed=timed)


def _number_faults(entry: MappedColumn) -> Iterator[tuple[str, str]]:
    signs = (entry.decimal, entry.group)
    if entry.decimal == entry.group or any(sign and sign in "0123456789+-eE()" for sign in signs):
        yield (
            f"decimal '{entry.decimal}' and group '{entry.group}' leave numbers unclear",
            'Write two different signs, such as decimal: "," and group: ".".',
        )
    if entry.currency_sign and re.search(r"[0-9+()]|-", entry.currency_sign):
        yield "the currency sign looks like a number", 'Write it alone, such as "$" or "EUR".'
    if str(entry.parts).strip("0") != "1":
        yield f"parts is {entry.parts}, no power of ten", "Write 100 for cents."


def _format_faults(pattern: str) -> Iterator[tuple[str, str]]:
    if pattern in EPOCHS:
        return
    used = re.findall(r"%-?(.?)", pattern.replace("%%", ""))
    unknown = [letter for letter in used if letter not in _SPECIFIERS or not letter]
    if unknown:
        yield (
            f"the format has %{unknown[0]}, which no time has",
            "Write a strptime pattern such as %d/%m/%Y, or unix, or unix-ms.",
        )
    elif not ({"Y", "y"} & set(used)) or not ({"m", "b", "B", "j"} & set(used)):
        yield "the format has no year or no month", "Write one such as %d/%m/%Y."


def _value_faults(value: str, *, numeric: bool, timed: bool) -> Iterator[tuple[str, str]]:
    try:
        readable = not numeric or Decimal(value).is_finite()
        if timed:
            datetime.fromisoformat(value)
    except (InvalidOperation, ValueError):
        readable = False
    if not readable:
        kind = "number" if numeric else "ISO 8601 time"
        yield f"the value '{value}' is no {kind}", f"Write a {kind} in quotes."

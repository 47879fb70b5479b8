"""The European Central Bank's table of reference rates, as it is downloaded.

One line per working day, one column per currency, each rate the amount of that currency that one
euro bought: `Date,USD,JPY,...,` with a comma at the end and N/A where there was none. It comes as
CSV or as an archive of that one file.

Source: https://www.ecb.europa.eu/stats/policy_and_exchange_rates/euro_reference_exchange_rates/
"""

from __future__ import annotations

import csv
import io
import re
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal, InvalidOperation

BASE = "EUR"
_LARGEST = 1 << 26  # bytes; the whole history since 1999 has less than two million
_CODE = re.compile(r"[A-Z]{3}")
_RATE = re.compile(r"[0-9]{1,10}(\.[0-9]{1,18})?")
_NONE = ("", "N/A")
Rate = tuple[date, str, Decimal]


class TableError(ValueError):
    """It is no such table; the text says why and names the line."""


def recognises(header: Sequence[str]) -> bool:
    """Say whether a header is that of the table.

    >>> recognises(["Date", "USD", "JPY", ""]), recognises(["date", "currency", "rate"])
    (True, False)
    """
    names = [name.strip() for name in header]
    while names and not names[-1]:
        names.pop()
    return len(names) > 1 and names[0] == "Date" and all(map(_CODE.fullmatch, names[1:]))


def unpacked(content: bytes) -> bytes:
    """Return the table in an archive; what is no archive as it is.

    Raises:
        TableError: A damaged archive, or one that holds something else.
    """
    if not content.startswith(b"PK"):
        return content
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            tables = [one for one in archive.infolist() if one.filename.lower().endswith(".csv")]
            if len(tables) != 1:
                raise TableError(f"the archive holds {len(tables)} CSV files, not one")
            with archive.open(tables[0]) as stream:
                table = stream.read(_LARGEST + 1)
    except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError) as problem:
        raise TableError(f"it is no readable archive ({problem})") from None
    if len(table) > _LARGEST:
        raise TableError(f"the table in the archive is larger than {_LARGEST >> 20} MiB")
    return table


def read(content: bytes) -> list[Rate]:
    """Return every rate of the table: the day, the currency, how much of it a euro bought.

    The euro itself is among them, for every day.

    Raises:
        TableError: It is no such table, a value cannot be read, or a day stands twice.
    """
    try:
        text = unpacked(content).decode("utf-8-sig")
    except UnicodeDecodeError:
        raise TableError("it is not UTF-8") from None
    rows = csv.reader(text.splitlines())
    try:
        header = [name.strip() for name in next(rows, [])]
        if not recognises(header):
            raise TableError("line 1: the header is not Date and codes of currencies")
        return list(_rates(header, rows))
    except csv.Error as problem:
        raise TableError(f"line {rows.line_num}: {problem}") from None


def _rates(header: list[str], rows: Iterator[list[str]]) -> Iterator[Rate]:
    first: dict[date, int] = {}
    for number, row in enumerate(rows, start=2):
        if not any(cell.strip() for cell in row):
            continue
        day = _day(row[0].strip(), number)
        if first.setdefault(day, number) != number:
            raise TableError(f"line {number}: {day} stands in line {first[day]} already")
        named = len([name for name in header if name])
        if len(row) < named:
            raise TableError(f"line {number}: it is cut short")
        if any(cell.strip() for cell in row[named:]):
            raise TableError(f"line {number}: it has more values than the header has names")
        yield day, BASE, Decimal(1)
        for currency, cell in zip(header[1:], row[1:], strict=False):
            said = cell.strip()
            if currency and said not in _NONE:
                yield day, currency, _rate(said, currency, number)


def _day(text: str, line: int) -> date:
    """Read 2026-11-20, or 20 November 2026 as in the table of one day."""
    for pattern in ("%Y-%m-%d", "%d %B %Y"):
        try:
            return datetime.strptime(text, pattern).date()  # noqa: DTZ007  a day has no zone
        except ValueError:
            continue
    raise TableError(f"line {line}: '{text[:40]}' is no day")


def _rate(text: str, currency: str, line: int) -> Decimal:
    try:
        rate = Decimal(text) if _RATE.fullmatch(text) else Decimal(0)
    except InvalidOperation:
        rate = Decimal(0)
    if rate <= 0:
        raise TableError(f"line {line}: {currency} '{text[:40]}' is no rate")
    return rate

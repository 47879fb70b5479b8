"""Set one section's rows as a sheet of a workbook: typed, filterable, and nothing in it runs.

A spreadsheet keeps 15 digits of a number. A column of money in which an amount has more is
followed, at the sheet's right end, by a column of text with every digit.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from quaestor.core.money import exact_text
from quaestor.core.text import guarded, value_text, visible
from quaestor.report.sections import Column, Table

if TYPE_CHECKING:
    from xlsxwriter.format import Format
    from xlsxwriter.workbook import Workbook
    from xlsxwriter.worksheet import Worksheet

MOST_ROWS = 1_048_575  # of a sheet, its header not counted
LONGEST = 32_767  # units of UTF-16 in a cell
_DIGITS = 15  # that a number of a spreadsheet keeps
_NAME = 31  # units of UTF-16 in a sheet's name
_FORBIDDEN = re.compile(r"[\[\]:*?/\\]")
_FIRST_YEAR = 1900
_MEASURED = 500  # rows that a column's width is taken from
_NARROWEST, _WIDEST = 12, 60
_PRINTABLE = 220  # as wide a sheet can be read on one page
_LINE = 15  # the height of a line
_A4 = 9  # as spreadsheets number sheets of paper
_NUMBERS = ("DOUBLE", "FLOAT")
_WHOLE = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UBIGINT", "UINTEGER")


@dataclass(frozen=True)
class Formats:
    """How cells look, by what they hold."""

    header: Format
    number_header: Format
    money: Format
    percent: Format
    number: Format
    whole: Format
    day: Format
    moment: Format
    truth: Format
    exact: Format
    text: Format
    inert: Format


@dataclass(frozen=True)
class Laid:
    """What became of a section: its sheets, its rows, and what there is to say about them."""

    sheets: tuple[str, ...]
    rows: int
    notes: tuple[str, ...]


def formats_of(workbook: Workbook) -> Formats:
    """Return the formats of a workbook."""

    def add(**properties: Any) -> Format:
        return workbook.add_format({"valign": "top", **properties})

    header = {"bold": True, "text_wrap": True, "bg_color": "#0B5CAB", "font_color": "#FFFFFF"}
    return Formats(
        header=add(**header),
        number_header=add(**header, align="right"),
        money=add(num_format="#,##0.00"),
        percent=add(num_format="0.0%"),
        number=add(num_format="#,##0.0##"),
        whole=add(num_format="#,##0"),
        day=add(num_format="yyyy-mm-dd", align="left"),
        moment=add(num_format="yyyy-mm-dd hh:mm:ss", align="left"),
        truth=add(num_format='"TRUE";"TRUE";"FALSE"', align="left"),  # LibreOffice shows 1 and 0
        exact=add(align="right"),
        text=add(),
        inert=add(quote_prefix=True),
    )


def sheet_name(title: str, taken: Iterable[str], number: int = 1) -> str:
    """Name a sheet: no sign that is forbidden, short enough, and like no other, case aside.

    Args:
        title: What it should be called.
        taken: Names of the sheets there are.
        number: Of several sheets with one title.

    >>> sheet_name("Cost / team: [a]", []), sheet_name("by TEAM", ["By team"])
    ('Cost team a', 'by TEAM (2)')
    """
    plain = " ".join(_FORBIDDEN.sub(" ", visible(title)).split()).strip("' ") or "Sheet"
    lowered = {name.lower() for name in taken} | {"history"}  # the latter is Excel's own
    while True:
        mark = f" ({number})" if number > 1 else ""
        name = _cut(plain, _NAME - len(mark)).rstrip("' ") + mark
        if name.lower() not in lowered:
            return name
        number += 1


def lay(workbook: Workbook, formats: Formats, table: Table, title: str) -> Laid:
    """Write a section to as many sheets as its rows need.

    Args:
        workbook: Gets the sheets.
        formats: Those of the workbook.
        table: The section.
        title: What its first sheet is to be called.
    """
    longer = [place for place, one in enumerate(table.columns) if _is_long(one, place, table.rows)]
    unknown = [sum(row[place] is None for row in table.rows) for place in range(len(table.columns))]
    sheets, cut = [], 0
    for number, start in enumerate(range(0, max(len(table.rows), 1), MOST_ROWS), 1):
        name = sheet_name(title, workbook.sheetnames, number)
        sheet = workbook.add_worksheet(name)
        sheets.append(name)
        rows = table.rows[start : start + MOST_ROWS]
        _frame(sheet, formats, table, longer, len(rows))
        _remark(sheet, unknown, len(table.rows))
        for line, row in enumerate(rows, 1):
            cut += _row(sheet, formats, table.columns, longer, line, row)
    notes = []
    if len(sheets) > 1:
        notes.append(f"on {len(sheets)} sheets, as one holds {MOST_ROWS:,} rows")
    if cut:
        notes.append(f"{cut:,} texts too long for a cell are cut and say so; csv has them whole")
    return Laid(tuple(sheets), len(table.rows), tuple(notes))


def _is_long(column: Column, place: int, rows: Sequence[Sequence[Any]]) -> bool:
    """Say whether a column of money has an amount with more digits than a number keeps."""
    return column.is_money and any(
        len(exact_text(row[place]).lstrip("-0.").replace(".", "")) > _DIGITS
        for row in rows
        if row[place] is not None
    )


def _frame(
    sheet: Worksheet, formats: Formats, table: Table, longer: Sequence[int], rows: int
) -> None:
    """Write the header; freeze it, make it filter, and set widths and the printed page."""
    some = table.rows[:_MEASURED]
    heads = [
        (one.label, _is_number(one), [_shown(row[at]) for row in some])
        for at, one in enumerate(table.columns)
    ]
    heads += [
        (f"{table.columns[at].label}, every digit", True, [_exact(row[at]) for row in some])
        for at in longer
    ]
    widths = [_width(label, cells) for label, _, cells in heads]
    lines = max(-(-len(head[0]) // (wide - 3)) for head, wide in zip(heads, widths, strict=True))
    sheet.set_row(0, _LINE * lines + 3)
    for place, ((label, is_number, _), wide) in enumerate(zip(heads, widths, strict=True)):
        sheet.set_column(place, place, wide)
        sheet.write_string(0, place, label, formats.number_header if is_number else formats.header)
    sheet.freeze_panes(1, 0)
    sheet.autofilter(0, 0, max(rows, 1), len(heads) - 1)
    if longer:
        sheet.ignore_errors({"number_stored_as_text": f"A1:XFD{MOST_ROWS + 1}"})
    sheet.set_landscape()
    sheet.set_paper(_A4)
    if sum(widths) <= _PRINTABLE:
        sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(0)
    sheet.set_footer("&L&A&RPage &P of &N")


def _width(label: str, cells: Sequence[str]) -> int:
    """Return a column's width: that of its cells, and of the longest word over them."""
    widest = max(map(len, [*label.split(), *cells]))
    return min(max(widest + 3, _NARROWEST), _WIDEST)


def _remark(sheet: Worksheet, unknown: Sequence[int], rows: int) -> None:
    """Say at the head of each column with empty cells that these are unknown."""
    for place, count in enumerate(unknown):
        if count:
            text = f"Empty in {count:,} of {rows:,} rows: unknown, or there is none. Never zero."
            sheet.write_comment(0, place, text, {"author": "Quaestor", "height": 60})


def _row(
    sheet: Worksheet,
    formats: Formats,
    columns: Sequence[Column],
    longer: Sequence[int],
    line: int,
    row: Sequence[Any],
) -> int:
    """Write one row; return how many of its texts had to be cut."""
    cut = 0
    for place, (column, value) in enumerate(zip(columns, row, strict=True)):
        if value is not None:
            cut += _cell(sheet, formats, line, place, column, value)
    for place, at in enumerate(longer, len(columns)):
        if row[at] is not None:
            sheet.write_string(line, place, _exact(row[at]), formats.exact)
    return cut


def _cell(
    sheet: Worksheet, formats: Formats, line: int, place: int, column: Column, value: Any
) -> bool:
    """Write a value by its type, and say whether it had to be cut."""
    if isinstance(value, bool):
        sheet.write_boolean(line, place, value, formats.truth)
    elif isinstance(value, date) and value.year >= _FIRST_YEAR:
        look = formats.moment if isinstance(value, datetime) else formats.day
        sheet.write_datetime(line, place, value, look)
    elif (number := _number(value)) is not None:
        sheet.write_number(line, place, number, _look(formats, column, value))
    else:
        text = visible(value_text(value) or "")
        kept = _kept(text)
        sheet.write_string(
            line, place, kept, formats.text if guarded(text) == text else formats.inert
        )
        return kept != text
    return False


def _number(value: Any) -> float | int | None:
    """Return a value that a spreadsheet can hold as a number; None: it has to be text."""
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, float):
        return value if value - value == 0 else None  # NaN and infinities are none
    if isinstance(value, int):
        return value if len(str(abs(value))) <= _DIGITS else None
    return None


def _look(formats: Formats, column: Column, value: Any) -> Format:
    if column.is_money:
        return formats.money
    if column.unit == "ratio":
        return formats.percent
    return formats.whole if isinstance(value, int) else formats.number


def _is_number(column: Column) -> bool:
    return column.is_money or column.type in _NUMBERS or column.type in _WHOLE


def _shown(value: Any) -> str:
    """Return about what a cell shows, to measure it."""
    if isinstance(value, Decimal | float):
        return f"{value:,.2f}"
    text = value_text(value) or ""
    return max(text.split("\n"), key=len)


def _exact(amount: Decimal | None) -> str:
    return "" if amount is None else exact_text(amount)


def _kept(text: str) -> str:
    """Return as much of a text as a cell holds; what is cut says so.

    >>> _kept("churn"), _kept("x" * 40_000)[-30:]
    ('churn', 'xxxx… (cut: 40,000 characters)')
    """
    if len(text) * 2 <= LONGEST or len(text.encode("utf-16-le")) <= LONGEST * 2:
        return text
    mark = f"… (cut: {len(text):,} characters)"
    return _cut(text, LONGEST - len(mark)) + mark


def _cut(text: str, most: int) -> str:
    """Return a text of at most so many units of UTF-16, as spreadsheets count."""
    return text.encode("utf-16-le")[: most * 2].decode("utf-16-le", "ignore")

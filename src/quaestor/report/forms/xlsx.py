"""For analysts: a workbook per report, with a sheet per section and one that says what it is.

A dozen sheets can be leafed through, a hundred cannot, so that each report has a file of its own.
Where one file is named for several reports, it holds them all, behind a sheet that leads to each.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from quaestor.core.errors import ConfigurationError
from quaestor.core.text import visible
from quaestor.core.whole_file import whole
from quaestor.core.words import plural
from quaestor.report import format as show
from quaestor.report.forms import Request
from quaestor.report.forms.sheet import Formats, Laid, formats_of, lay, sheet_name
from quaestor.report.sections import Document, documents, write_each

if TYPE_CHECKING:
    from xlsxwriter.format import Format
    from xlsxwriter.workbook import Workbook
    from xlsxwriter.worksheet import Worksheet

ENDING = ".xlsx"
_LARGE = 20_000  # rows, from which on each is written out at once
_NOTES = """\
An amount is a number of at most 15 digits, which is what a spreadsheet keeps. Where one has more, \
the sheet ends in a column of text with every digit.
An empty cell is unknown, or there is none; it is never zero. The head of the column says so too.
Nothing in this workbook runs: it has no formula, no macro and no link to the outside. Control \
characters of names show as escapes.
Times are UTC. A ratio is a number of which 1 is the whole, shown as percent.
"""
_WIDTHS = (34, 34, 60, 44, 22)  # of the columns of the first sheet, in characters
_LINE = 15  # the height of a line


def write(request: Request) -> list[Path]:
    """Write each report as one workbook, or all as one where one file is named for them.

    Raises:
        ConfigurationError: No such report, a section whose files or SQL are wrong, or the
            library is not installed.
        IncompleteError: It cannot be written.
    """
    _check_installed()
    if request.file is None:
        return write_each(request, ENDING, lambda document, part: _write([document], part))
    with whole(request.file) as part:
        _write(list(documents(request)), part)
    return [request.file]


def _check_installed() -> None:
    try:
        import xlsxwriter  # noqa: F401 - asked whether it is there
    except ImportError:
        raise ConfigurationError(
            "the package 'xlsxwriter' is not installed",
            where="--format xlsx",
            fix="Install it: pip install 'quaestor[xlsx]'",
        ) from None


def _write(reports: Sequence[Document], path: Path) -> None:
    from xlsxwriter.exceptions import FileCreateError
    from xlsxwriter.workbook import Workbook

    tables = [table for document in reports for table in document.tables]
    is_large = max((len(table.rows) for table in tables), default=0) > _LARGE
    workbook = Workbook(
        str(path),
        {
            "constant_memory": is_large,
            "strings_to_formulas": False,
            "strings_to_urls": False,
            "strings_to_numbers": False,
        },
    )
    workbook.set_properties(
        {
            "title": reports[0].heading if len(reports) == 1 else "Reports",
            "author": f"Quaestor {reports[0].facts['version']}",
            "created": reports[0].facts["now"],
        }
    )
    looks, formats = _looks(workbook), formats_of(workbook)
    if len(reports) == 1:
        _report(workbook, looks, formats, reports[0], "About", "")
    else:
        front = workbook.add_worksheet("Reports")
        names = [
            _report(workbook, looks, formats, one, one.name, f"{one.name} ") for one in reports
        ]
        lines = [("title", ["Reports"]), *_doors(reports, names)]
        _fill(front, looks, lines)
    try:
        workbook.close()
    except FileCreateError as problem:
        cause = problem.args[0]  # of which the message would show the number, too
        raise OSError(cause.errno, cause.strerror) from None


def _report(
    workbook: Workbook,
    looks: Mapping[str, Format],
    formats: Formats,
    document: Document,
    title: str,
    prefix: str,
) -> str:
    """Write the sheets of a report: first what it is, when it is of, and what it could not see.

    Returns:
        The name of that first sheet.
    """
    about = workbook.add_worksheet(sheet_name(title, workbook.sheetnames))
    laid = [
        lay(
            workbook,
            formats,
            table,
            prefix + str(table.title or table.name.replace("-", " ").capitalize()),
        )
        for table in sorted(document.tables, key=lambda one: one.title is None)
    ]
    _fill(about, looks, _lines(document, laid))
    return str(about.name)


def _doors(
    reports: Sequence[Document], names: Sequence[str]
) -> Iterator[tuple[str, Sequence[str]]]:
    """Yield the lines that lead to each report: its first sheet, what it is, and its verdict."""
    yield "head", ["Report", "", "What it says"]
    for one, name in zip(reports, names, strict=True):
        yield "sheet", [name, one.heading, " ".join(one.verdict[:1])]


def _looks(workbook: Workbook) -> dict[str, Format]:
    return {
        "title": workbook.add_format({"bold": True, "font_size": 18}),
        "said": workbook.add_format({"text_wrap": True, "valign": "top"}),
        "head": workbook.add_format({"bold": True, "bottom": 1, "font_color": "#0B5CAB"}),
        "text": workbook.add_format({"text_wrap": True, "valign": "top"}),
        "sheet": workbook.add_format({"text_wrap": True, "valign": "top"}),
        "link": workbook.add_format({"font_color": "#0B5CAB", "valign": "top"}),
    }


def _fill(
    sheet: Worksheet, looks: Mapping[str, Format], lines: Iterable[tuple[str, Sequence[str]]]
) -> None:
    """Write the lines of a sheet of words: how each looks, and its cells."""
    sheet.hide_gridlines(2)
    for place, width in enumerate(_WIDTHS):
        sheet.set_column(place, place, width)
    for line, (look, cells) in enumerate(lines):
        texts = [visible(cell) for cell in cells]
        if look == "said":  # over all columns, where a row does not find its height by itself
            sheet.set_row(line, _LINE * (1 + len(texts[0]) // (sum(_WIDTHS) - 20)))
            sheet.merge_range(line, 0, line, len(_WIDTHS) - 1, "", looks[look])
        for place, text in enumerate(texts):
            sheet.write_string(line, place, text, looks[look])
        if look == "sheet":
            name = texts[0].replace("'", "''")
            sheet.write_url(line, 0, f"internal:'{name}'!A1", looks["link"], texts[0])
    sheet.set_landscape()
    sheet.set_paper(9)  # A4
    sheet.fit_to_pages(1, 0)


def _lines(document: Document, laid: Sequence[Laid]) -> Iterator[tuple[str, Sequence[str]]]:
    """Yield the lines of the first sheet: how they look, and their cells."""
    yield "title", [document.heading]
    yield from (("said", [sentence]) for sentence in document.verdict)
    yield "text", []
    spots = document.blind_spots
    if spots:
        yield "head", [plural(len(spots), "blind spot"), "Where", "Why", "What to do", "Hides"]
        yield from (("text", _spot(spot)) for spot in spots)
    else:
        yield "head", ["Blind spots"]
        yield "said", ["None is recorded: nothing is known to be missing."]
    yield from (("text", []), ("head", ["What this is", ""]))
    yield from (("text", fact) for fact in _facts(document))
    if document.figures:
        yield from (("text", []), ("head", ["Key figures", "", ""]))
        yield from (("text", [one.label, one.value, one.note]) for one in document.figures)
    yield from (("text", []), ("head", ["Sheets", "Rows", "To know"]))
    for one in laid:
        yield "sheet", [one.sheets[0], f"{one.rows:,}", "; ".join(one.notes)]
    yield from (("text", []), ("head", ["How to read it"]))
    yield from (("said", [note]) for note in _NOTES.splitlines())


def _spot(spot: dict[str, Any]) -> list[str]:
    where = ", ".join(str(spot[key]) for key in ("model", "scope", "period") if spot.get(key))
    amount = spot["amount"]
    hides = "how much is unknown"
    if amount is not None:
        hides = f"{show.plain_money(amount)} {spot['currency'] or 'of an unnamed currency'}"
    elif spot["hidden_rows"] is not None:
        hides = plural(spot["hidden_rows"], "row")
    return [str(spot["source"]), where, str(spot["reason"]), spot["fix"] or "", hides]


def _facts(document: Document) -> Iterator[list[str]]:
    facts = document.facts
    built_at, now = facts["built_at"], facts["now"]
    yield ["Report", document.name]
    yield ["Rendered", show.instant(now)]
    built = f"{show.instant(built_at)}, {show.age(built_at, now)} before" if built_at else "unknown"
    yield ["Data built", built]
    yield ["Billed up to", show.day(facts["last_day"]) if facts["last_day"] else "no charge yet"]
    yield ["Currency", facts["currency"] or "none is configured"]
    yield ["Written by", f"Quaestor {facts['version']}"]

"""Read a report's sections: the rows of each with their types, and what its page says of them.

A column of DECIMAL is money. It is in the reporting currency, unless its section has a column
`currency` or `billing_currency`: then it is in the currency of its row.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from quaestor.core.whole_file import whole
from quaestor.report.definitions import Report, find_reports
from quaestor.report.html import environment_of, facts_of
from quaestor.report.page_words import Figure, Words, words_of
from quaestor.report.pages import find_pages
from quaestor.warehouse.ask import ask

if TYPE_CHECKING:
    from jinja2 import Environment

    from quaestor.report.definitions import Section
    from quaestor.report.forms import Request

_OF_THE_ROW = ("currency", "billing_currency")


@dataclass(frozen=True)
class Column:
    """One column: its name, its type in the engine, and what it is to a reader.

    Args:
        name: As the query names it.
        type: As the engine names it, such as DECIMAL(38,20).
        unit: A currency, "ratio" or "hours"; None: none, or in `currency_in`.
        currency_in: The column that names the currency of each row's money; else None.
    """

    name: str
    type: str
    unit: str | None = None
    currency_in: str | None = None

    def told(self) -> dict[str, str | None]:
        """Return what programs are told of it."""
        return {
            "name": self.name,
            "type": self.type,
            "unit": self.unit,
            "currency_in": self.currency_in,
        }

    @property
    def is_money(self) -> bool:
        """Return whether it holds amounts of money."""
        return self.type.startswith("DECIMAL") and not self.type.endswith("]")

    @property
    def label(self) -> str:
        """Return its name in words, with its unit.

        >>> Column("idle_gpu_hours", "DOUBLE", "hours").label
        'Idle GPU hours'
        >>> Column("cost", "DECIMAL(38,20)", "USD").label
        'Cost, USD'
        >>> Column("model_ratio", "DOUBLE", "ratio").label
        'Model ratio'
        """
        words = [_ACRONYMS.get(word, word) for word in self.name.split("_")]
        text = " ".join(words)
        text = text[:1].upper() + text[1:]
        if not self.is_money:
            return text
        return f"{text}, {self.unit or 'in the currency of the row'}"


_ACRONYMS = {word: word.upper() for word in ("gpu", "cpu", "ram", "id", "url", "sku", "usd")}


@dataclass(frozen=True)
class Table:
    """One section's rows.

    Args:
        name: The section's, unique in its report.
        columns: In the query's order.
        rows: In the query's order; None is unknown.
        title: The section's heading on the page; None: it belongs to the first screen.
        words: What the page says of these rows.
    """

    name: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Any, ...], ...]
    title: str | None
    words: Words

    def records(self) -> list[dict[str, Any]]:
        """Return each row by column."""
        names = [column.name for column in self.columns]
        return [dict(zip(names, row, strict=True)) for row in self.rows]


@dataclass(frozen=True)
class Document:
    """One report, whole.

    Args:
        name: The report's.
        tables: Its sections, in the order of the page.
        facts: The currency, the clock, the data's age, the version.
        is_of_many: It holds the rows of a report with many pages, whose words are of one each.
    """

    name: str
    tables: tuple[Table, ...]
    facts: Mapping[str, Any]
    is_of_many: bool = False

    @property
    def heading(self) -> str:
        """Return the report's heading on its page, else its name."""
        return next((one.words.heading for one in self.tables if one.words.heading), self.name)

    @property
    def verdict(self) -> tuple[str, ...]:
        """Return the sentences of the verdict; the first is the verdict itself."""
        return next((one.words.sentences for one in self.tables if one.words.heading), ())

    @property
    def figures(self) -> tuple[Figure, ...]:
        """Return the key figures."""
        return tuple(figure for one in self.tables for figure in one.words.figures)

    @property
    def blind_spots(self) -> list[dict[str, Any]]:
        """Return what the report could not see."""
        return [row for one in self.tables if one.name == "blind-spots" for row in one.records()]


def documents(request: Request) -> Iterator[Document]:
    """Yield each report that is asked for, one after the other.

    Of a report with a page per model, the rows are those of all models, without words, or the
    rows and words of the one that is asked for.

    Raises:
        ConfigurationError: No such report, a section without one of its two files, or one whose
            SQL is wrong.
    """
    facts = facts_of(request.warehouse, request.now)
    environment = environment_of([request.definitions], facts)
    for report in find_reports(request.definitions, request.names):
        page = _page(request, report)
        tables = [
            _table(request, environment, report, section, facts, page)
            for section in report.sections
        ]
        of_many = report.pages is not None and page is None
        yield Document(report.name, tuple(tables), facts, of_many)


def write_each(
    request: Request, ending: str, write: Callable[[Document, Path], object]
) -> list[Path]:
    """Write each report that is asked for as a file of its own; return the files.

    Raises:
        ConfigurationError: As `documents` does.
        IncompleteError: One cannot be written.
    """
    paths = []
    for document in documents(request):
        path = request.file or request.folder / f"{document.name}{ending}"
        with whole(path) as part:
            write(document, part)
        paths.append(path)
    return paths


def told(facts: Mapping[str, Any]) -> dict[str, str | None]:
    """Return what programs are told of a report's making; times are UTC."""
    built_at, last_day = facts["built_at"], facts["last_day"]
    return {
        "generator": f"quaestor {facts['version']}",
        "rendered_at": f"{facts['now'].isoformat(timespec='seconds')}Z",
        "built_at": built_at and f"{built_at.isoformat(timespec='seconds')}Z",
        "last_day": last_day and last_day.isoformat(),
        "currency": facts["currency"] or None,
    }


def columns_of(names: Sequence[str], types: Sequence[str], currency: str) -> tuple[Column, ...]:
    """Say what each column of a section is.

    Args:
        names: As its query names them.
        types: As the engine names them.
        currency: The reporting currency.
    """
    in_row = next((name for name in _OF_THE_ROW if name in names), None)
    return tuple(
        _column(name, kind, currency, in_row) for name, kind in zip(names, types, strict=True)
    )


def _column(name: str, kind: str, currency: str, in_row: str | None) -> Column:
    plain = Column(name, kind)
    if plain.is_money:
        return Column(name, kind, None if in_row else currency, in_row)
    if kind in ("DOUBLE", "FLOAT") and name.endswith("_ratio"):
        return Column(name, kind, "ratio")
    return Column(name, kind, "hours" if name.endswith("_hours") else None)


def _page(request: Request, report: Report) -> Mapping[str, Any] | None:
    """Return which page of a report that has many is asked for; None: the report is one, or all."""
    if report.pages is None or request.model is None:
        return None
    return find_pages(request.warehouse, report.name, report.pages, request.model).rows[0]


def _table(
    request: Request,
    environment: Environment,
    report: Report,
    section: Section,
    facts: Mapping[str, Any],
    page: Mapping[str, Any] | None,
) -> Table:
    request.progress(f"report {report.name}: {section.name}")
    answer = ask(request.warehouse, section.sql.read_text(encoding="utf-8"))
    columns = columns_of(answer.names, answer.types, facts["currency"])
    found = tuple(answer.rows)
    if report.pages is not None and page is None:
        return Table(section.name, columns, found, None, Words())
    if page is not None:
        key = answer.names.index(report.name)
        found = tuple(row for row in found if row[key] == page[report.name])
    rows = [dict(zip(answer.names, row, strict=True)) for row in found]
    module = environment.get_template(section.template).make_module(
        {"rows": rows, "section": section.name, "page": page}
    )
    words = words_of(str(module).strip())
    return Table(section.name, columns, found, getattr(module, "title", None), words)

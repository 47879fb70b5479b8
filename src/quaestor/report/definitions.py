"""Find the reports: a folder with a `page.html.j2`, and sections of two files each.

A section is `NN-<name>.sql` (one SELECT over ledger, audit and registry) and
`NN-<name>.html.j2` of the same stem, which gets its rows. The folder `every` holds sections
that all reports have; they take their place by their number, unless a report has its own of
that name. Adding a section is two files. A report with a `page.sql` has a page for each row.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from quaestor.core.errors import ConfigurationError
from quaestor.core.nearest import did_you_mean

PAGE = "page.html.j2"
PAGES = "page.sql"
SHARED = "every"
_TEMPLATE = ".html.j2"
# How people read them; a report that a team added comes after these, by name.
_READ_FIRST = (
    *("index", "executive", "cost", "rightsizing", "compliance", "changes", "maturity"),
    *("cost-of-no-mlops", "model", "reconciliation"),
)


@dataclass(frozen=True)
class Section:
    """One section of a report.

    Args:
        name: Its file name without number and ending, unique in its report.
        sql: The query.
        template: The template's name, relative to the folder of all reports.
    """

    name: str
    sql: Path
    template: str


@dataclass(frozen=True)
class Report:
    """One report: its page and its sections, in order.

    Args:
        name: Its folder's name.
        template: Of the whole page, relative to the folder of all reports.
        sections: In order.
        pages: The query that has a row for each of its pages; None: it is one page.
    """

    name: str
    template: str
    sections: tuple[Section, ...]
    pages: Path | None


def find_reports(folder: Path, names: Sequence[str]) -> list[Report]:
    """Read the definitions of some reports, or of all when `names` is empty.

    Raises:
        ConfigurationError: No such report, or a section that lacks one of its two files.
    """
    known = sorted((page.parent.name for page in folder.glob(f"*/{PAGE}")), key=_place)
    for name in names:
        if name not in known:
            choice = f"Choose from {', '.join(known)}."
            raise ConfigurationError(
                f"there is no report '{name}'", fix=did_you_mean(name, known, otherwise=choice)
            )
    wanted = list(dict.fromkeys(names)) or known
    return [_report(folder, name) for name in wanted]


def _report(folder: Path, name: str) -> Report:
    pages = folder / name / PAGES
    sections = _sections(folder, name)
    return Report(name, f"{name}/{PAGE}", sections, pages if pages.is_file() else None)


def _place(report: str) -> tuple[int, str]:
    return _READ_FIRST.index(report) if report in _READ_FIRST else len(_READ_FIRST), report


def _sections(folder: Path, report: str) -> tuple[Section, ...]:
    places = [folder / SHARED, folder / report]
    stems = {
        path.name.removesuffix(ending): path.parent
        for place in places
        for ending in (".sql", _TEMPLATE)
        for path in place.glob(f"*{ending}")
        if path.name not in (PAGE, PAGES)
    }
    return tuple(_section(folder, stems[stem], stem) for stem in sorted(stems))


def _section(folder: Path, place: Path, stem: str) -> Section:
    sql, template = place / f"{stem}.sql", place / f"{stem}{_TEMPLATE}"
    for path in (sql, template):
        if not path.is_file():
            raise ConfigurationError(
                f"the section '{stem}' lacks its file {path.name}",
                where=str(place),
                fix="A section is a .sql and a .html.j2 of the same name.",
            )
    name = stem.partition("-")[2] or stem
    return Section(name, sql, template.relative_to(folder).as_posix())

"""Where the figures of a section come from: its query, and what the query's header says of it.

It is what explains a figure that is no sum of the ledger's lines: a forecast, an estimate, a
count, a share. The header of each section's SQL is written for readers.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from quaestor.report.definitions import Section

ID = re.compile(r"section/(?P<report>[\w-]+)/(?P<section>[\w-]+)")
_COMMENT = re.compile(r"--[^\n]*")
_TABLE = re.compile(r"\b(?:ledger|audit|registry|usage|config|meta)\.\w+")
_NOTE = re.compile(r"(?P<name>[a-z]+) {2,}(?P<says>.*)")


@dataclass(frozen=True, kw_only=True)
class Told:
    """What the header of a section's query says, and what it reads.

    Args:
        says: What its rows are, in a sentence.
        notes: Names and texts of the header, such as ("money", "reporting currency, ...").
        tables: What it reads, by name.
    """

    says: str
    notes: Sequence[tuple[str, str]]
    tables: Sequence[str]


@dataclass(frozen=True, kw_only=True)
class Whence:
    """Where the figures of one section of one page come from.

    Args:
        report: The report's name.
        name: The section's name.
        title: Its heading, or words for a section without one.
        rows: How many rows its query gave; of a page of many, those of that page.
        told: What its query says of itself.
    """

    report: str
    name: str
    title: str
    rows: int
    told: Told

    @property
    def anchor(self) -> str:
        """Return its entry's anchor, unique in the page."""
        return anchor_of_section(self.name)

    @property
    def command(self) -> str:
        """Return what to type for the same in a terminal."""
        return f"quaestor explain section/{self.report}/{self.name}"


def anchor_of_section(name: str) -> str:
    """Return the anchor of a section's entry; those of single figures are digits of a hash."""
    return f"from-section-{name}"


def title_of(name: str, title: str | None) -> str:
    """Return a section's heading, or its name in words.

    >>> title_of("key-figures", None), title_of("teams", "By team")
    ('Key figures', 'By team')
    """
    return str(title or name.replace("-", " ").capitalize())


def told_by(section: Section) -> Told:
    """Read what a section's query says of itself."""
    return _told(section.sql.read_text(encoding="utf-8"))


@cache
def _told(sql: str) -> Told:
    r"""Read the header of a query.

    >>> told = _told("-- What it cost.\n--\n-- money     EUR,\n--           net\nfrom ledger.cost")
    >>> told.says, told.notes, told.tables
    ('What it cost.', (('money', 'EUR, net'),), ('ledger.cost',))
    """
    says: list[str] = []
    notes: list[tuple[str, str]] = []
    for line in sql.splitlines():
        if not line.startswith("--"):
            break
        text = line.removeprefix("--").removeprefix(" ")
        if match := _NOTE.fullmatch(text):
            notes.append((match["name"], match["says"]))
        elif notes and text.startswith(" "):
            notes[-1] = notes[-1][0], f"{notes[-1][1]} {text.strip()}"
        elif text.strip() and not notes:
            says.append(text.strip())
    tables = sorted(set(_TABLE.findall(_COMMENT.sub("", sql))))
    return Told(says=" ".join(says), notes=tuple(notes), tables=tuple(tables))

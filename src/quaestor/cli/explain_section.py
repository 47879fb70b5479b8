"""What is behind a section of a page, in words: its query, its tables, the landed files."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from quaestor.cli.explain_rows import pairs
from quaestor.cli.output import table

if TYPE_CHECKING:
    from quaestor.report.explain_section import SectionBehind


def section_lines(behind: SectionBehind) -> Iterator[str]:
    """Yield the lines that say where the figures of a section come from."""
    told = behind.told
    yield from (told.says, "")
    facts = {
        **dict(told.notes),
        "query": f"{behind.query}, {behind.rows:,} rows now",
        "reads": ", ".join(told.tables) or "no table",
    }
    yield from pairs(facts)
    yield from ("", "Built from these landed files, and the configuration", "")
    yield table(list(behind.sources), right=["files"])
    yield from ("", table(list(behind.files)))
    if sum(row["files"] for row in behind.sources) > len(behind.files):
        yield 'All of them: quaestor query "from meta.landed_file"'

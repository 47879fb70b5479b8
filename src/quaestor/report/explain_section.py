"""Explain a section of a page: what its query says and reads, and the landed files below it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from quaestor.core.errors import ConfigurationError
from quaestor.core.nearest import did_you_mean
from quaestor.core.shipped import shipped
from quaestor.report.definitions import find_reports
from quaestor.report.landed import Landed, Source
from quaestor.report.traced import MOST_FILES
from quaestor.report.whence import ID, Told, told_by
from quaestor.warehouse.duckdb import Warehouse


@dataclass(frozen=True, kw_only=True)
class SectionBehind:
    """What is behind a section.

    Args:
        told: What its query says of itself.
        query: The query's file, relative to the folder of reports.
        rows: How many rows it gives now.
        sources: Each source of landed files: source, files, read.
        files: The first of each source's files: source, file, sha256.
    """

    told: Told
    query: str
    rows: int
    sources: Sequence[dict[str, Any]]
    files: Sequence[dict[str, Any]]


def is_section(name: str) -> bool:
    """Return whether a name has the form of a section's id.

    >>> is_section("section/cost/forecast"), is_section("month/2026-11")
    (True, False)
    """
    return ID.fullmatch(name) is not None


def section_named(warehouse: Warehouse, name: str) -> SectionBehind:
    """Look up what is behind a section of a shipped report.

    Args:
        warehouse: A built warehouse.
        name: Such as `section/cost/forecast`.

    Raises:
        ConfigurationError: No report has such a section.
    """
    place = shipped("reports")
    known = {
        f"section/{report.name}/{section.name}": section
        for report in find_reports(place, [])
        for section in report.sections
    }
    if name not in known:
        raise ConfigurationError(
            f"no report has a {name}",
            where="ID",
            fix=did_you_mean(
                name, list(known), otherwise="Write section/REPORT/SECTION.", form="{}"
            ),
        )
    section = known[name]
    sources = list(Landed(warehouse).sources.values())
    return SectionBehind(
        told=told_by(section),
        query=section.sql.relative_to(place).as_posix(),
        rows=len(warehouse.records(section.sql.read_text(encoding="utf-8"))),
        sources=[_counted(source) for source in sources],
        files=[
            {key: file[key] for key in ("source", "file", "sha256")}
            for source in sources
            for file in source.files[:MOST_FILES]
        ],
    )


def _counted(source: Source) -> dict[str, Any]:
    return {"source": source.name, "files": len(source.files), "read": source.collected_at}

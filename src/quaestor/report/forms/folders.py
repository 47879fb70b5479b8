"""Write reports as folders of one file per section, beside a manifest that says what they hold."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from quaestor.core.whole_file import whole_folder
from quaestor.report.definitions import Report, Section, find_reports
from quaestor.report.export.json import dump
from quaestor.report.forms import Request
from quaestor.report.html import facts_of
from quaestor.report.pages import find_pages
from quaestor.report.sections import columns_of, told
from quaestor.warehouse.ask import ask
from quaestor.warehouse.duckdb import Warehouse, literal, quoted

MANIFEST = "manifest.json"
_SCHEMA_VERSION = "1"  # rises when a key is renamed, removed or changes its meaning

Write = Callable[[Warehouse, str, Path], int]


def write_folders(request: Request, ending: str, write: Write) -> list[Path]:
    """Write each report as a folder of its name, whole or not at all.

    Args:
        request: What is asked.
        ending: How a section's file ends, without the dot.
        write: Writes the rows of one SELECT to a file, and returns how many.

    Returns:
        The folders, in the order of the reports.

    Raises:
        ConfigurationError: No such report, wrong SQL, or something else where a folder should go.
        IncompleteError: A folder cannot be written.
    """
    facts = facts_of(request.warehouse, request.now)
    folders = []
    for report in find_reports(request.definitions, request.names):
        folder = request.folder / report.name
        with whole_folder(folder, MANIFEST) as part:
            files = []
            for section in report.sections:
                request.progress(f"{ending} {report.name}: {section.name}")
                path = part / f"{_stem(section, report)}.{ending}"
                sql = _select(request, report, section)
                file = _file(request.warehouse, sql, path, write, facts["currency"])
                files.append({"section": section.name, **file})
            manifest = {
                "schema_version": _SCHEMA_VERSION,
                "report": report.name,
                **told(facts),
                "files": files,
            }
            (part / MANIFEST).write_text(dump(manifest), encoding="utf-8")
        folders.append(folder)
    return folders


def _select(request: Request, report: Report, section: Section) -> str:
    """Return a section's query; of a report with a page per model, for the one that is wanted."""
    sql = section.sql.read_text(encoding="utf-8")
    if report.pages is None or request.model is None:
        return sql
    find_pages(request.warehouse, report.name, report.pages, request.model)
    return f"select * from ({sql}\n) where {quoted(report.name)} = {literal(request.model)}"


def _file(
    warehouse: Warehouse, sql: str, path: Path, write: Write, currency: str
) -> dict[str, Any]:
    described = ask(warehouse, f"describe {sql}").rows
    names, types = ([str(row[place]) for row in described] for place in (0, 1))
    return {
        "file": path.name,
        "rows": write(warehouse, sql, path),
        "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        "columns": [column.told() for column in columns_of(names, types, currency)],
    }


def _stem(section: Section, report: Report) -> str:
    """Return a section's name, which is its file's; with its number where another has that name."""
    is_alone = sum(one.name == section.name for one in report.sections) == 1
    return section.name if is_alone else section.sql.stem

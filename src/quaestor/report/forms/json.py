"""For programs: one document per report, as `report.schema.json` promises."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from quaestor.core.text import json_value
from quaestor.report.export.json import dump
from quaestor.report.forms import Request
from quaestor.report.sections import Document, Table, told, write_each

ENDING = ".json"
SCHEMA_VERSION = "1"
SCHEMA_FILE = Path(__file__).with_name("report.schema.json")


def write(request: Request) -> list[Path]:
    """Write each report as one JSON object. Money is text with every digit, unknown is null.

    Raises:
        ConfigurationError: No such report, or a section whose files or SQL are wrong.
        IncompleteError: It cannot be written.
    """

    def write_one(document: Document, path: Path) -> None:
        path.write_text(dump(_object(document)), encoding="utf-8")

    return write_each(request, ENDING, write_one)


def _object(document: Document) -> dict[str, Any]:
    verdict, *more = document.verdict or (None,)
    return {
        "schema_version": SCHEMA_VERSION,
        "report": document.name,
        "heading": document.heading,
        **told(document.facts),
        "blind_spots": len(document.blind_spots),
        "verdict": verdict,
        "notes": more,
        "key_figures": [
            {"label": one.label, "value": one.value, "note": one.note or None}
            for one in document.figures
        ],
        "sections": [_section(table) for table in document.tables],
    }


def _section(table: Table) -> dict[str, Any]:
    return {
        "name": table.name,
        "title": None if table.title is None else str(table.title),
        "columns": [column.told() for column in table.columns],
        "rows": json_value(table.records()),
    }

"""A gate or an audit in each format: one module and one line in FORMATS.

Every module offers `render(summary: RunSummary) -> str`; the same summary gives the same bytes.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Protocol, cast

if TYPE_CHECKING:
    from quaestor.core.run_summary import RunSummary

FORMATS = {
    "table": "quaestor.report.export.table",
    "json": "quaestor.report.export.json",
    "sarif": "quaestor.report.export.sarif",
    "markdown": "quaestor.report.export.markdown",
    "junit": "quaestor.report.export.junit",
    "github": "quaestor.report.export.github",
    "github-summary": "quaestor.report.export.github_summary",
    "gitlab": "quaestor.report.export.gitlab",
    "csv": "quaestor.report.export.csv",
    "html": "quaestor.report.export.html",
    "ocsf": "quaestor.report.export.ocsf",
}


class Format(Protocol):
    """What every module in FORMATS offers."""

    def render(self, summary: RunSummary) -> str:
        """Return the whole document as text; names in it are made harmless."""


def formatted(name: str, summary: RunSummary) -> str:
    """Render a summary in one of FORMATS; only that format's module is imported."""
    return cast("Format", importlib.import_module(FORMATS[name])).render(summary)

"""For browsers and mail: a page per report."""

from __future__ import annotations

from pathlib import Path

from quaestor.report.forms import Request
from quaestor.report.html import render

ENDING = ".html"


def write(request: Request) -> list[Path]:
    """Write each report as one self-contained page.

    Raises:
        ConfigurationError: No such report, or a section without one of its two files.
        IncompleteError: The folder cannot be written to.
    """
    return render(
        request.warehouse,
        request.names,
        request.folder,
        now=request.now,
        progress=request.progress,
        definitions=request.definitions,
        file=request.file,
        model=request.model,
    )

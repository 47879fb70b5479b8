"""For paper and archives: a PDF per report, printed by a browser that is on the machine."""

from __future__ import annotations

import tempfile
from pathlib import Path

from quaestor.core.whole_file import unwritable, write_whole
from quaestor.report.browser import find_browser, print_page
from quaestor.report.forms import Request
from quaestor.report.html import render
from quaestor.report.paper import for_paper, settled, title_of

ENDING = ".pdf"


def write(request: Request) -> list[Path]:
    """Write each report as a PDF, unfolded, with its title, date and page numbers.

    Raises:
        ConfigurationError: No such report, or no browser to print it.
        IncompleteError: The browser failed, or the folder cannot be written to.
    """
    browser = find_browser(request.browser)
    with tempfile.TemporaryDirectory(prefix="quaestor-pages-") as folder:
        pages = render(
            request.warehouse,
            request.names,
            Path(folder),
            now=request.now,
            progress=request.progress,
            definitions=request.definitions,
        )
        printed = [
            (path.relative_to(folder).with_suffix(ENDING), _printed(request, browser, path))
            for path in pages
        ]
    return [_written(request.file or request.folder / place, pdf) for place, pdf in printed]


def _printed(request: Request, browser: str, path: Path) -> bytes:
    request.progress(f"print {path.stem}")
    page = path.read_text(encoding="utf-8")
    pdf = print_page(browser, for_paper(page, request.paper, request.now))
    return settled(pdf, title_of(page), request.now)


def _written(path: Path, pdf: bytes) -> Path:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as problem:
        raise unwritable(path, problem.strerror) from None
    write_whole(path, pdf)
    return path

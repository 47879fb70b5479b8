"""For paper and archives: a PDF per page, printed by a browser that is on the machine."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path

from quaestor.core.whole_file import unwritable, write_whole
from quaestor.report.browser import find_browser, print_page
from quaestor.report.forms import Request, html
from quaestor.report.paper import for_paper, settled, title_of

ENDING = ".pdf"


def write(request: Request) -> list[Path]:
    """Write each report as a PDF, unfolded, with its title, date and page numbers.

    Nothing is written before all is printed, so that a browser that fails leaves no half.

    Raises:
        ConfigurationError: No such report, or no browser to print it.
        IncompleteError: The browser failed, or the folder cannot be written to.
    """
    browser = find_browser(request.browser)
    with tempfile.TemporaryDirectory(prefix="quaestor-pages-") as name:
        folder = Path(name)
        rendered = html.write(replace(request, folder=folder, file=None))
        printed = {
            page.relative_to(folder).with_suffix(ENDING): _printed(request, browser, page)
            for place in rendered
            for page in (sorted(place.glob(f"*{html.ENDING}")) if place.is_dir() else [place])
        }
    return [_written(request.file or request.folder / place, printed[place]) for place in printed]


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

"""For paper and archives: a PDF per page, printed by a browser that is on the machine."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

from quaestor.core.whole_file import unwritable, write_whole
from quaestor.report.browser import find_browser, print_page
from quaestor.report.forms import Request, html
from quaestor.report.paper import for_paper, settled, title_of

ENDING = ".pdf"
_AT_ONCE = 4  # browsers; one takes a core for a second, and 200 MB


def write(request: Request) -> list[Path]:
    """Write each report as a PDF, unfolded, with its title, date and page numbers.

    Nothing is written before all is printed, so that a browser that fails leaves no half.

    Returns:
        Where each report lies: its file, or the folder of one that has many pages.

    Raises:
        ConfigurationError: No such report, or no browser to print it.
        IncompleteError: The browser failed, or the folder cannot be written to.
    """
    browser = find_browser(request.browser)
    with tempfile.TemporaryDirectory(prefix="quaestor-pages-") as name:
        folder = Path(name)
        file = folder / f"{request.file.stem}{html.ENDING}" if request.file else None
        places = html.write(replace(request, folder=folder, file=file))
        pages = [page for place in places for page in _pages(place)]
        printed = list(zip(pages, _print(request, browser, pages), strict=True))
        for page, pdf in printed:
            place = page.relative_to(folder).with_suffix(ENDING)
            _write(request.file or request.folder / place, pdf)
        return [
            request.folder / place.name
            if place.is_dir()
            else request.file or (request.folder / place.relative_to(folder)).with_suffix(ENDING)
            for place in places
        ]


def _pages(place: Path) -> list[Path]:
    return sorted(place.glob(f"*{html.ENDING}")) if place.is_dir() else [place]


def _print(request: Request, browser: str, pages: Sequence[Path]) -> list[bytes]:
    """Print some pages at once: most of what a browser does is to start."""

    def pdf(path: Path) -> bytes:
        page = path.read_text(encoding="utf-8")
        copy = for_paper(page, request.paper, request.now)
        return settled(print_page(browser, copy), title_of(page), request.now)

    pool = ThreadPoolExecutor(_AT_ONCE)
    try:
        printed = []
        for path, one in zip(pages, [pool.submit(pdf, path) for path in pages], strict=True):
            request.progress(f"print {path.stem}")
            printed.append(one.result())
        return printed
    finally:
        pool.shutdown(cancel_futures=True)  # where one failed, the others need not start


def _write(path: Path, pdf: bytes) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as problem:
        raise unwritable(path, problem.strerror) from None
    write_whole(path, pdf)

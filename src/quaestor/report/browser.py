"""Print a page to PDF by a browser that is on the machine: Chromium, Chrome or Edge.

The browser gets a profile of its own that is thrown away, and no network. It is asked by its
command line, which is the same in all three of them.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path

from quaestor.core.errors import ConfigurationError, IncompleteError
from quaestor.core.text import printable

PROGRAMS = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "chrome",
    "microsoft-edge",
    "microsoft-edge-stable",
    "msedge",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge",
    "C:/Program Files/Google/Chrome/Application/chrome.exe",
    "C:/Program Files (x86)/Microsoft/Edge/Application/msedge.exe",
)
PATIENCE = 120.0  # seconds for one page: 10,000 rows take 20
_SHOWN = 300  # characters of a complaint
_FLAGS = (
    "--headless",
    "--disable-gpu",
    "--disable-dev-shm-usage",  # /dev/shm has 64 MB in a container
    "--no-first-run",
    "--no-default-browser-check",
    "--disable-extensions",
    "--disable-sync",
    "--disable-breakpad",
    "--disable-component-update",
    "--disable-background-networking",
    "--host-resolver-rules=MAP * ~NOTFOUND",  # no address is found: nothing goes out
    "--no-pdf-header-footer",  # the browser's own has the file's path and the clock
)


def find_browser(named: str | None) -> str:
    """Return the program that prints.

    Args:
        named: Its name or path, where somebody chose it; None: the first of PROGRAMS there is.

    Raises:
        ConfigurationError: It is not there.
    """
    if named is not None:
        if path := shutil.which(named):
            return path
        raise ConfigurationError(
            f"there is no program '{printable(named)}' that can be run",
            where="--browser, or QUAESTOR_BROWSER",
            fix="Name Chromium, Chrome or Edge, by its path; or leave it out to look for one.",
        )
    for name in PROGRAMS:
        if path := shutil.which(name):
            return path
    raise ConfigurationError(
        "a PDF is printed by Chromium, Chrome or Edge, and none is here",
        where="--format pdf",
        fix="Install one (Debian: apt-get install chromium), or name it by --browser or "
        "QUAESTOR_BROWSER. A page can also be printed by hand, from any browser.",
    )


def print_page(browser: str, page: str, *, patience: float = PATIENCE) -> bytes:
    """Return a page as PDF, as the browser printed it.

    Args:
        browser: The program.
        page: The HTML, complete in itself.
        patience: Seconds after which it is ended.

    Raises:
        IncompleteError: It failed, took too long or wrote no PDF.
    """
    with tempfile.TemporaryDirectory(
        prefix="quaestor-print-", ignore_cleanup_errors=True
    ) as folder:
        source, target = Path(folder, "page.html"), Path(folder, "page.pdf")
        source.write_text(page, encoding="utf-8")
        said = _run(
            [
                browser,
                *_FLAGS,
                *_without_sandbox(),
                f"--user-data-dir={Path(folder, 'profile')}",
                f"--print-to-pdf={target}",
                source.as_uri(),
            ],
            patience,
        )
        pdf = target.read_bytes() if target.is_file() else b""
    if not (pdf.startswith(b"%PDF-") and pdf.rstrip().endswith(b"%%EOF")):
        raise IncompleteError(
            f"the browser wrote no PDF{said}",
            where=browser,
            fix="Name another by --browser or QUAESTOR_BROWSER; one that came as a snap cannot "
            "read the folder for temporary files. Or print the page by hand.",
        )
    return pdf


def _without_sandbox() -> tuple[str, ...]:
    """Return the flag that root needs: Chromium starts for root without its sandbox only.

    What it opens is a page of ours, with neither script nor network.
    """
    return ("--no-sandbox",) if hasattr(os, "geteuid") and os.geteuid() == 0 else ()


def _run(command: list[str], patience: float) -> str:
    """Run the browser to its end; return the last thing it complained of, to be shown."""
    try:
        running = subprocess.Popen(  # noqa: S603 - our flags and our file, and no shell
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            start_new_session=True,  # so that its own processes end with it
        )
    except OSError as problem:
        raise IncompleteError(
            f"the browser cannot be run ({problem.strerror})",
            where=command[0],
            fix="Check its permissions, or name another by --browser or QUAESTOR_BROWSER.",
        ) from None
    try:
        _, complaint = running.communicate(timeout=patience)
    except subprocess.TimeoutExpired:
        raise IncompleteError(
            f"the browser printed nothing within {patience:g} seconds",
            where=command[0],
            fix="Try again when the machine has less to do, or print the page by hand.",
        ) from None
    finally:
        _end(running)
    lines = [line.strip() for line in complaint.decode(errors="replace").splitlines()]
    said = printable(next((line for line in reversed(lines) if line), ""))[:_SHOWN]
    return f" (exit code {running.returncode}{': ' if said else ''}{said})"


def _end(running: subprocess.Popen[bytes]) -> None:
    """End the browser, where it still runs, with all that it started."""
    if running.poll() is not None:
        return
    if hasattr(os, "killpg"):
        os.killpg(running.pid, signal.SIGKILL)
    else:
        running.kill()
    running.communicate()

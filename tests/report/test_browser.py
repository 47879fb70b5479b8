"""The browser that prints: found, kept from the network, and its failures said."""

from __future__ import annotations

import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from quaestor.core.errors import ConfigurationError, IncompleteError
from quaestor.report.browser import find_browser, print_page

PAGE = "<!doctype html><title>A page</title><p>Hello"


@pytest.fixture
def program(tmp_path):
    """Make a program of some lines of shell."""

    def make(lines, name="browser"):
        path = tmp_path / name
        path.write_text(f"#!/bin/sh\n{lines}\n")
        path.chmod(0o755)
        return str(path)

    return make


def test_the_first_that_is_there_prints(program, monkeypatch):
    """By its usual names, where programs lie."""
    chrome = program("exit 0", "google-chrome")
    program("exit 0", "msedge")
    monkeypatch.setenv("PATH", str(Path(chrome).parent))

    assert find_browser(None) == chrome


def test_without_a_browser_it_says_what_to_install(tmp_path, monkeypatch):
    """Wrong usage (2), not a traceback: what is missing, and three ways out."""
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(ConfigurationError, match="none is here") as refused:
        find_browser(None)
    assert "apt-get install chromium" in (refused.value.fix or "")
    assert "QUAESTOR_BROWSER" in (refused.value.fix or "")


def test_the_one_that_is_named_must_be_there(tmp_path):
    """No other takes its place unasked; a hostile name is shown as text."""
    with pytest.raises(ConfigurationError, match="there is no program") as refused:
        find_browser(f"{tmp_path}/../gone\x1b[2J")
    assert "\x1b" not in refused.value.as_text()


def test_what_it_complains_of_is_said(program):
    """The last line, with the exit code; no file is not taken for a page."""
    with pytest.raises(IncompleteError, match=r"no PDF \(exit code 21: No usable sandbox!\)"):
        print_page(program("echo starting >&2; echo 'No usable sandbox!' >&2; exit 21"), PAGE)


def test_half_a_pdf_is_no_pdf(program):
    """A browser that died while it wrote leaves a beginning; that is refused."""
    lines = (
        'for one; do case $one in --print-to-pdf=*) printf "%%PDF-1.4 half" > "${one#*=}";; esac\n'
        "done"
    )

    with pytest.raises(IncompleteError, match="wrote no PDF"):
        print_page(program(lines), PAGE)


def test_one_that_hangs_is_ended_with_all_it_started(program, tmp_path):
    """Patience has an end, and nothing goes on in the background."""
    lines = f"(while :; do date +%N > {tmp_path}/alive; sleep 0.05; done) &\nsleep 600"

    with pytest.raises(IncompleteError, match=r"nothing within 0\.5 seconds"):
        print_page(program(lines), PAGE, patience=0.5)
    time.sleep(0.2)  # for what is being written now
    before = (tmp_path / "alive").read_text()
    time.sleep(0.3)
    assert (tmp_path / "alive").read_text() == before


def test_one_that_cannot_be_run_is_said(program):
    """A file that is no program for this machine."""
    path = Path(program(""))
    path.write_bytes(b"\x00\x01 no program")

    with pytest.raises(IncompleteError, match="cannot be run"):
        print_page(str(path), PAGE)


@pytest.mark.real
def test_nothing_goes_out(chromium):
    """A page that asks for a picture gets none: the server hears nothing, by name or by address."""
    asked = []

    class Listener(BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_):
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Listener)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    port = server.server_address[1]
    pictures = "".join(f'<img src="http://{host}:{port}/">' for host in ("127.0.0.1", "localhost"))
    try:
        pdf = print_page(chromium, PAGE + pictures)
    finally:
        server.shutdown()
        server.server_close()

    assert pdf.startswith(b"%PDF-")
    assert asked == []

"""core.web: one GET by the standard library, and what of its answer may be believed."""

from __future__ import annotations

import gzip
import http.server
import threading

import pytest
import stamina

from quaestor.core import web

LARGEST = 1 << 20
PACKED = gzip.compress(b"x" * 1_000)


class Server(http.server.ThreadingHTTPServer):
    """Says one thing, and remembers who asked."""

    says = (200, {}, b"{}")

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server_port}"
        self.asked = []


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.server.asked.append((self.path, self.headers.get("Authorization")))
        status, headers, body = self.server.says
        self.send_response(status)
        for name, value in {"Content-Length": len(body), **headers}.items():
            self.send_header(name, str(value))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        """Keep quiet."""


@pytest.fixture
def server():
    with Server() as made:
        thread = threading.Thread(target=made.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield made
        made.shutdown()
        thread.join()


def get(server):
    return web.get(f"{server.url}/a", {"Authorization": "Bearer t"}, wait=5, largest=LARGEST)


@pytest.mark.parametrize(
    ("says", "answer"),
    [
        ((200, {}, b"{}"), (200, b"{}")),
        ((200, {"Content-Encoding": "gzip"}, PACKED), (200, b"x" * 1_000)),
        ((403, {}, b"no"), (403, b"no")),
        ((503, {"Content-Length": 9}, b"no"), (503, b"")),
        ((204, {}, b""), (204, b"")),
    ],
    ids=["plain", "packed", "refused", "refused and cut", "nothing"],
)
def test_an_answer_is_its_status_and_its_content(server, says, answer):
    """Whatever the status; that of an error counts even where its words break off."""
    server.says = says

    assert get(server) == answer


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        ({"Content-Length": 9}, b"[1]"),
        ({"Content-Encoding": "gzip"}, PACKED[:-9]),
        ({"Content-Encoding": "gzip"}, b"[1]"),
    ],
    ids=["cut", "packed and cut", "not packed"],
)
def test_a_part_of_an_answer_is_none(server, headers, body):
    """A list that breaks off between two objects must not pass for a shorter list."""
    server.says = (200, headers, body)
    with pytest.raises(web.PassingError, match="cannot be reached"):
        get(server)


def test_a_redirect_is_not_followed(server):
    """It leads to a login page, and our token would go with it."""
    server.says = (302, {"Location": f"{server.url}/login"}, b"")

    assert get(server) == (302, b"")
    assert server.asked == [("/a", "Bearer t")]


def test_an_answer_that_would_fill_the_memory_is_dropped(server):
    """Counted unpacked: a gigabyte of zeros is a megabyte of gzip."""
    server.says = (200, {"Content-Encoding": "gzip"}, gzip.compress(bytes(LARGEST + 1)))
    with pytest.raises(web.LargeError, match="the answer is larger than 1 MiB"):
        get(server)


def test_patience_ends():
    """What passes is asked again, and at last told; anything else is told at once."""
    asked = []

    def ask(problem):
        asked.append(problem)
        raise problem

    with stamina.set_testing(True, attempts=3):
        with pytest.raises(web.PassingError, match="answers 503"):
            web.patiently(lambda: ask(web.PassingError("answers 503")), 3)
        with pytest.raises(web.LargeError):
            web.patiently(lambda: ask(web.LargeError("much")), 3)

    assert [str(problem) for problem in asked] == ["answers 503"] * 3 + ["much"]

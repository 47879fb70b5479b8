"""What stands between us and a server that speaks HTTP: it counts, and answers some itself."""

from __future__ import annotations

import http.server
import threading
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class Between(http.server.ThreadingHTTPServer):
    """What stands between us and Prometheus: counts, and answers some questions itself."""

    def __init__(self, behind: str) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.behind = behind
        self.asked: list[str] = []
        self.headers: list[dict[str, str]] = []
        self.rule: Callable[[str], tuple[int, str, str] | None] = lambda _: None

    @property
    def url(self) -> str:
        """Return its address."""
        return f"http://127.0.0.1:{self.server_port}"

    def of(self, part: str) -> list[str]:
        """Return the questions that have this text."""
        return [url for url in self.asked if part in url]


class Handler(http.server.BaseHTTPRequestHandler):
    """Answer by the rule, or pass on."""

    server: Between

    def do_GET(self) -> None:
        """Answer one question."""
        url = urllib.parse.unquote_plus(self.path)
        self.server.asked.append(url)
        self.server.headers.append(dict(self.headers))
        told = self.server.rule(url)
        if told is None:
            try:
                with urllib.request.urlopen(self.server.behind + self.path) as reply:  # noqa: S310 - our own server
                    told = reply.status, "application/json", reply.read().decode()
            except urllib.error.HTTPError as problem:
                told = problem.code, "application/json", problem.read().decode()
        status, kind, content = told
        self.send_response(status)
        self.send_header("Content-Type", kind)
        if status == 302:
            self.send_header("Location", content)
        self.end_headers()
        self.wfile.write(content.encode())

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def in_between(url: str) -> Iterator[Between]:
    """Run a proxy that passes everything on."""
    proxy = Between(url)
    thread = threading.Thread(target=proxy.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield proxy
    finally:
        proxy.shutdown()
        thread.join()
        proxy.server_close()

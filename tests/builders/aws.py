"""Builders: AWS as moto plays it over HTTP, asked by the real boto3, with faults in between."""

from __future__ import annotations

import io
import json
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs
from xml.sax.saxutils import escape

import boto3

BUCKET = "acme-billing"
REGION = "us-east-1"


@dataclass(frozen=True)
class Call:
    """One request, as the server saw it."""

    method: str
    path: str
    query: str
    target: str  # X-Amz-Target of JSON services
    body: bytes  # of those
    credential: str = ""  # whose signature, for which region and service

    @property
    def is_download(self) -> bool:
        """Whether an object's bytes are asked for."""
        return self.method == "GET" and self.path.count("/") > 1 and self.path != f"/{BUCKET}/"

    @property
    def is_listing(self) -> bool:
        """Whether a page of a bucket is asked for."""
        return "list-type" in parse_qs(self.query)


@dataclass
class Fault:
    """What is answered instead of moto, to the calls it is meant for."""

    meant: Callable[[Call], bool]
    status: int
    code: str
    times: int = 10**6
    after: int = 0  # calls let through first
    headers: tuple[tuple[str, str], ...] = ()


@dataclass
class Aws:
    """A moto server behind a gate that counts calls and can put faults in their way."""

    calls: list[Call] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    before: Callable[[Call], None] | None = None  # called before a request is answered
    breaks: int = 0  # how many downloads break off half way from now on
    page: int | None = None  # how many keys a listing gives at once; None: a thousand
    page_instead: bool = False  # whether a web page answers everything
    # What is answered where moto has no answer, by the operation of a JSON service
    replies: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def start(self) -> None:
        """Serve on a port of the system's choice."""
        from moto.moto_server.werkzeug_app import (  # as ThreadedMotoServer does
            DomainDispatcherApplication,
            create_backend_app,
        )
        from werkzeug.serving import make_server

        self._moto = DomainDispatcherApplication(create_backend_app)
        self._server = make_server("127.0.0.1", 0, self._answer, threaded=True)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Stop serving."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def forget(self) -> None:
        """Begin anew: no calls, no faults, no objects."""
        self.faults.clear()
        self.replies.clear()
        self.replies["ListApps"] = lambda _: {"Apps": []}  # moto knows none
        self.page_instead = False
        self.before = None
        self.page = None
        self.breaks = 0
        self.post("/moto-api/reset")
        self.calls.clear()

    def post(self, path: str, body: object = None) -> None:
        """Ask moto itself for something."""
        import urllib.request

        data = json.dumps({} if body is None else body).encode()
        request = urllib.request.Request(self.url + path, data=data, method="POST")  # noqa: S310 - our own server
        request.add_header("Content-Type", "application/json")
        urllib.request.urlopen(request).close()  # noqa: S310 - our own server

    def _answer(self, environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        if environ["PATH_INFO"].startswith("/moto-api"):
            return self._moto(environ, start)
        target, body = environ.get("HTTP_X_AMZ_TARGET", ""), b""
        if target:  # the questions of JSON services are short
            body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
            environ["wsgi.input"] = io.BytesIO(body)
        query = environ.get("QUERY_STRING", "")
        signed = environ.get("HTTP_AUTHORIZATION", "")
        call = Call(environ["REQUEST_METHOD"], environ["PATH_INFO"], query, target, body, signed)
        with self._lock:
            self.calls.append(call)
            fault = next((one for one in self.faults if self._strikes(one, call)), None)
        if self.before:
            self.before(call)
        if call.is_listing and self.page:
            environ["QUERY_STRING"] += f"&max-keys={self.page}"
        if fault is None and call.is_download and self.breaks > 0:
            self.breaks -= 1
            body = b"".join(self._moto(environ, start))
            return [body[: len(body) // 2]]
        if self.page_instead:
            environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
            return _answered(b"<!doctype html><title>Sign in</title>", "text/html", start)
        reply = self.replies.get(call.target.rpartition(".")[2]) if call.target else None
        if fault is None and reply:
            length = int(environ.get("CONTENT_LENGTH") or 0)
            asked = json.loads(environ["wsgi.input"].read(length))
            body = json.dumps(reply(asked)).encode()
            return _answered(body, "application/x-amz-json-1.1", start)
        if fault is None:
            return self._moto(environ, start)
        length = int(environ.get("CONTENT_LENGTH") or 0)
        environ["wsgi.input"].read(length)
        return _refusal(fault, call, start)

    @staticmethod
    def _strikes(fault: Fault, call: Call) -> bool:
        if not fault.meant(call):
            return False
        if fault.after > 0:
            fault.after -= 1
            return False
        fault.times -= 1
        return fault.times >= 0

    @property
    def downloads(self) -> list[str]:
        """The keys that were downloaded, in the order of arrival."""
        return [call.path.split("/", 2)[2] for call in self.calls if call.is_download]

    def s3(self) -> Any:
        """A client of our own, to fill buckets with."""
        session = boto3.Session()  # a new one each time: the environment may have changed
        return session.client("s3", region_name=REGION, endpoint_url=self.url)

    def put(self, objects: dict[str, str | bytes | dict[str, Any]], bucket: str = BUCKET) -> None:
        """Put objects into a bucket, in the order given; a dict as JSON."""
        s3 = self.s3()
        if bucket not in [one["Name"] for one in s3.list_buckets()["Buckets"]]:
            s3.create_bucket(Bucket=bucket)
        for key, content in objects.items():
            body = json.dumps(content) if isinstance(content, dict) else content
            s3.put_object(Bucket=bucket, Key=key, Body=body)
        self.calls.clear()

    def delete(self, *keys: str, bucket: str = BUCKET) -> None:
        """Delete objects."""
        for key in keys:
            self.s3().delete_object(Bucket=bucket, Key=key)
        self.calls.clear()


def _answered(body: bytes, kind: str, start: Callable[..., Any]) -> list[bytes]:
    start("200 OK", [("Content-Type", kind), ("Content-Length", str(len(body)))])
    return [body]


def _refusal(fault: Fault, call: Call, start: Callable[..., Any]) -> list[bytes]:
    if call.target:
        body = json.dumps({"__type": fault.code, "message": "no"}).encode()
    else:
        error = f"<Error><Code>{escape(fault.code)}</Code><Message>no</Message></Error>"
        # EC2 and other services that are asked by a form have it within.
        is_form = call.method == "POST" and call.path == "/"
        body = (f"<Response><Errors>{error}</Errors></Response>" if is_form else error).encode()
    headers = [("Content-Length", str(len(body))), *fault.headers]
    start(f"{fault.status} Fault", headers)
    return [body]

"""Google Cloud as emulators play it, behind a doorman who counts, refuses and changes answers."""

from __future__ import annotations

import http.client
import json
import os
import sys
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from builders.parties import Server, free_port

PROJECT = "billing-prj"
Answer = tuple[int, dict[str, Any]]


@dataclass(frozen=True)
class Call:
    """One question that was asked."""

    method: str
    path: str
    body: str

    @property
    def query(self) -> str:
        """The SQL that a job of BigQuery is to run, nothing for other questions."""
        if self.method != "POST" or not self.path.partition("?")[0].endswith(("/jobs", "/queries")):
            return ""
        told = json.loads(self.body)
        return told.get("query") or told["configuration"].get("query", {}).get("query", "")

    @property
    def is_dry(self) -> bool:
        """Whether a job is only to say what it would read."""
        told = json.loads(self.body) if self.query else {}
        return bool(told.get("dryRun") or told.get("configuration", {}).get("dryRun"))


@dataclass
class Doorman:
    """A proxy without TLS before a server: remembers every call, and may answer in its place."""

    port: int
    calls: list[Call] = field(default_factory=list)
    instead: Callable[[Call], Answer | None] = lambda _: None
    change: Callable[[Call, bytes], bytes] = lambda _, answer: answer

    def start(self) -> Doorman:
        """Open the door."""
        self.door = _Door(("127.0.0.1", 0), _handler(self))
        threading.Thread(target=self.door.serve_forever, daemon=True).start()
        return self

    def stop(self) -> None:
        """Close the door."""
        self.door.shutdown()
        self.door.server_close()

    @property
    def url(self) -> str:
        """Where the door is."""
        return f"http://127.0.0.1:{self.door.server_port}"

    @property
    def queries(self) -> list[str]:
        """The SQL that was run, dry runs left out."""
        return [call.query for call in self.calls if call.query and not call.is_dry]

    @property
    def fetched(self) -> list[str]:
        """The SQL that fetched rows of a table."""
        return [sql for sql in self.queries if sql.startswith("select * from")]

    def fault(
        self, status: int, reason: str, message: str, *, when: Callable[[Call], bool]
    ) -> None:
        """Answer some calls with an error, as Google writes one."""
        error = {"reason": reason, "message": message}
        reply = {"error": {"code": status, "message": message, "errors": [error]}}
        self.instead = lambda call: (status, reply) if when(call) else None


class _Door(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_: Any) -> None:
        """Say nothing of those who leave without a word, such as the killed."""


def _handler(doorman: Doorman) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _pass(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            call = Call(self.command, self.path, body.decode("utf-8", "replace"))
            doorman.calls.append(call)
            if reply := doorman.instead(call):
                self._answer(reply[0], json.dumps(reply[1]).encode(), {})
                return
            behind = http.client.HTTPConnection("127.0.0.1", doorman.port, timeout=60)
            kept = {k: v for k, v in self.headers.items() if k.lower() not in _HOP}
            behind.request(self.command, self.path, body, kept)
            answer = behind.getresponse()
            there, here = f":{doorman.port}/".encode(), f":{doorman.door.server_port}/".encode()
            content = doorman.change(call, answer.read().replace(there, here))
            headers = {k: v for k, v in answer.getheaders() if k.lower() not in _HOP}
            behind.close()
            self._answer(answer.status, content, headers)

        def _answer(self, status: int, content: bytes, headers: dict[str, str]) -> None:
            self.send_response(status)
            for name, value in {"Content-Type": "application/json", **headers}.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_PUT = do_DELETE = do_PATCH = _pass  # noqa: N815 - as its base calls them

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    return Handler


_HOP = ("connection", "content-length", "transfer-encoding", "keep-alive", "accept-encoding")


def bigquery(checkout: Path, folder: Path) -> Server:
    """Return the emulator of BigQuery; it runs in an environment of its own."""
    home = checkout / ".parties" / "bigquery" / "home"
    if not (home / ".duckdb").is_dir():
        if os.environ.get("CI") == "true" or os.environ.get("REQUIRE_REAL") == "1":
            pytest.fail("BigQuery's emulator is missing; tests/set_up.py installs it")
        pytest.skip("BigQuery's emulator is missing; `make test` installs it")
    rest, rpc = free_port(), free_port()
    program = home.parent / "bin" / "bqemulator"
    ports = ("--rest-port", str(rest), "--grpc-port", str(rpc))
    command = [
        *("env", f"HOME={home}", str(program), "start", *ports),
        *("--project", PROJECT, "--log-level", "error"),
    ]
    return Server(folder, command, rest)


def storage(folder: Path) -> Server:
    """Return the emulator of Cloud Storage."""
    port = free_port()
    program = Path(sys.executable).parent / "gcp-storage-emulator"
    command = [str(program), "-d", str(folder), "start", "--host", "127.0.0.1", "--port", str(port)]
    return Server(folder, command, port)


def detailed_schema() -> Any:
    """Return the columns of the detailed export, as far as tests fill them."""
    from google.cloud.bigquery import SchemaField as Field

    def record(name: str, fields: Sequence[Any], mode: str = "NULLABLE") -> Any:
        return Field(name, "RECORD", mode, fields=fields)

    pair = [Field("key", "STRING"), Field("value", "STRING")]
    project = [Field("id", "STRING"), Field("number", "STRING"), Field("name", "STRING")]
    usage = [Field("amount", "FLOAT"), Field("unit", "STRING")]
    pricing = [Field("amount_in_pricing_units", "FLOAT"), Field("pricing_unit", "STRING")]
    credit = [Field("name", "STRING"), Field("amount", "FLOAT"), Field("full_name", "STRING")]
    return [
        Field("billing_account_id", "STRING"),
        record("service", [Field("id", "STRING"), Field("description", "STRING")]),
        record("sku", [Field("id", "STRING"), Field("description", "STRING")]),
        Field("usage_start_time", "TIMESTAMP"),
        Field("usage_end_time", "TIMESTAMP"),
        record("project", [*project, record("labels", pair, "REPEATED")]),
        record("labels", pair, "REPEATED"),
        record("resource", [Field("name", "STRING"), Field("global_name", "STRING")]),
        record("location", [Field("location", "STRING"), Field("region", "STRING")]),
        Field("export_time", "TIMESTAMP"),
        Field("cost", "FLOAT"),
        Field("currency", "STRING"),
        Field("price_list", "NUMERIC"),
        record("usage", usage + pricing),
        record("credits", [*credit, Field("id", "STRING"), Field("type", "STRING")], "REPEATED"),
        record("invoice", [Field("month", "STRING")]),
        Field("cost_type", "STRING"),
    ]


def detailed_row(day: str, cost: float, *, credit: float = 0, **changes: Any) -> dict[str, Any]:
    """Return a row of the detailed export: an hour of a GPU, exported on a day of October 2026."""
    discount = [{"name": "CUD", "amount": credit, "id": "c", "type": "COMMITTED_USAGE_DISCOUNT"}]
    return {
        "billing_account_id": "01AB23-CD45EF-678901",
        "service": {"id": "6F81-5844-456A", "description": "Compute Engine"},
        "sku": {"id": "2E27-4F75-95CD", "description": "Nvidia A100"},
        "usage_start_time": f"{day}T00:00:00Z",
        "usage_end_time": f"{day}T01:00:00Z",
        "project": {"id": "acme-ml", "number": "7", "name": "Acme ML", "labels": []},
        "labels": [{"key": "team", "value": "search"}],
        "resource": {"name": "gpu-1", "global_name": "//compute.googleapis.com/acme/gpu-1"},
        "location": {"location": "us-central1", "region": "us-central1"},
        "export_time": f"{day}T05:00:00Z",
        "cost": cost,
        "currency": "USD",
        "price_list": "3.673385123",
        "usage": {
            "amount": 3600.0,
            "unit": "seconds",
            "amount_in_pricing_units": 1.0,
            "pricing_unit": "hour",
        },
        "credits": discount if credit else [],
        "invoice": {"month": "202610"},
        "cost_type": "regular",
        **changes,
    }

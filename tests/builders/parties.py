"""Servers that tests start: Azurite and WireMock, each on a free port, with its own folder."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

PASSWORD = "of-no-worth"  # noqa: S105 - of a key that is made for one test run


def free_port() -> int:
    """Return a port of this machine that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass(frozen=True)
class Certificate:
    """A key for 127.0.0.1, signed by itself, made by the keytool that comes with Java."""

    folder: Path

    @property
    def store(self) -> Path:
        """Return the key and the certificate, PKCS 12."""
        return self.folder / "key.p12"

    @property
    def pem(self) -> Path:
        """Return the certificate, for those who are to trust it."""
        return self.folder / "certificate.pem"

    def make(self) -> Certificate:
        """Write both files."""
        common = ("-alias", "test", "-keystore", str(self.store), "-storepass", PASSWORD)
        subprocess.run(
            [
                *("keytool", "-genkeypair", *common, "-storetype", "PKCS12", "-keyalg", "RSA"),
                *("-keysize", "2048", "-validity", "30", "-dname", "CN=127.0.0.1"),
                *("-ext", "SAN=ip:127.0.0.1,dns:localhost"),
            ],
            check=True,
            capture_output=True,
        )
        shown = subprocess.run(
            ["keytool", "-exportcert", "-rfc", *common], check=True, capture_output=True
        )
        self.pem.write_bytes(shown.stdout)
        return self


@dataclass
class Server:
    """A program that listens; stopped with all it started."""

    folder: Path
    command: list[str]
    port: int
    process: subprocess.Popen[bytes] | None = field(default=None)

    def start(self) -> None:
        """Start it and wait until its port is open."""
        log = self.folder / "server.log"
        with log.open("ab") as out:
            self.process = subprocess.Popen(
                self.command,
                stdout=out,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                cwd=self.folder,
                start_new_session=True,
            )
        deadline = time.monotonic() + 60
        while not self._listens():
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.stop()
                pytest.fail(f"{self.command[0]} does not start:\n{log.read_text()[-3000:]}")
            time.sleep(0.05)

    def _listens(self) -> bool:
        try:
            socket.create_connection(("127.0.0.1", self.port), 0.2).close()
        except OSError:
            return False
        return True

    def stop(self) -> None:
        """Stop it, and whatever it started."""
        if self.process and self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGTERM)
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                os.killpg(self.process.pid, signal.SIGKILL)
                self.process.wait(20)


def azurite(program: str, folder: Path, certificate: Certificate) -> Server:
    """Return a Blob service that takes shared keys, signatures and Microsoft Entra tokens."""
    port = free_port()
    command = [
        *(program, "--silent", "--location", str(folder), "--skipApiVersionCheck"),
        *("--blobHost", "127.0.0.1", "--blobPort", str(port), "--disableTelemetry"),
        *("--cert", str(certificate.store), "--pwd", PASSWORD, "--oauth", "basic"),
    ]
    return Server(folder, command, port)


@dataclass
class WireMock:
    """A server that gives the answers it is told, and remembers what it was asked."""

    server: Server
    plain_port: int

    @property
    def url(self) -> str:
        """Return its address with TLS."""
        return f"https://127.0.0.1:{self.server.port}"

    @property
    def plain_url(self) -> str:
        """Return its address without TLS."""
        return f"http://127.0.0.1:{self.plain_port}"

    def answer(self, method: str, path: str, *replies: dict[str, Any], **match: Any) -> None:
        """Give these replies to a question one after the other, and the last for ever.

        Args:
            method: GET, POST.
            path: A regular expression over the path, letters of either case.
            replies: As WireMock's `response`; {{request.baseUrl}} and such are filled in.
            match: More of WireMock's `request`, such as bodyPatterns.
        """
        request = {"method": method, "urlPathPattern": f"(?i){path}", **match}
        scenario = json.dumps(request, sort_keys=True)
        for number, reply in enumerate(replies):
            response = {"status": 200, "transformers": ["response-template"], **reply}
            mapping: dict[str, Any] = {"request": request, "response": response}
            if len(replies) > 1:
                mapping["scenarioName"] = scenario
                mapping["requiredScenarioState"] = str(number) if number else "Started"
                mapping["newScenarioState"] = str(min(number + 1, len(replies) - 1))
            self._admin("mappings", mapping)

    def requests(self, path: str = "") -> list[dict[str, Any]]:
        """Return what was asked, oldest first, of paths with this text."""
        with urllib.request.urlopen(f"{self.plain_url}/__admin/requests") as reply:  # noqa: S310 - our own server
            found = json.load(reply)["requests"]
        asked = [one["request"] for one in reversed(found)]
        return [one for one in asked if path.lower() in one["url"].lower()]

    def reset(self) -> None:
        """Forget all answers and questions."""
        self._admin("reset", {})

    def _admin(self, what: str, body: dict[str, Any]) -> None:
        request = urllib.request.Request(  # noqa: S310 - our own server
            f"{self.plain_url}/__admin/{what}",
            data=json.dumps(body).encode(),
            headers={"Content-Type": "application/json"},
            method="POST",
        )
        try:
            urllib.request.urlopen(request).close()  # noqa: S310 - our own server
        except urllib.error.HTTPError as problem:
            pytest.fail(f"WireMock refuses {body}:\n{problem.read().decode()}")


def wiremock(jar: str, folder: Path, certificate: Certificate) -> WireMock:
    """Return a WireMock that is not started yet."""
    port, plain = free_port(), free_port()
    command = [
        *("java", "-Xmx256m", "-jar", jar, "--bind-address", "127.0.0.1", "--port", str(plain)),
        *("--https-port", str(port), "--https-keystore", str(certificate.store)),
        *("--keystore-password", PASSWORD, "--key-manager-password", PASSWORD),
        *(
            "--keystore-type",
            "PKCS12",
            "--root-dir",
            str(folder),
            "--disable-banner",
            "--disable-gzip",
        ),
    ]
    return WireMock(Server(folder, command, port), plain)

"""Who takes messages: an HTTP server that answers as it is told, and a mail server."""

from __future__ import annotations

import http.server
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from ipaddress import ip_address
from pathlib import Path

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword

Answer = tuple[int, dict[str, str], bytes]
OK: Answer = (200, {}, b"ok")


class Hooks(http.server.ThreadingHTTPServer):
    """Answers each POST with the next of `answers`, the last one for good, and keeps it."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answers: list[Answer] = [OK]
        self.taken: list[tuple[str, dict[str, str], bytes]] = []
        self.silent = threading.Event()  # set: says nothing until it is shut down

    @property
    def url(self) -> str:
        """Return its address."""
        return f"http://127.0.0.1:{self.server_port}"


class _Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.taken.append((self.path, dict(self.headers), body))
        if self.server.silent.is_set():
            threading.Event().wait(2)  # longer than a test lets it take
            return
        answers = self.server.answers
        status, headers, content = answers.pop(0) if len(answers) > 1 else answers[0]
        self.send_response(status)
        for name, value in {"Content-Length": str(len(content)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def do_GET(self) -> None:
        """Keep what a redirect that is followed comes as."""
        self.do_POST()

    def log_message(self, *_: object) -> None:
        """Keep quiet."""


@contextmanager
def hooks() -> Iterator[Hooks]:
    """Run a server for the time of a test."""
    with Hooks() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@dataclass
class Mailbox:
    """A mail server: what it took, from whom, and whom it refuses."""

    user: str | None = None
    password: str | None = None
    refused: tuple[str, ...] = ()
    answers: list[str] = field(default_factory=list)  # to DATA, before it takes any
    mails: list[EmailMessage] = field(default_factory=list)
    encrypted: list[bool] = field(default_factory=list)
    port: int = 0

    async def handle_RCPT(self, _server, _session, envelope, address, _options):  # noqa: N802 - aiosmtpd's name
        """Refuse whom it is told to."""
        if address in self.refused:
            return "550 no such user"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, _session, envelope):  # noqa: N802 - aiosmtpd's name
        """Keep the mail, and whether it came encrypted."""
        if self.answers:
            return self.answers.pop(0)
        self.mails.append(message_from_bytes(envelope.content, policy=policy.default))
        self.encrypted.append(server.transport.get_extra_info("ssl_object") is not None)
        return "250 OK"

    def authenticate(self, _server, _session, _envelope, _mechanism, given):
        """Let in who knows the password."""
        known = isinstance(given, LoginPassword) and (given.login, given.password) == (
            (self.user or "").encode(),
            (self.password or "").encode(),
        )
        return AuthResult(success=known, handled=False)


@contextmanager
def mail_server(box: Mailbox, security: str, certificate: Path | None = None) -> Iterator[Mailbox]:
    """Run a mail server: security is starttls, tls or none."""
    context = None
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
    options = {
        "authenticator": box.authenticate if box.user else None,
        "auth_require_tls": security != "none",
        "auth_required": box.user is not None,
    }
    if security == "tls":
        options |= {"ssl_context": context, "auth_require_tls": False}
    elif security == "starttls":
        options |= {"tls_context": context, "require_starttls": True}
    controller = Controller(box, hostname="127.0.0.1", port=_free(), **options)
    controller.start()
    box.port = controller.port
    try:
        yield box
    finally:
        controller.stop()


def _free() -> int:
    from builders.parties import free_port

    return free_port()


def a_certificate(folder: Path, now: datetime) -> Path:
    """Write a key for 127.0.0.1 and its certificate, signed by itself, into one file."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    names = [x509.IPAddress(ip_address("127.0.0.1")), x509.DNSName("localhost")]
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .sign(key, hashes.SHA256())
    )
    path = folder / "mail.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    path.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    return path

"""Ask a Prometheus-compatible server, patiently, and give every way it can fail its sentence.

The standard library's HTTP is enough: a look is a few dozen large GETs, each on a connection of
its own, so that a base install needs no extra and nothing has to agree with an SDK's versions.

Source: Prometheus documentation, "HTTP API": status, errorType and error of an answer; 400 for
bad parameters, 422 for an expression that cannot be executed, 503 for one that timed out.
"""

from __future__ import annotations

import base64
import ssl
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlencode, urlunsplit

import msgspec

from quaestor.core import address, web
from quaestor.core.errors import ConfigurationError, IncompleteError
from quaestor.core.landed import Gap
from quaestor.core.text import printable

if TYPE_CHECKING:
    from quaestor.core.config import Config
    from quaestor.core.sources import PrometheusSource

LARGEST = 1 << 26  # bytes of one answer, unpacked; a larger one is asked for in halves
_WAIT = 180.0  # seconds for one answer; Prometheus itself gives up after two minutes
_FIRST_WAIT = 10.0
_ATTEMPTS, _FIRST_ATTEMPTS = 5, 2
_KEPT = "what was landed before stays in force"
_SENT = ("authorization", "accept-encoding", "user-agent")  # ours; `headers:` has other keys
# How the servers word that a question was too large, where the status alone does not say.
_TOO_LARGE = ("too many samples", "exceed", "limit", "too long", "timed out", "timeout", "maximum")


class RefusedError(IncompleteError):
    """The server forbids this question; it may answer others."""


class TooMuchError(IncompleteError):
    """The answer would be too large, or took too long: ask for less of it at once."""


class _Answer(msgspec.Struct):
    status: str
    data: msgspec.Raw = msgspec.Raw(b"null")
    error_type: str = msgspec.field(name="errorType", default="")
    error: str = ""
    warnings: list[str] = []


@dataclass(frozen=True)
class Server:
    """Where to ask, and as whom."""

    source: PrometheusSource
    address: str  # without a `/` at its end
    trusted: ssl.SSLContext
    headers: Mapping[str, str]

    @property
    def where(self) -> str:
        """Return what error messages call it."""
        return f"{self.address} (source {self.source.name})"

    def ask(
        self, path: str, query: Mapping[str, str | int], *, first: bool = False
    ) -> tuple[msgspec.Raw, list[str]]:
        """Return an answer's `data` as JSON, and what the server warns of.

        Args:
            path: Below `/api/v1/`.
            query: What to ask.
            first: Nothing is known of the server yet: have little patience.

        Raises:
            RefusedError: Forbidden (403).
            TooMuchError: Too large or too slow.
            IncompleteError: Anything else.
        """
        url = f"{self.address}/api/v1/{path}?{urlencode(query)}"
        wait, attempts = (_FIRST_WAIT, _FIRST_ATTEMPTS) if first else (_WAIT, _ATTEMPTS)
        try:
            return web.patiently(partial(self._read, url, wait), attempts)
        except web.PassingError as problem:
            said = f"the server {problem}"
            raise self.failed(said, f"Start it, or correct `url:`; {_KEPT}.") from None

    def failed(
        self, what: str, fix: str, kind: type[IncompleteError] = IncompleteError
    ) -> IncompleteError:
        """Return an error that says where it was."""
        return kind(what, where=self.where, fix=fix)

    def _read(self, url: str, wait: float) -> tuple[msgspec.Raw, list[str]]:
        try:
            status, content = web.get(
                url, self.headers, wait=wait, largest=LARGEST, context=self.trusted
            )
        except web.LargeError as problem:
            raise self.failed(
                str(problem),
                "Ask for fewer days (`days:`), or leave out series at the server.",
                TooMuchError,
            ) from None
        return self._told(status, content)

    def _told(self, status: int, content: bytes) -> tuple[msgspec.Raw, list[str]]:
        """Return what an answer holds, or raise what it complains of."""
        try:
            answer = msgspec.json.decode(content, type=_Answer)
        except msgspec.MsgspecError:
            raise self._no_answer(status, content) from None
        if status == HTTPStatus.OK and answer.status == "success":
            # "PromQL info: metric might not be a counter" is about names, not about data.
            warnings = [text for text in answer.warnings if not text.startswith("PromQL info")]
            return answer.data, warnings
        said = printable(answer.error or answer.status)[:300]
        if status in (401, 403):
            raise self._denied(status)
        if (
            status in (413, 422)
            or answer.error_type == "timeout"
            or (status != 429 and any(sign in said.lower() for sign in _TOO_LARGE))
        ):
            raise self.failed(
                f"the server does not answer a question of this size ({said})",
                "Raise its limits (--query.max-samples, --query.timeout, or the tenant's).",
                TooMuchError,
            )
        if status in web.PASSING:
            raise web.PassingError(f"answers {status} ({said})")
        raise self.failed(
            f"the server answers with an error ({said})",
            f"Check `url:` and the server's log; {_KEPT}.",
        )

    def _no_answer(self, status: int, content: bytes) -> Exception:
        """Return what an answer means that is not of Prometheus's form."""
        if status in (401, 403):
            return self._denied(status)
        if status == 413:
            return self.failed(
                "a proxy does not let an answer of this size through",
                "Raise its limit, or ask for fewer days (`days:`).",
                TooMuchError,
            )
        if status in web.PASSING:
            return web.PassingError(f"answers {status}")
        if 300 <= status < 400 or web.is_page(content):
            return self.failed(
                "a web page answers, not a Prometheus API"
                + (f" (it redirects, {status})" if 300 <= status < 400 else ""),
                "Check `url:` (the part before /api/v1) and the sign-in; a login page or a "
                "proxy may be in between.",
            )
        if status == HTTPStatus.OK and content.lstrip().startswith(b'{"status"'):
            return web.PassingError("gives an answer that is cut short")
        return self.failed(
            f"what answers does not speak Prometheus's API (status {status})",
            "Check `url:`: the part before /api/v1, such as https://mimir.example/prometheus.",
        )

    def _denied(self, status: int) -> IncompleteError:
        if status == 401:
            return self.failed(
                "the server does not take our sign-in (401)",
                "Set `token:`, `token_file:`, or `username:` and `password:`.",
            )
        return self.failed(
            "the server forbids the question (403)",
            "See `quaestor permissions` for what the account must be allowed.",
            RefusedError,
        )


def partial_answer(scope: str, period: str, warnings: Iterable[str]) -> tuple[Gap, ...]:
    """Return what an answer may lack, by the server's own warnings."""
    return tuple(
        Gap(
            scope=scope,
            period=period,
            reason=f"the server warns that the answer may be partial: {printable(text)[:200]}",
            fix="See to the stores behind the server, then collect again.",
        )
        for text in sorted(warnings)
    )


def server(source: PrometheusSource, config: Config) -> Server:
    """Return a server that is not asked yet.

    Raises:
        ConfigurationError: The address, a header or a certificate cannot be used.
    """
    where = f"source {source.name}"
    return Server(
        source,
        _address(source, where),
        _trusted(source, config, where),
        _headers(source, config, where),
    )


def _address(source: PrometheusSource, where: str) -> str:
    parts = address.split(source.url)
    if parts is None or "@" in parts.netloc or parts.query or parts.fragment:
        raise ConfigurationError(
            "`url:` holds more than an address" if parts else "`url:` is no web address",
            where=where,
            fix="Write `url: https://host/path` up to where /api/v1 begins; who asks goes to "
            "`token:`, `username:` and `password:`, a tenant to `headers:`.",
        )
    path = parts.path.rstrip("/").removesuffix("/api/v1").rstrip("/")
    return urlunsplit((parts.scheme, parts.netloc, path, "", ""))


def _trusted(source: PrometheusSource, config: Config, where: str) -> ssl.SSLContext:
    def path(name: str | None) -> str | None:
        return str(config.resolve(name)) if name else None

    if source.url.startswith("http:") and not (source.ca_file or source.cert_file):
        # Nothing is signed, and to read the machine's list takes as long as a question.
        return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    try:
        context = ssl.create_default_context(cafile=path(source.ca_file))
        if source.cert_file:
            context.load_cert_chain(path(source.cert_file) or "", path(source.key_file))
    except (OSError, ssl.SSLError) as problem:
        reason = problem.strerror or "no PEM certificate and key that belong together"
        raise ConfigurationError(
            f"a certificate cannot be used ({reason})",
            where=where,
            fix="Check `ca_file:`, `cert_file:` and `key_file:`: PEM, without a pass phrase.",
        ) from None
    return context


def _headers(source: PrometheusSource, config: Config, where: str) -> dict[str, str]:
    headers = {}
    token = source.token
    if source.token_file:
        try:
            token = Path(config.resolve(source.token_file)).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError):
            raise ConfigurationError(
                "`token_file:` cannot be read",
                where=where,
                fix="Check its path and permissions.",
            ) from None
    if token:
        headers["Authorization"] = f"Bearer {token}"
    elif source.username is not None:
        pair = f"{source.username}:{source.password or ''}".encode()
        headers["Authorization"] = f"Basic {base64.b64encode(pair).decode()}"
    given = {name: value for name, value in source.headers.items() if name.lower() not in _SENT}
    for name, value in (*headers.items(), *given.items()):
        if not address.is_sendable(name + value):
            raise ConfigurationError(
                f"the header {printable(name)} cannot be sent",
                where=where,
                fix="Write plain characters on one line in `headers:` and `token:`.",
            )
    return {**given, **headers}

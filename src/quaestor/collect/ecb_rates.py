"""Land the European Central Bank's table of exchange rates, when there is a newer one."""

from __future__ import annotations

import http.client
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from datetime import datetime
from functools import partial
from pathlib import PurePosixPath
from typing import TYPE_CHECKING
from urllib.parse import urlsplit, urlunsplit

from quaestor.core import address, web
from quaestor.core.errors import ConfigurationError, IncompleteError

if TYPE_CHECKING:
    from quaestor.collect.landing import Landing
    from quaestor.core.config import Config
    from quaestor.core.landed import LandedFile
    from quaestor.core.sources import EcbRatesSource

_LARGEST = 1 << 26  # bytes; the whole history is less than two million
_BLOCK = 1 << 16
_WAIT_SECONDS = 30  # for one answer
_ATTEMPTS = 5
_FIX = (
    f"Try again later; it was tried {_ATTEMPTS} times. Where nothing leads out of the network, "
    "fetch the ECB's eurofxref-hist.csv elsewhere and name it as `rates:` instead of this source."
)
# How the manifest remembers what a server calls this content -> what it is asked with.
_CONDITIONS = {"etag": "If-None-Match", "last-modified": "If-Modified-Since"}


def collect(
    source: EcbRatesSource,
    config: Config,  # noqa: ARG001  every collector takes it
    landing: Landing,
    *,
    now: datetime,
    progress: Callable[[str], None],
) -> None:
    """Land the table, unless it is the one that is landed (see `Collector.collect`)."""
    before = _landed(landing, source)
    progress(f"{source.name}: {_shown(source)}")
    answer = _fetch(source, before.version if before else None)
    if answer is None and before is not None:
        landed = before
    else:
        content, version = answer or (b"", "")
        name = PurePosixPath(urlsplit(source.url).path).name or "rates"
        ending = ".zip" if content.startswith(b"PK") else ".csv"
        name = name if name.endswith(ending) else name + ending
        landed = landing.land_blocks([content], name, _shown(source), version)
    landing.snapshot([landed], kind="ecb-rates", schema="rates", now=now)


def doctor(source: EcbRatesSource, config: Config) -> str:  # noqa: ARG001  as every collector
    """Fetch the table and say how large and how old it is (see `Collector.doctor`)."""
    content, version = _fetch(source, None) or (b"", "")
    kind, _, said = version.partition(" ")
    changed = f", changed {said}" if kind == "last-modified" else ""
    return f"{len(content) / 1024:,.0f} KiB{changed}"


def permissions(source: EcbRatesSource) -> str:
    """Say which host must be reachable (see `Collector.permissions`)."""
    parts = urlsplit(_shown(source))
    return (
        "No permission: the table is public. The machine that runs quaestor needs to reach "
        f"{parts.hostname} by {parts.scheme.upper()}; a proxy is taken from the environment."
    )


def _shown(source: EcbRatesSource) -> str:
    """Return the address as it may be shown: what stands behind a `?` can be a signature.

    Raises:
        ConfigurationError: It is no address that is asked; the message does not repeat it.
    """
    parts = address.split(source.url)
    if parts is None or "@" in parts.netloc:
        raise ConfigurationError(
            "`url:` names a user, whom nobody asks for" if parts else "`url:` is no web address",
            where=f"source {source.name}",
            fix="Write `url: https://...`, or leave it out; a file goes to `rates:`.",
        )
    return urlunsplit((parts.scheme, parts.netloc, parts.path, "", ""))


def _landed(landing: Landing, source: EcbRatesSource) -> LandedFile | None:
    """Return the table in force, if it is of this address and still there."""
    manifest = landing.current()
    for file in manifest.files if manifest else ():
        if file.scope == _shown(source) and (landing.root / file.path).is_file():
            return file
    return None


def _fetch(source: EcbRatesSource, version: str | None) -> tuple[bytes, str] | None:
    """Return the table and what the server calls this version; None: it is still `version`."""
    _shown(source)  # or it is refused
    try:
        return web.patiently(partial(_ask, source, version), _ATTEMPTS)
    except web.PassingError as problem:
        raise _failed(source, f"the server {problem}", _FIX) from None


def _ask(source: EcbRatesSource, version: str | None) -> tuple[bytes, str] | None:
    kind, _, said = (version or "").partition(" ")
    headers = {"User-Agent": "quaestor"}
    if kind in _CONDITIONS:
        headers[_CONDITIONS[kind]] = said
    request = urllib.request.Request(source.url, headers=headers)  # noqa: S310  http(s) only, see _shown
    try:
        with urllib.request.urlopen(request, timeout=_WAIT_SECONDS) as answer:  # noqa: S310  as above
            content = b"".join(_blocks(answer, source))
            told = {name: answer.headers.get(name) for name in _CONDITIONS}
    except urllib.error.HTTPError as problem:
        problem.close()
        if problem.code == http.HTTPStatus.NOT_MODIFIED and version:
            return None
        if problem.code in web.PASSING:
            raise web.PassingError(f"answers {problem.code} {problem.reason}") from None
        raise _failed(
            source, f"the server answers {problem.code} {problem.reason}", "Correct `url:`."
        ) from None
    except (urllib.error.URLError, http.client.HTTPException, OSError) as problem:
        reason = getattr(problem, "reason", None) or problem
        raise web.PassingError(f"cannot be reached ({reason})") from None
    if not content.startswith((b"PK", b"Date", b"\xef\xbb\xbfDate")):
        raise _failed(source, "the answer is no table of exchange rates", "Correct `url:`.")
    named = next((f"{name} {value}" for name, value in told.items() if value), "unnamed")
    return content, named


def _blocks(answer: http.client.HTTPResponse, source: EcbRatesSource) -> Iterator[bytes]:
    size = 0
    while block := answer.read(_BLOCK):
        size += len(block)
        if size > _LARGEST:
            raise _failed(
                source, f"the answer is larger than {_LARGEST >> 20} MiB", "Correct `url:`."
            )
        yield block
    wanted = answer.headers.get("Content-Length")
    if wanted is not None and wanted.isdigit() and size < int(wanted):
        raise web.PassingError(f"ended its answer after {size} of {wanted} bytes")


def _failed(source: EcbRatesSource, what: str, fix: str) -> IncompleteError:
    return IncompleteError(what, where=f"{_shown(source)} (source {source.name})", fix=fix)

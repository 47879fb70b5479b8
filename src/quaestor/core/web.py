"""Ask a server by HTTP where there is no SDK: the standard library, patiently and within limits.

A redirect is not followed: it leads to a login page, and would carry our token there.
"""

from __future__ import annotations

import http.client
import logging
import ssl
import urllib.error
import urllib.request
import zlib
from collections.abc import Callable, Iterator, Mapping
from email.message import Message
from email.utils import parsedate_to_datetime
from typing import Any, TypeVar

from quaestor.core.network import network_reason

T = TypeVar("T")
PASSING = (408, 425, 429, 500, 502, 503, 504)  # statuses that may be others in a moment
_LONGEST_WAIT = 30  # seconds; who wants us to wait longer is asked by the next run
_BLOCK = 1 << 18
_GZIP = 16 + zlib.MAX_WBITS


class PassingError(Exception):
    """What may be otherwise in a moment, as a sentence whose subject is who was asked.

    Args:
        what: The sentence.
        after: Seconds after which the server wants to be asked again; None: it does not say.
    """

    def __init__(self, what: str, after: float | None = None) -> None:
        super().__init__(what)
        self.after = after


class LargeError(Exception):
    """An answer is larger than what we hold in memory, told as a sentence."""


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        """Follow none."""


def patiently(ask: Callable[[], T], attempts: int) -> T:
    """Ask, and again where that may help, after as long as the server says or a little while.

    Raises:
        PassingError: It did not help.
    """
    import stamina

    log = logging.getLogger("stamina")
    if not log.handlers:  # else it would speak between our own lines
        log.addHandler(logging.NullHandler())
    for attempt in stamina.retry_context(on=_how_long, attempts=attempts):
        with attempt:
            return ask()
    raise AssertionError("stamina returns or raises")


def _how_long(problem: Exception) -> bool | float:
    """Say whether to ask again after a problem, and in how many seconds, for stamina's `on`."""
    if not isinstance(problem, PassingError) or (problem.after or 0) > _LONGEST_WAIT:
        return False
    return True if problem.after is None else problem.after


def post(url: str, content: bytes, headers: Mapping[str, str], *, wait: float) -> int:
    """Send something once and return the status of the answer; what it says is not read.

    Args:
        url: Of a web address, see `split`.
        content: What is sent.
        headers: What it is, and who sends it.
        wait: Seconds until the server has to say something.

    Raises:
        PassingError: No answer, or one of PASSING.
    """
    sent = {**headers, "User-Agent": "quaestor"}
    request = urllib.request.Request(url, data=content, headers=sent, method="POST")  # noqa: S310 - http(s) only, see `split`
    try:
        with urllib.request.build_opener(_NoRedirect).open(request, timeout=wait) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as problem:
        with problem:
            if problem.code in PASSING:
                said = retry_after(problem.headers)
                raise PassingError(f"answers {problem.code}", said) from None
            return problem.code
    except (urllib.error.URLError, http.client.HTTPException, OSError) as problem:
        reason = network_reason(getattr(problem, "reason", None) or problem)
        raise PassingError(f"cannot be reached ({reason})") from None


def retry_after(headers: Mapping[str, str] | Message) -> float | None:
    """Return in how many seconds a server wants to be asked again; None where it does not say.

    A moment is read against the server's own clock, its `Date`.

    >>> retry_after({"Retry-After": "30"}), retry_after({}), retry_after({"Retry-After": "soon"})
    (30.0, None, None)
    >>> day = "Sat, 21 Nov 2026 06:00:{} GMT"
    >>> retry_after({"Retry-After": day.format("09"), "Date": day.format("04")})
    5.0
    """
    said = (headers.get("Retry-After") or "").strip()
    if said.isdecimal():
        return float(said[:9])
    try:
        moment = parsedate_to_datetime(said)
        seconds = (moment - parsedate_to_datetime(headers.get("Date") or "")).total_seconds()
    except (TypeError, ValueError):
        return None
    return max(seconds, 0.0)


def get(
    url: str,
    headers: Mapping[str, str],
    *,
    wait: float,
    largest: int,
    context: ssl.SSLContext | None = None,
) -> tuple[int, bytes]:
    """Return the status of an answer, whatever it is, and its content, unpacked.

    Args:
        url: Of a web address, see `split`.
        headers: Who asks, and what else this server wants to know.
        wait: Seconds until the server has to say something.
        largest: Bytes of content, unpacked.
        context: Whom to trust; None: whom the machine does.

    Raises:
        PassingError: No answer, or a part of one.
        LargeError: There are more than `largest` bytes.
    """
    sent = {**headers, "User-Agent": "quaestor", "Accept-Encoding": "gzip"}
    request = urllib.request.Request(url, headers=sent)  # noqa: S310 - http(s) only, see `split`
    opener = urllib.request.build_opener(urllib.request.HTTPSHandler(context=context), _NoRedirect)
    try:
        with opener.open(request, timeout=wait) as answer:
            return answer.status, b"".join(_blocks(answer, largest))
    except urllib.error.HTTPError as problem:
        with problem:
            return problem.code, _said(problem, largest)
    except (urllib.error.URLError, http.client.HTTPException, OSError, zlib.error) as problem:
        reason = network_reason(getattr(problem, "reason", None) or problem)
        raise PassingError(f"cannot be reached ({reason})") from None


def _said(problem: urllib.error.HTTPError, largest: int) -> bytes:
    """Return what an error says; the status counts even where its words break off."""
    try:
        return b"".join(_blocks(problem, largest))
    except (http.client.HTTPException, OSError, zlib.error):
        return b""


def _blocks(answer: Any, largest: int) -> Iterator[bytes]:
    packed = answer.headers.get("Content-Encoding", "").lower() == "gzip"
    unpacker = zlib.decompressobj(_GZIP) if packed else None
    size = 0
    while block := answer.read(_BLOCK):
        content = unpacker.decompress(block) if unpacker else block
        size += len(content)
        if size > largest:
            raise LargeError(f"the answer is larger than {largest >> 20} MiB")
        yield content
    if answer.length or (unpacker and not unpacker.eof):
        raise http.client.IncompleteRead(b"")


def is_page(content: bytes) -> bool:
    """Say whether an answer is made for people, such as a login page.

    >>> is_page(b" <html>"), is_page(b'{"a": "<b>"}')
    (True, False)
    """
    return content.lstrip()[:1] == b"<"

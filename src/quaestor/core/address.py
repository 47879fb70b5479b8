"""Read web addresses and what a header may carry, for next to nothing at start-up."""

from __future__ import annotations

from urllib.parse import SplitResult, urlsplit


def split(url: str) -> SplitResult | None:
    """Return the parts of a web address, None where it is none.

    >>> split("ftp://a"), split("http://"), split("http://a:0"), split("http://[a")
    (None, None, None, None)
    >>> split(" https://a/b ").path
    '/b'
    """
    try:
        parts = urlsplit(url.strip())
        valid = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return None
    return parts if valid else None


def is_sendable(text: str) -> bool:
    """Say whether a header can carry this: plain characters, on one line.

    >>> is_sendable("a b"), is_sendable(chr(10)), is_sendable("é")
    (True, False, False)
    """
    return text.isascii() and text.isprintable()

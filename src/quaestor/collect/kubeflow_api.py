"""Ask a REST API that pages with `nextPageToken`, such as Kubeflow's Model Registry.

Standard library only. Answers that may be otherwise in a moment are asked for again; a page for
people where JSON is expected, a refusal and an address that is wrong each get their sentence.
"""

from __future__ import annotations

import http.client
import logging
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode, urlsplit, urlunsplit

import msgspec

from quaestor.collect.network import network_reason
from quaestor.core.errors import ConfigurationError, IncompleteError

API = "/api/model_registry/v1alpha3"
PAGE = 1_000
_ATTEMPTS = 4
_WAIT_SECONDS = 30  # for one answer
_FIRST_WAIT_SECONDS = 10  # a server that is not there is known in seconds
_LARGEST = 1 << 28  # bytes of one answer
_PASSING = (408, 425, 429, 500, 502, 503, 504)


class PassingError(Exception):
    """An answer that may be otherwise in a moment."""


class RefusedError(IncompleteError):
    """We are not let in, or not to this part (401, 403)."""


class MissingError(IncompleteError):
    """The server does not know this part (404)."""


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A redirect leads to a login page, and would be handed our token."""

    def redirect_request(self, *_: object, **__: object) -> None:
        """Follow none."""
        return


@dataclass(frozen=True)
class Api:
    """One server, and how to name it in complaints.

    Args:
        url: Its address without the API's own path.
        token: A bearer token, or None.
        name: The source's name.
    """

    url: str
    token: str | None
    name: str

    def pages(self, path: str, **query: str) -> Iterator[dict[str, Any]]:
        """Yield every object of every page.

        Raises:
            IncompleteError: No answer, a refusal, or an answer of another shape.
        """
        token = ""
        seen: set[str] = set()
        while True:
            asked = {**query, "pageSize": str(PAGE), **({"nextPageToken": token} if token else {})}
            answer = self.ask(path, asked)
            items = answer.get("items")
            if not isinstance(items, list | None) or not all(map(_is_object, items or ())):
                raise self._foreign("a list of another shape")
            yield from items or ()
            token = str(answer.get("nextPageToken") or "")
            if not token:
                return
            if token in seen:
                raise self._foreign("the same page again and again")
            seen.add(token)

    def ask(
        self, path: str, query: Mapping[str, str], *, attempts: int = _ATTEMPTS
    ) -> dict[str, Any]:
        """Ask one question, again where that may help."""
        import stamina

        log = logging.getLogger("stamina")
        if not log.handlers:  # else it would speak between our own lines
            log.addHandler(logging.NullHandler())
        wait = _WAIT_SECONDS if attempts > 1 else _FIRST_WAIT_SECONDS
        try:
            for attempt in stamina.retry_context(on=PassingError, attempts=attempts):
                with attempt:
                    return self._once(path, query, wait)
        except PassingError as problem:
            raise IncompleteError(
                f"the registry cannot be reached ({problem})",
                where=self.where,
                fix="Start it, or correct `url:`; what was read before stays in force.",
            ) from None
        raise AssertionError("stamina returns or raises")

    @property
    def where(self) -> str:
        """Return the server and the source as complaints name them."""
        return f"{self.url} (source {self.name})"

    def _once(self, path: str, query: Mapping[str, str], wait: float) -> dict[str, Any]:
        headers = {"Accept": "application/json", "User-Agent": "quaestor"}
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        request = urllib.request.Request(  # noqa: S310 - http(s) only, see server()
            f"{self.url}{API}/{path}?{urlencode(query)}", headers=headers
        )
        opener = urllib.request.build_opener(_NoRedirect)
        try:
            with opener.open(request, timeout=wait) as answer:
                content = answer.read(_LARGEST + 1)
        except urllib.error.HTTPError as problem:
            problem.close()
            raise self._explained(problem.code) from None
        except (urllib.error.URLError, http.client.HTTPException, OSError) as problem:
            raise PassingError(network_reason(problem)) from None
        if len(content) > _LARGEST:
            raise self._foreign(f"more than {_LARGEST >> 20} MiB in one answer")
        try:
            return msgspec.json.decode(content, type=dict[str, Any])
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            page = content.lstrip()[:1] == b"<"
            raise self._foreign("a page, no JSON" if page else "no JSON object") from None

    def _explained(self, status: int) -> Exception:
        if status in _PASSING:
            return PassingError(f"it answers {status}")
        if status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
            return RefusedError(
                f"the registry refuses us ({status})",
                where=self.where,
                fix="Set `token: ${NAME}` to a token of an account that may read the registry.",
            )
        if status == HTTPStatus.NOT_FOUND:
            return MissingError(
                "there is no Model Registry at this address (404)",
                where=self.where,
                fix=f"Check `url:`; {API} is added to it.",
            )
        return self._foreign(f"status {status}")

    def _foreign(self, what: str) -> IncompleteError:
        return IncompleteError(
            f"what answers does not speak the Model Registry's API ({what})",
            where=self.where,
            fix="Check `url:`; a login page or another service may be in between.",
        )


def _is_object(item: Any) -> bool:
    return isinstance(item, dict)


def server(url: str, token: str | None, name: str) -> Api:
    """Return a server to ask.

    Raises:
        ConfigurationError: `url:` is no web address, or holds a password; it is not repeated.
    """
    try:
        parts = urlsplit(url.strip())
        valid = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        valid = False
    if not valid or "@" in parts.netloc:
        raise ConfigurationError(
            "`url:` names a user, whom nobody asks for" if valid else "`url:` is no web address",
            where=f"source {name}",
            fix="Write `url: https://...` and a token as `token: ${NAME}`.",
        )
    if token and not (token.isascii() and token.strip().isprintable()):
        raise ConfigurationError(
            "`token:` holds what no header can carry",
            where=f"source {name}",
            fix="Check the environment variable; a token is one line of plain characters.",
        )
    path = parts.path.rstrip("/").removesuffix(API)
    return Api(
        urlunsplit((parts.scheme, parts.netloc, path, "", "")), (token or "").strip() or None, name
    )

"""Ask the REST API of Kubeflow's Model Registry, page by page.

A page for people where JSON is expected, a refusal and an address that is wrong each get their
sentence.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode, urlunsplit

import msgspec

from quaestor.core import address, web
from quaestor.core.errors import ConfigurationError, IncompleteError

API = "/api/model_registry/v1alpha3"
PAGE = 1_000
_ATTEMPTS = 4
_WAIT_SECONDS = 30  # for one answer
_FIRST_WAIT_SECONDS = 10  # a server that is not there is known in seconds
_LARGEST = 1 << 28  # bytes of one answer


class RefusedError(IncompleteError):
    """We are not let in, or not to this part (401, 403)."""


class MissingError(IncompleteError):
    """The server does not know this part (404)."""


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
        wait = _WAIT_SECONDS if attempts > 1 else _FIRST_WAIT_SECONDS
        try:
            return web.patiently(partial(self._once, path, query, wait), attempts)
        except web.PassingError as problem:
            raise IncompleteError(
                f"the registry {problem}",
                where=self.where,
                fix="Start it, or correct `url:`; what was read before stays in force.",
            ) from None

    @property
    def where(self) -> str:
        """Return the server and the source as complaints name them."""
        return f"{self.url} (source {self.name})"

    def _once(self, path: str, query: Mapping[str, str], wait: float) -> dict[str, Any]:
        headers = {"Accept": "application/json"}
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        url = f"{self.url}{API}/{path}?{urlencode(query)}"
        try:
            status, content = web.get(url, headers, wait=wait, largest=_LARGEST)
        except web.LargeError as problem:
            raise self._foreign(str(problem)) from None
        if status != HTTPStatus.OK:
            raise self._explained(status)
        try:
            return msgspec.json.decode(content, type=dict[str, Any])
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            page = web.is_page(content)
            raise self._foreign("a page, no JSON" if page else "no JSON object") from None

    def _explained(self, status: int) -> Exception:
        if status in web.PASSING:
            return web.PassingError(f"answers {status}")
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
    parts = address.split(url)
    if parts is None or "@" in parts.netloc:
        raise ConfigurationError(
            "`url:` names a user, whom nobody asks for" if parts else "`url:` is no web address",
            where=f"source {name}",
            fix="Write `url: https://...` and a token as `token: ${NAME}`.",
        )
    if token and not address.is_sendable(token.strip()):
        raise ConfigurationError(
            "`token:` holds what no header can carry",
            where=f"source {name}",
            fix="Check the environment variable; a token is one line of plain characters.",
        )
    path = parts.path.rstrip("/").removesuffix(API)
    return Api(
        urlunsplit((parts.scheme, parts.netloc, path, "", "")), (token or "").strip() or None, name
    )

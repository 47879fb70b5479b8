"""Ask Google's REST APIs page by page: Vertex AI, Cloud Monitoring, and who may do what.

google-auth's session is all it takes. The SDK of Vertex AI (google-cloud-aiplatform) is 150 MB,
and a file of it is imported at every start of Python.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from quaestor.collect import gcp
from quaestor.core.errors import IncompleteError

if TYPE_CHECKING:
    from quaestor.core.sources import VertexSource

T = TypeVar("T")
_TRIES = 6
_LONGEST_WAIT = 120.0  # seconds; what Retry-After asks beyond it is not waited for
_TIMEOUT = (10.0, gcp.WAIT)  # seconds to connect, and for an answer
_PAGE = {"pageSize": "100"}


@dataclass(frozen=True)
class Google:
    """A session that is signed in, and the source that it asks for."""

    source: VertexSource
    session: Any

    @property
    def place(self) -> str:
        """Return what is asked, as people write it."""
        return f"Vertex AI of the project {self.source.project}"

    def address(self, service: str, path: str) -> str:
        """Return where a path of a service is; `endpoint:` stands for every service."""
        host = (self.source.endpoint or f"https://{service}.googleapis.com").rstrip("/")
        return f"{host}/{path}"

    def vertex(self, location: str, what: str) -> str:
        """Return the address of something of Vertex AI in a location."""
        service = "aiplatform" if location == "global" else f"{location}-aiplatform"
        within = f"projects/{self.source.project}/locations/{location}"
        return self.address(service, f"v1/{within}/{what}")

    def items(self, address: str, key: str, **query: Any) -> Iterator[dict[str, Any]]:
        """Yield what a list holds under a key, from every page.

        Raises:
            QuaestorError: A refusal, no answer, or one that is not Google's.
        """
        token: str | None = None
        while True:
            more = {"pageToken": token} if token else {}
            page = self.ask("GET", address, params={**_PAGE, **query, **more})
            found = page.get(key) or []
            if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
                raise self._no_answer()
            yield from found
            following = page.get("nextPageToken")
            if following and following == token:
                raise self._no_answer()
            token = following
            if not token:
                return

    def taken(self, take: Callable[[Any], T], told: object) -> T:
        """Take from an object what is landed of it.

        Raises:
            IncompleteError: It has another shape than Google's.
        """
        try:
            return take(told)
        except (AttributeError, KeyError, TypeError, ValueError):
            raise self._no_answer() from None

    def ask(self, method: str, address: str, **given: Any) -> dict[str, Any]:
        """Ask one question and return the answer, a JSON object.

        Raises:
            QuaestorError: A refusal, no answer, or one that is not Google's.
        """
        with gcp.explained(self.source, self.place):
            return self.answer(method, address, **given)

    def answer(self, method: str, address: str, **given: Any) -> dict[str, Any]:
        """Ask as `ask` does; what goes wrong is raised as the SDKs raise it."""
        from google.api_core import exceptions

        known: Any = exceptions  # has no annotations
        reply = self.session.request(method, address, timeout=_TIMEOUT, **given)
        try:
            answer = reply.json()
        except ValueError:
            answer = None
        if reply.status_code >= 400 and isinstance(answer, dict):
            raise known.from_http_response(reply)
        if reply.status_code >= 400:
            raise known.from_http_status(reply.status_code, "a page, no JSON")
        if not isinstance(answer, dict):
            raise self._no_answer()
        return answer

    def _no_answer(self) -> IncompleteError:
        return IncompleteError(
            "what answers does not speak Google's API",
            where=f"{self.place} (source {self.source.name})",
            fix="Check `endpoint:`; a login page or a proxy may be in between.",
        )


@contextmanager
def opened(source: VertexSource) -> Iterator[Google]:
    """Sign in; what Google cannot answer now is asked again, as long as it says.

    Raises:
        QuaestorError: google-auth is not installed, or there is no sign-in.
    """
    found = gcp.credentials(source)
    try:
        from google.auth.transport.requests import AuthorizedSession
        from requests.adapters import HTTPAdapter
    except ImportError:
        raise gcp.not_installed(source) from None
    session: Any = AuthorizedSession(found)  # type: ignore[no-untyped-call] # has no annotations
    adapter = HTTPAdapter(max_retries=_patience(), pool_maxsize=gcp.THREADS)
    for scheme in ("https://", "http://"):
        session.mount(scheme, adapter)
    try:
        yield Google(source, session)
    finally:
        session.close()


def _patience() -> Any:
    from urllib3 import Retry

    class Patience(Retry):
        """Waits what Retry-After says, as far as that is bearable."""

        def get_retry_after(self, response: Any) -> float | None:
            """Return how long to wait, in seconds."""
            wait = super().get_retry_after(response)
            return None if wait is None else min(wait, _LONGEST_WAIT)

    return Patience(
        total=_TRIES,
        connect=1,  # an address where nobody listens is to be known soon
        read=2,
        status_forcelist=(429, 500, 502, 503, 504),
        allowed_methods=None,  # our POST changes nothing
        backoff_factor=1,
        raise_on_status=False,
    )

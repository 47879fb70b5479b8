"""Talk to Google Cloud: credentials, patience, and a sentence for every way it can fail."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

from quaestor.core.errors import ConfigurationError, IncompleteError, QuaestorError
from quaestor.core.network import network_reason
from quaestor.core.text import printable

if TYPE_CHECKING:
    from quaestor.core.sources import GcpBillingSource, GcpExportSource, VertexSource

    GcpSource = GcpExportSource | GcpBillingSource | VertexSource

T = TypeVar("T")
THREADS = 4
PATIENCE = 180.0  # seconds of throttling or faults, with growing pauses, until we give up
WAIT = 60.0  # seconds for one answer
_FIRST_CONTACT = 5.0  # seconds until somebody listens
_SCOPE = "https://www.googleapis.com/auth/cloud-platform"
_KEPT = "what was landed before stays in force"
_SLOW = ("rateLimitExceeded", "quotaExceeded", "jobRateLimitExceeded", "userRateLimitExceeded")


def credentials(source: GcpSource) -> Any:
    """Return who we are to Google Cloud; nobody at an `endpoint:` that begins with http://.

    Raises:
        QuaestorError: The SDK is not installed, or there is no sign-in.
    """
    if source.endpoint and not source.endpoint.startswith(("http://", "https://")):
        raise ConfigurationError(
            "`endpoint:` is no http:// or https:// address",
            where=f"source {source.name}",
            fix="Correct it, or leave it out: the SDK knows Google Cloud's own.",
        )
    try:
        import google.auth
        from google.auth.credentials import AnonymousCredentials
    except ImportError:
        raise not_installed(source) from None
    if source.endpoint and source.endpoint.startswith("http://"):
        return AnonymousCredentials()  # type: ignore[no-untyped-call]  # has no annotations
    with explained(source, "Google Cloud"):
        found, _ = google.auth.default(scopes=[_SCOPE])
    return found


def not_installed(source: GcpSource) -> QuaestorError:
    """Return the error that Google Cloud's SDKs are not there."""
    return ConfigurationError(
        "Google Cloud's client libraries are not installed",
        where=f"source {source.name}",
        fix="pip install 'quaestor[gcp]'",
    )


def first_question() -> dict[str, Any]:
    """Return the patience for a first question, as arguments of a call.

    A place where nobody listens is known within seconds; one that asks to slow down, or that is
    not well, is waited for like any other.
    """
    from google.api_core.retry import Retry

    return {
        "retry": Retry(predicate=_passing(), maximum=20, timeout=PATIENCE),
        "timeout": (_FIRST_CONTACT, WAIT),
    }


def _passing() -> Callable[[BaseException], bool]:
    """Return what says whether to ask again; where nobody listens, once more."""
    from google.api_core.exceptions import ServerError, TooManyRequests
    from requests.exceptions import ConnectionError as NoConnectionError

    left = 1

    def passes(problem: BaseException) -> bool:
        nonlocal left
        if isinstance(problem, NoConnectionError) or "failed to connect" in str(problem):
            left -= 1
            return left >= 0
        slow = reason_of(problem) in _SLOW
        return slow or isinstance(problem, ServerError | TooManyRequests)

    return passes


def in_threads(
    items: Sequence[T],
    work: Callable[[T], Any],
    progress: Callable[[str], None],
    name: Callable[[T], str],
) -> list[Any]:
    """Do the same to every item, some at once; the first fault ends it when its turn is done.

    Args:
        items: What is worked on.
        work: What is done to each; called in several threads.
        progress: Is told of each that is done; called in this thread.
        name: What progress says of an item.

    Returns:
        The results, in the order in which they came.
    """
    done: list[Any] = []
    with ThreadPoolExecutor(THREADS) as pool:
        pending = {pool.submit(work, item): item for item in items}
        try:
            for future in as_completed(pending):
                done.append(future.result())
                progress(f"{name(pending[future])} ({len(done):d} of {len(items):d})")
        finally:
            for future in pending:
                future.cancel()
    return done


@contextmanager
def explained(source: GcpSource, place: str) -> Iterator[None]:
    """Turn what the SDKs raise inside into an error with its remedy; nothing secret is in it."""
    from google.api_core.exceptions import GoogleAPIError
    from google.auth.exceptions import GoogleAuthError
    from requests.exceptions import RequestException

    where = f"{place} (source {source.name})"
    try:
        yield
    except GoogleAPIError as problem:
        raise _refusal(problem, source, where) from None
    except GoogleAuthError as problem:
        raise _sign_in(problem, where) from None
    except RequestException as problem:
        raise _unreached(problem, where) from None


def reason_of(problem: Any) -> str:
    """Return what Google calls the reason, a word; empty where it gives none."""
    for error in getattr(problem, "errors", None) or ():
        if isinstance(error, dict) and error.get("reason"):
            return str(error["reason"])
    return ""


def _told(problem: Any) -> str:
    """Return the service's own sentence, without the address that was asked."""
    for error in getattr(problem, "errors", None) or ():
        if isinstance(error, dict) and error.get("message"):
            return printable(str(error["message"]))[:300]
    text = str(getattr(problem, "message", "") or "")
    return printable(text.split("?", 1)[-1].partition(": ")[2] or text)[:300]


def _refusal(problem: Any, source: Any, where: str) -> QuaestorError:
    """Explain an answer that is an error, or that none came in time."""
    from google.api_core import exceptions as known

    if isinstance(problem, known.RetryError):
        return _given_up(problem.cause, where)
    what, fix = (
        f"Google Cloud answers with an error ({_told(problem)})",
        f"Run again later; {_KEPT}.",
    )
    if isinstance(problem, known.Unauthorized):
        what = "Google Cloud does not accept the sign-in, or it has expired (401)"
        fix = f"Sign in again (`gcloud auth application-default login`); {_KEPT}."
    elif isinstance(problem, known.Forbidden) and reason_of(problem) not in _SLOW:
        what = f"Google Cloud denies it ({_told(problem)})"
        fix = f"Grant what `quaestor permissions {source.name}` prints to the account that asks."
    elif isinstance(problem, known.NotFound):
        what = f"there is nothing at this place ({_told(problem)})"
        fix = (
            "Correct `table:`, `bucket:`, `project:` or `locations:`; a dataset elsewhere needs "
            "`location:`."
        )
    elif reason_of(problem) == "bytesBilledLimitExceeded":
        what = f"the query would bill more than `max_bytes` ({_told(problem)})"
        fix = "Raise `max_bytes:` (no query bills less than 10,485,760), or set `since:`."
    elif isinstance(problem, known.TooManyRequests) or reason_of(problem) in _SLOW:
        return _slow_down(where, problem)
    elif isinstance(problem, known.ServiceUnavailable | known.DeadlineExceeded):
        return _given_up(problem, where)
    elif isinstance(problem, known.BadRequest):
        fix = "Check `table:`, `location:` and `project:`; " + _KEPT + "."
    return IncompleteError(what, where=where, fix=fix)


def _slow_down(where: str, problem: Any) -> QuaestorError:
    told = reason_of(problem) or getattr(problem, "code", None) or type(problem).__name__
    return IncompleteError(
        f"Google Cloud asks us to slow down, even after {PATIENCE:.0f} s ({told})",
        where=where,
        fix="Run again later; what was fetched is kept and not fetched again.",
    )


def _given_up(cause: Any, where: str) -> QuaestorError:
    """Explain what was wrong until our patience ended."""
    from google.api_core import exceptions as known

    if isinstance(cause, known.TooManyRequests) or reason_of(cause) in _SLOW:
        return _slow_down(where, cause)
    if isinstance(cause, known.ServerError) and "connect" not in str(cause):
        return IncompleteError(
            f"Google Cloud answers with server errors ({int(cause.code or 500)})",
            where=where,
            fix="Run again later; what was fetched is kept and not fetched again.",
        )
    return _unreached(cause, where)


def _sign_in(problem: Any, where: str) -> QuaestorError:
    from google.auth import exceptions

    if isinstance(problem, exceptions.TransportError):
        return _unreached(problem, where)
    if isinstance(problem, exceptions.RefreshError | exceptions.InvalidOperation):
        what = "Google Cloud does not accept the sign-in, or it has expired (401)"
        fix = f"Sign in again (`gcloud auth application-default login`); {_KEPT}."
    else:
        what = "there is no Google Cloud sign-in"
        fix = (
            "Run `gcloud auth application-default login`, set GOOGLE_APPLICATION_CREDENTIALS, or "
            "give the machine a service account."
        )
    return IncompleteError(what, where=where, fix=fix)


def _unreached(problem: Any, where: str) -> QuaestorError:
    return IncompleteError(
        f"Google Cloud cannot be reached ({network_reason(problem)})",
        where=where,
        fix="Check the network and `endpoint:`; what was fetched is kept.",
    )

"""Talk to Azure: identities, patience, and a sentence for every way it can fail."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from quaestor.core.errors import ConfigurationError, IncompleteError, QuaestorError
from quaestor.core.network import network_reason

if TYPE_CHECKING:
    from azure.core.credentials import TokenCredential
    from azure.core.pipeline.policies import RetryPolicy

    from quaestor.core.sources import AzureCostSource, AzureExportSource, AzureMlSource

THREADS = 6
TRIES = 8
LONGEST_WAIT = 900.0  # seconds; a quota of an hour is not waited for
_EXTRA = "pip install 'quaestor[azure]'"
_KEPT = "what was landed before stays in force"


def credential(name: str) -> TokenCredential:
    """Return Azure's own chain of identities: variables, workload, machine, `az login`.

    Raises:
        ConfigurationError: azure-identity is not installed.
    """
    try:
        from azure.identity import DefaultAzureCredential
    except ImportError:
        raise not_installed("azure-identity", name) from None
    log = logging.getLogger("azure")
    if not log.handlers:  # its warnings repeat at length what our errors say
        log.addHandler(logging.NullHandler())
    return DefaultAzureCredential()


def not_installed(package: str, name: str) -> ConfigurationError:
    """Say which extra holds a package."""
    return ConfigurationError(f"{package} is not installed", where=f"source {name}", fix=_EXTRA)


def patience(progress: Callable[[str], None]) -> RetryPolicy[Any, Any]:
    """Return azure-core's retries, which wait as long as Cost Management says.

    Its headers `x-ms-ratelimit-microsoft.costmanagement-<what>-retry-after` are no standard, and
    the SDK does not look at them. Our POSTs change nothing, so that they are tried again too.
    """
    from azure.core.pipeline.policies import RetryPolicy

    class Patience(RetryPolicy[Any, Any]):
        """Waits what any of the headers says, if that is bearable."""

        def get_retry_after(self, response: Any) -> float | None:
            """Return how long to wait, in seconds."""
            wait = asked_to_wait(response.http_response.headers)
            if wait and response.http_response.status_code == 429:
                progress(f"Azure asks us to wait {wait:,.0f} s")
            return wait

        def is_retry(self, settings: dict[str, Any], response: Any) -> bool:
            """Say whether to ask again."""
            if (asked_to_wait(response.http_response.headers) or 0) > LONGEST_WAIT:
                return False
            if response.http_response.status_code in (401, 403):
                return False
            if response.http_response.status_code == 429:
                return bool(settings["total"])
            return bool(super().is_retry(settings, response))

    policy = Patience(retry_total=TRIES, retry_status=TRIES, retry_connect=2)
    policy._method_whitelist = policy._method_whitelist | {"POST"}
    return policy


def patience_with_blobs() -> Any:
    """Return Blob storage's retries, which wait as long as it says."""
    from azure.core.exceptions import ClientAuthenticationError
    from azure.storage.blob import ExponentialRetry

    class Patience(ExponentialRetry):
        """Waits what Retry-After says, or a little longer each time."""

        def get_backoff_time(self, settings: dict[str, Any]) -> float:
            """Return how long to wait, in seconds."""
            reply = settings["history"][-1].http_response if settings["history"] else None
            told = asked_to_wait(reply.headers) if reply else None
            if told is not None:
                return min(told, LONGEST_WAIT)
            return float(super().get_backoff_time(settings))

        def increment(self, settings: dict[str, Any], *args: Any, **options: Any) -> bool:
            """Say whether to ask again; who is not signed in need not."""
            if isinstance(options.get("error"), ClientAuthenticationError):
                return False
            return bool(super().increment(settings, *args, **options))

    return Patience(
        initial_backoff=1,
        increment_base=2,
        random_jitter_range=1,
        retry_total=TRIES,
        retry_status=TRIES,
        retry_connect=2,
    )


def asked_to_wait(headers: Any) -> float | None:
    """Return the longest wait that an answer's headers ask for, in seconds.

    >>> ours = "x-ms-ratelimit-microsoft.costmanagement-qpu-retry-after"
    >>> asked_to_wait({"Retry-After": "5", ours: "20"})
    20.0
    """
    waits = [
        float(value)
        for name, value in headers.items()
        if name.lower().endswith("retry-after") and re.fullmatch(r"\d+(\.\d+)?", str(value).strip())
    ]
    return max(waits, default=None)


@contextmanager
def explained(
    source: AzureCostSource | AzureExportSource | AzureMlSource, place: str, missing: str
) -> Iterator[None]:
    """Turn what azure-core raises inside into an error with its remedy; nothing secret is in it.

    Args:
        source: Who asks.
        place: What is asked, as it may be shown.
        missing: What to correct where Azure finds nothing.
    """
    from azure.core.exceptions import AzureError, HttpResponseError

    where = f"{place} (source {source.name})"
    try:
        yield
    except HttpResponseError as problem:
        raise _refusal(problem, source.name, where, missing) from None
    except AzureError as problem:
        raise IncompleteError(
            f"Azure cannot be reached ({network_reason(problem)})",
            where=where,
            fix=f"Check the network and the address, {missing}; {_KEPT}.",
        ) from None


def _refusal(problem: Any, name: str, where: str, missing: str) -> QuaestorError:
    """Explain an answer of Azure that is an error, or a sign-in that failed."""
    from azure.core.exceptions import DecodeError

    status, code = problem.status_code, code_of(problem)
    told = f"{status}, {code}" if code else str(status)
    if isinstance(problem, DecodeError):  # of which a download that breaks off is a kind
        what, fix = "Azure's answer breaks off or cannot be read", f"Collect again; {_KEPT}."
    elif problem.response is None:
        what, fix = _sign_in(problem)
    elif status == 401 or code in ("AuthenticationFailed", "InvalidAuthenticationInfo"):
        what = f"Azure does not accept our sign-in, or no longer ({told})"
        fix = f"Sign in again (`az login`), or renew the key or secret; {_KEPT}."
    elif status == 403:
        what = f"Azure denies us access ({told})"
        fix = f"Grant what `quaestor permissions {name}` prints; a new grant takes some minutes."
    elif status == 404:
        what, fix = f"Azure finds nothing here ({told})", f"Correct {missing}."
    elif status == 412:
        what, fix = "a file was written anew while it was read", f"Collect again; {_KEPT}."
    elif status in (400, 422):
        what, fix = f"Azure cannot answer this ({told})", f"Correct {missing}."
    elif status in (429, 503):
        wait = asked_to_wait(problem.response.headers)
        what = f"Azure asks us to slow down, even after many tries ({told})"
        if wait and wait > LONGEST_WAIT:
            what = f"Azure asks us to wait {wait:,.0f} s, which is too long ({told})"
        fix = "Run again later; what was fetched is kept and not fetched again."
    else:
        what, fix = f"Azure answers with an error ({told})", f"Run again later; {_KEPT}."
    return IncompleteError(what, where=where, fix=fix)


def _sign_in(problem: Any) -> tuple[str, str]:
    """Explain that no identity could be had; Microsoft's long text is not repeated."""
    number = re.search(r"AADSTS\d+", str(problem))
    if number:
        return (
            f"Microsoft Entra refuses the sign-in ({number[0]})",
            "Check AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET, or run `az login`.",
        )
    fix = (
        "Run `az login`, set AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET, or give "
        "the machine a managed identity."
    )
    return "there is no Azure sign-in", fix


def no_answer_of(service: str, where: str) -> IncompleteError:
    """Say that what answers is something else."""
    return IncompleteError(
        f"what answers does not speak the API of {service}",
        where=where,
        fix="Check `endpoint:`; a login page or a proxy may be in between.",
    )


def code_of(problem: Any) -> str:
    """Return what Azure calls the reason, a word; empty where it gives none."""
    told = getattr(problem, "error_code", None)
    if told is None and getattr(problem, "error", None) is not None:
        told = getattr(problem.error, "code", None)
    if told is None and problem.response is not None:
        told = problem.response.headers.get("x-ms-error-code")
    return word(told)


def word(told: object) -> str:
    """Return a reason that is one word, which cannot hold a secret; empty where it is not.

    >>> word("BadRequest"), word("see https://acme?sig=s3cret"), word(429)
    ('BadRequest', '', '')
    """
    text = str(getattr(told, "value", told) or "")
    return text if re.fullmatch(r"[A-Za-z0-9_.]{1,80}", text) and not text.isdigit() else ""

"""Talk to AWS: sessions, assumed roles, retries, and a sentence for every way it can fail."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING, Any

from quaestor import __version__
from quaestor.core.errors import ConfigurationError, IncompleteError, QuaestorError
from quaestor.core.network import network_reason
from quaestor.core.text import printable

if TYPE_CHECKING:
    from quaestor.core.sources.aws import AwsAccess

THREADS = 8
PATIENT = 20  # tries; with botocore's backoff (20 s at most) they outlast minutes of throttling
HASTY = 3  # who is not there at all is to be known in seconds
_EXPIRED = ("ExpiredToken", "ExpiredTokenException", "RequestExpired", "TokenRefreshRequired")
_WRONG = (
    *("InvalidAccessKeyId", "SignatureDoesNotMatch", "InvalidToken", "InvalidClientTokenId"),
    *("UnrecognizedClientException", "AuthFailure", "InvalidSignatureException"),
    *("IncompleteSignature", "MissingAuthenticationToken"),
)
DENIED = (
    *("AccessDenied", "AccessDeniedException", "AllAccessDisabled", "403", "Forbidden"),
    "UnauthorizedOperation",  # EC2's word
)
_ELSEWHERE = (
    *("PermanentRedirect", "AuthorizationHeaderMalformed", "IllegalLocationConstraintException"),
    *("301", "TemporaryRedirect", "BucketRegionError"),
)
_THROTTLED = (
    *("SlowDown", "Throttling", "ThrottlingException", "ThrottledException"),
    *("TooManyRequestsException", "RequestLimitExceeded", "LimitExceededException"),
    *("RequestThrottled", "ServiceUnavailable", "503", "429"),
)
_GONE = ("NoSuchBucket", "404")


def client(
    source: AwsAccess,
    service: str,
    region: str | None = None,
    *,
    tries: int = HASTY,
    mode: str = "standard",
) -> Any:
    """Return a boto3 client for a source; its role is assumed where it names one.

    Args:
        source: Whose profile, region, role and endpoint are used.
        service: As boto3 calls it.
        region: Where the service is at home, for those that have one place only.
        tries: How often a question is asked, where the user's environment does not say.
        mode: botocore's way to try again; `adaptive` also slows down once AWS has asked for it.

    Raises:
        QuaestorError: boto3 is not installed, or the profile, the role or a region is wrong.
    """
    with explained(source, service):
        import boto3

        session = boto3.Session(
            profile_name=source.profile, region_name=source.region, botocore_session=_session()
        )
        if source.role_arn:
            session = _assumed(session, source)
        return session.client(
            service,
            region_name=source.region or region or session.region_name or "us-east-1",
            endpoint_url=source.endpoint_url,
            config=_settings(tries, mode),
        )


def _session() -> Any:
    """Return a new session of botocore; what it reads of its services' models is read once."""
    from botocore.session import Session

    session = Session()
    session.register_component("data_loader", _models())
    return session


@cache
def _models() -> Any:
    from botocore.loaders import create_loader

    return create_loader()  # SageMaker's alone takes half a second


def _settings(tries: int, mode: str) -> Any:
    """Return how botocore is to ask; how often is the user's to say, as for every program."""
    from botocore.config import Config

    users = "AWS_MAX_ATTEMPTS" in os.environ or "AWS_RETRY_MODE" in os.environ
    retries = {"mode": mode, "total_max_attempts": tries}
    options: dict[str, Any] = {} if users else {"retries": retries}
    return Config(
        connect_timeout=10,
        max_pool_connections=THREADS + 2,
        user_agent_extra=f"quaestor/{__version__}",
        **options,
    )


def patient(
    source: AwsAccess,
    service: str,
    place: str,
    ask: Callable[[Any], Any],
    region: str | None = None,
    *,
    mode: str = "standard",
) -> Any:
    """Return a client that bears with throttling, once AWS has answered `ask` at all.

    Raises:
        QuaestorError: Nobody answers at `place`.
    """
    with explained(source, place):
        from botocore.exceptions import ClientError

        # A refusal is an answer too; it is explained when we ask in earnest.
        with suppress(ClientError):
            ask(client(source, service, region))
    return client(source, service, region, tries=PATIENT, mode=mode)


def _assumed(session: Any, source: AwsAccess) -> Any:
    """Return a session of the source's role; its credentials are renewed while they are used."""
    import boto3
    from botocore.credentials import AssumeRoleCredentialFetcher, DeferredRefreshableCredentials
    from botocore.exceptions import NoCredentialsError

    base = session._session
    credentials = base.get_credentials()
    if credentials is None:
        raise NoCredentialsError
    extra = {"RoleSessionName": "quaestor"}
    if source.external_id:
        extra["ExternalId"] = source.external_id
    fetcher = AssumeRoleCredentialFetcher(
        client_creator=base.create_client,
        source_credentials=credentials,
        role_arn=source.role_arn,
        extra_args=extra,
    )
    renewed = _session()
    renewed._credentials = DeferredRefreshableCredentials(
        method="assume-role", refresh_using=fetcher.fetch_credentials
    )
    return boto3.Session(botocore_session=renewed, region_name=session.region_name)


def partition(region: str | None) -> str:
    """Return the part of AWS that a region is in, as ARNs name it.

    >>> partition("eu-west-1"), partition("cn-north-1"), partition("us-gov-east-1")
    ('aws', 'aws-cn', 'aws-us-gov')
    """
    for prefix in ("cn", "us-gov"):
        if (region or "").startswith(f"{prefix}-"):
            return f"aws-{prefix}"
    return "aws"


def moment(value: datetime) -> datetime:
    """Return an instant of AWS as ours: UTC, without zone."""
    return value.astimezone(UTC).replace(tzinfo=None)


@contextmanager
def explained(source: AwsAccess, place: str) -> Iterator[None]:
    """Turn what botocore raises inside into an error with its remedy; nothing secret is in it.

    Raises:
        QuaestorError: That; or botocore, and boto3 with it, is not installed.
    """
    try:
        from botocore.exceptions import BotoCoreError, ClientError
    except ImportError:
        raise ConfigurationError(
            "boto3 is not installed",
            where=f"source {source.name}",
            fix="pip install 'quaestor[aws]'",
        ) from None
    where = f"{place} (source {source.name})"
    try:
        yield
    except ClientError as problem:
        raise _refusal(problem, source, where) from None
    except BotoCoreError as problem:
        raise _fault(problem, source, where) from None
    except ValueError:
        # So botocore calls an address that is none; its words repeat it.
        raise ConfigurationError(
            "`endpoint_url:` is no http:// or https:// address, or `region:` no region",
            where=where,
            fix="Correct it, or leave it out: boto3 knows AWS's own.",
        ) from None


def code_of(problem: Any) -> str:
    """Return what a ClientError calls its reason."""
    return str(problem.response.get("Error", {}).get("Code", ""))


def _refusal(problem: Any, source: AwsAccess, where: str) -> QuaestorError:
    """Explain an answer of AWS that is an error."""
    code = code_of(problem)
    operation = problem.operation_name
    if code in _EXPIRED:
        what = "the AWS credentials have expired"
        fix = "Sign in again (`aws sso login`, or a new session token); what is landed is kept."
    elif code in _WRONG:
        what = f"AWS does not know these credentials ({code})"
        fix = "Check AWS_PROFILE, AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or `profile:`."
    elif code in DENIED:
        what = f"AWS denies {operation}"
        fix = f"Grant what `quaestor permissions {source.name}` prints" + (
            f" to {source.role_arn}, and let us assume it" if source.role_arn else ""
        )
        fix += (
            "; an encrypted bucket's key must allow kms:Decrypt" * (operation == "GetObject") + "."
        )
    elif code in _ELSEWHERE:
        region = _region_told(problem)
        what = f"the bucket is in another region{f', {region}' if region else ''}"
        fix = f"Set `region: {region or 'the bucket has'}` on the source."
    elif code in _GONE:
        what = "there is no such bucket" if code == "NoSuchBucket" else "AWS finds nothing here"
        fix = "Correct `bucket:`, or `profile:` and `role_arn:` if it is another account's."
    elif code in _THROTTLED:
        what = f"AWS asks us to slow down, even after many tries ({code})"
        fix = "Run again later; what was fetched is kept and not fetched again."
    else:
        reason = printable(str(problem.response.get("Error", {}).get("Message", "")))[:200]
        what = f"AWS answers {operation} with {code or 'an error'}{f' ({reason})' * bool(reason)}"
        fix = "Run again later; what was landed before stays in force."
    return IncompleteError(what, where=where, fix=fix)


def _region_told(problem: Any) -> str | None:
    """Return the region that a redirect names."""
    headers = problem.response.get("ResponseMetadata", {}).get("HTTPHeaders", {})
    told = headers.get("x-amz-bucket-region") or problem.response.get("Error", {}).get("Region")
    return printable(str(told)) if told else None


def _fault(problem: Any, source: AwsAccess, where: str) -> QuaestorError:
    """Explain why AWS was not reached, or not even asked."""
    from botocore import exceptions

    if isinstance(problem, exceptions.ProfileNotFound):
        return ConfigurationError(
            f"there is no AWS profile '{source.profile or os.environ.get('AWS_PROFILE', '')}'",
            where=where,
            fix="Correct `profile:` or AWS_PROFILE; `aws configure list-profiles` lists them.",
        )
    if isinstance(
        problem,
        exceptions.NoCredentialsError
        | exceptions.PartialCredentialsError
        | exceptions.CredentialRetrievalError,
    ):
        return IncompleteError(
            "there are no AWS credentials",
            where=where,
            fix="Set AWS_PROFILE or `profile:`, or give the machine a role.",
        )
    if isinstance(problem, exceptions.SSOError | exceptions.TokenRetrievalError):
        return IncompleteError(
            "the AWS sign-in has expired", where=where, fix="Run `aws sso login`, then again."
        )
    network = exceptions.HTTPClientError, exceptions.ConnectionError, exceptions.IncompleteReadError
    if isinstance(problem, network):
        return IncompleteError(
            f"AWS cannot be reached ({network_reason(problem)})",
            where=where,
            fix="Check the network, `region:` and `endpoint_url:`; what was fetched is kept.",
        )
    wrong = isinstance(problem, exceptions.ParamValidationError)  # others may name an address
    reason = printable(str(problem))[:200] if wrong else type(problem).__name__
    return IncompleteError(
        f"AWS cannot be asked ({reason})",
        where=where,
        fix="Check `profile:`, `region:` and `endpoint_url:`.",
    )

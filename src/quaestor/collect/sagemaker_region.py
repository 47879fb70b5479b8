"""One region of a SageMaker source: what is asked there, what is held, what could not be read."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TypeVar

from quaestor.collect import aws
from quaestor.collect.objects import landed_objects
from quaestor.core.errors import IncompleteError, QuaestorError
from quaestor.core.landed import Gap

if TYPE_CHECKING:
    from quaestor.collect.landing import Landing
    from quaestor.core.landed import LandedFile
    from quaestor.core.sources.aws import SageMakerSource

CLOSED = "closed"  # the version of what can change no more
_GONE = ("ValidationException", "ResourceNotFound", "ResourceNotFoundException")
_LONGEST = 500  # characters of a reason; what a job printed before it died is the user's own
T = TypeVar("T")
R = TypeVar("R")
Object = dict[str, Any]


@dataclass
class Region:
    """Where one look asks, and what came of it.

    Args:
        source: The source, with this region alone.
        landing: Its landing folder.
        held: The files in force before this look, by scope.
        known: What need not be fetched again (see `Landing.known`).
        now: The clock.
        progress: Takes what is being done now.
        types: The instance types that were met.
        problems: What could not be read.
    """

    source: SageMakerSource
    landing: Landing
    held: Mapping[str, LandedFile]
    known: Mapping[tuple[str, str], LandedFile]
    now: datetime
    progress: Callable[[str], None]
    types: set[str] = field(default_factory=set)
    problems: list[tuple[Gap, QuaestorError]] = field(default_factory=list)
    read: int = 0  # parts that could be read
    tags_denied: bool = False
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def name(self) -> str:
        """Return the region's name."""
        return str(self.source.region)

    def where(self, service: str) -> str:
        """Return the place as an error names it."""
        return f"{service} in {self.name}"

    def missed(self, scope: str, problem: QuaestorError, period: str | None = None) -> None:
        """Take down that a part could not be read; what was landed of it stays in force."""
        gap = Gap(scope=f"{self.name}/{scope}", reason=problem.what, period=period, fix=problem.fix)
        self.problems.append((gap, problem))

    def objects(self, file: LandedFile | None) -> list[Object]:
        """Return what a landed file holds; nothing where it is not there or damaged."""
        return (landed_objects(self.landing, file) if file else None) or []

    def in_parallel(self, work: Callable[[T], R], items: list[T]) -> Iterator[R]:
        """Yield results in the order of the items; the first failure ends it."""
        with ThreadPoolExecutor(aws.THREADS) as pool:
            yield from pool.map(work, items)

    def tags(self, client: Any, arn: str) -> dict[str, str] | None:
        """Return a thing's tags, or None where they may not be read; then nobody asks again."""
        from botocore.exceptions import ClientError

        if self.tags_denied:
            return None
        try:
            listed = pages(client, "list_tags", "Tags", ResourceArn=arn)
            return {str(tag["Key"]): str(tag["Value"]) for tag in listed}
        except ClientError as problem:
            if aws.code_of(problem) not in aws.DENIED:
                raise
            with self.lock:
                self._miss_tags(problem)
            return None

    def _miss_tags(self, problem: Exception) -> None:
        if self.tags_denied:
            return
        self.tags_denied = True
        try:
            with aws.explained(self.source, self.where("SageMaker")):
                raise problem
        except QuaestorError as told:
            self.missed("tags", told)


def pages(client: Any, operation: str, key: str, **query: Any) -> Iterator[Object]:
    """Yield every entry of every page of a list.

    Raises:
        IncompleteError: What answers has no such list, so it is not AWS.
    """
    for page in client.get_paginator(operation).paginate(**query):
        yield from told(page, key)


def told(answer: Mapping[str, Any], key: str) -> Any:
    """Return a part of an answer that is never left out.

    Raises:
        IncompleteError: It is: a page of a proxy, or another service.
    """
    if key not in answer:
        raise IncompleteError(
            f"what answers does not speak AWS's API (no {key})",
            where=key,
            fix="Check `endpoint_url:`; a login page or a proxy may be in between.",
        )
    return answer[key]


def if_there(ask: Callable[..., Object], **query: Any) -> Object | None:
    """Return an answer, or None where the thing was deleted meanwhile."""
    from botocore.exceptions import ClientError

    try:
        return ask(**query)
    except ClientError as problem:
        if aws.code_of(problem) not in _GONE:
            raise
        return None


def kept(answer: Mapping[str, Any], names: tuple[str, ...]) -> Object:
    """Return the parts of an answer that may be landed; environments and secrets are not named."""
    found = {name: _plain(answer[name]) for name in names if answer.get(name) is not None}
    for name in ("FailureReason", "ExitMessage"):
        if name in found:
            found[name] = found[name][:_LONGEST]
    return found


def _plain(value: Any) -> Any:
    """Return a value with its times in UTC: boto3 gives them in the machine's own zone."""
    if isinstance(value, datetime):
        return value.astimezone(UTC)
    if isinstance(value, Mapping):
        return {name: _plain(each) for name, each in value.items()}
    return [_plain(each) for each in value] if isinstance(value, list) else value

"""What SageMaker's Model Registry of one region holds: groups, packages, and model cards.

A package is described by a call of its own. A second look describes only what is new or has
changed: the list tells of a new state or approval, and one Search tells what was modified since
(LastModifiedTime), which the list does not show. Where Search is denied, all are described again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import msgspec

from quaestor.collect import aws
from quaestor.collect.objects import land_objects, landed_objects
from quaestor.core.errors import IncompleteError

if TYPE_CHECKING:
    from quaestor.collect.landing import Landing
    from quaestor.core.landed import LandedFile

PAGE = 100  # the most SageMaker gives
SLICE = 250  # packages in a landed file: what a kill loses at most
LAG = timedelta(hours=1)  # Search learns of a change a little after it was made
PACKAGES = "model-packages"
SECRET = ("Environment", "ResponseMetadata")  # variables of containers may hold passwords
# What a package's summary shares with its description; one that differs is described again.
SUMMARY = (
    *("ModelPackageDescription", "CreationTime", "ModelPackageStatus", "ModelApprovalStatus"),
    *("ModelLifeCycle", "ModelPackageRegistrationType"),
)
NO_POLICY = ("ValidationException", "ResourceNotFound", "ResourceNotFoundException")
_DENIED = ("AccessDeniedException", "AccessDenied")
Object = dict[str, Any]


@dataclass(frozen=True)
class Place:
    """One region of one source, and how to ask it."""

    client: Any
    region: str
    landing: Landing
    now: datetime
    progress: Callable[[str], None]

    @property
    def scope(self) -> str:
        """Return the scope of its packages."""
        return f"{self.region}/{PACKAGES}"

    def pages(self, operation: str, key: str, **query: Any) -> Iterator[Object]:
        """Yield every object of every page of a list."""
        paging = {"PageSize": PAGE}
        for page in self.client.get_paginator(operation).paginate(**query, PaginationConfig=paging):
            yield from answered(page, key)


def answered(answer: Mapping[str, Any], key: str) -> Any:
    """Return what every answer of AWS has under a key.

    Raises:
        IncompleteError: It is not there: another server answers, or a page of a proxy.
    """
    if key not in answer:
        raise IncompleteError(
            f"what answers does not speak AWS's API ({key} is missing)",
            fix="Check `endpoint_url:`; a login page or a proxy may be in between.",
        )
    return answer[key]


def plain(answer: Any) -> Any:
    """Return an answer as JSON holds it: times in UTC, no environment of containers.

    >>> plain({"A": [datetime(2026, 11, 21, tzinfo=UTC)], "Environment": {"TOKEN": "s3cret"}})
    {'A': ['2026-11-21T00:00:00Z']}
    """
    if isinstance(answer, Mapping):
        return {key: plain(value) for key, value in answer.items() if key not in SECRET}
    if isinstance(answer, list | tuple):
        return [plain(value) for value in answer]
    if isinstance(answer, datetime):
        return answer.astimezone(UTC).isoformat().replace("+00:00", "Z")
    return answer


def each(work: Callable[[Any], Any], items: Iterable[Any]) -> list[Any]:
    """Do the same with every item, several at once, and return what came of it, in order."""
    with ThreadPoolExecutor(aws.THREADS) as pool:
        return list(pool.map(work, items))


def allowed(ask: Callable[[], Any], nothing: Sequence[str] = (), none: Any = None) -> Any:
    """Return an answer; `none` where AWS says that there is none, `DENIED` where it denies it."""
    from botocore.exceptions import ClientError

    try:
        return ask()
    except ClientError as problem:
        code = aws.code_of(problem)
        if code in nothing:
            return none
        if code in (*_DENIED, "AccessForbidden", "AllAccessDisabled"):
            return DENIED
        raise


class _Denied:
    """The answer that was denied."""


DENIED = _Denied()


def read_groups(place: Place) -> list[Object]:
    """Return the model package groups with their tags and resource policies.

    `Denied` names what of a group AWS would not tell.
    """
    groups = list(place.pages("list_model_package_groups", "ModelPackageGroupSummaryList"))
    place.progress(f"{place.region}: {len(groups):,} model package groups")

    def read(group: Object) -> Object:
        name, arn = group["ModelPackageGroupName"], group["ModelPackageGroupArn"]
        policy = allowed(
            lambda: place.client.get_model_package_group_policy(ModelPackageGroupName=name).get(
                "ResourcePolicy"
            ),
            NO_POLICY,
        )
        return with_denied(group, Tags=tags(place, arn), ResourcePolicy=policy)

    return sorted(each(read, groups), key=lambda group: str(group["ModelPackageGroupArn"]))


def with_denied(answer: Object, **more: Any) -> Object:
    """Add more answers to one; `Denied` lists those that AWS would not give."""
    told = {key: value for key, value in more.items() if value is not DENIED}
    return {**plain(answer), **plain(told), "Denied": sorted(more.keys() - told.keys())}


def tags(place: Place, arn: str) -> Any:
    """Return the tags of a resource, or DENIED."""
    return allowed(
        lambda: {
            tag["Key"]: tag["Value"]
            for page in place.client.get_paginator("list_tags").paginate(ResourceArn=arn)
            for tag in answered(page, "Tags")
        }
    )


def land_packages(place: Place) -> list[LandedFile]:
    """Land the description of every package, in slices by the time of creation.

    A slice is written down as soon as it is read (see `Landing.known`).
    """
    listed = sorted(
        place.pages("list_model_packages", "ModelPackageSummaryList", ModelPackageType="Both"),
        key=lambda package: (str(plain(package["CreationTime"])), package["ModelPackageArn"]),
    )
    known = _known(place)
    stale = _modified(place, known)
    fresh = {arn: one for arn, one in known.items() if arn not in stale}
    current = place.landing.current()
    same = {file.sha256: file for file in current.files} if current else {}
    landed = []
    for start in range(0, len(listed), SLICE):
        place.progress(
            f"{place.region}: model packages from {start + 1:,} ({start:d} of {len(listed):d})"
        )
        landed.append(_land_slice(place, listed[start : start + SLICE], fresh, same))
    return landed


def _land_slice(
    place: Place, listed: list[Object], fresh: Mapping[str, Object], same: Mapping[str, LandedFile]
) -> LandedFile:
    def read(summary: Object) -> Object:
        arn = str(summary["ModelPackageArn"])
        if (known := fresh.get(arn)) and _agree(plain(summary), known):
            return known
        return _describe(place, summary)

    objects = each(read, listed)
    lines = b"".join(msgspec.json.encode(one, order="sorted") + b"\n" for one in objects)
    digest = hashlib.sha256(lines).hexdigest()
    version = f"{place.now.isoformat()} {digest[:16]}"
    return same.get(digest) or land_objects(
        place.landing, place.region, PACKAGES, objects, version=version
    )


def _describe(place: Place, summary: Object) -> Object:
    arn = summary["ModelPackageArn"]
    answer = place.client.describe_model_package(ModelPackageName=arn)
    answered(answer, "ModelPackageArn")
    if "ModelPackageVersion" in summary:
        return with_denied(answer)  # a version has the tags of its group
    return with_denied(answer, Tags=tags(place, arn))


def _agree(summary: Object, known: Object) -> bool:
    """Whether a description still fits the list; one without version has tags of its own."""
    versioned = "ModelPackageVersion" in summary
    return versioned and all(summary.get(key) == known.get(key) for key in SUMMARY)


def _known(place: Place) -> dict[str, Object]:
    """Return the descriptions in force, and those of a look that was cut short, by ARN."""
    current = place.landing.current()
    in_force = [file for file in current.files if file.scope == place.scope] if current else []
    newest = max((file.version or "" for file in in_force), default="")
    since = [
        file
        for (scope, version), file in place.landing.known().items()
        if scope == place.scope and version > newest
    ]
    found: dict[str, Object] = {}
    for file in [*in_force, *since]:
        for one in landed_objects(place.landing, file) or ():
            before = found.get(one["ModelPackageArn"])
            if before is None or modified(before) <= modified(one):
                found[one["ModelPackageArn"]] = one
    return found


def modified(package: Object) -> str:
    """Return when a package was last modified; made is modified too."""
    return str(package.get("LastModifiedTime") or package["CreationTime"])


def _modified(place: Place, known: Mapping[str, Object]) -> set[str]:
    """Return the ARNs of those descriptions that are out of date, as far as Search knows."""
    if not known:
        return set()
    newest = max(map(modified, known.values()))
    since = datetime.fromisoformat(newest) - LAG
    filters = {
        "Name": "LastModifiedTime",
        "Operator": "GreaterThanOrEqualTo",
        "Value": since.strftime("%Y-%m-%dT%H:%M:%SZ"),
    }
    found = allowed(
        lambda: [
            record["ModelPackage"]
            for record in place.pages(
                "search",
                "Results",
                Resource="ModelPackage",
                SearchExpression={"Filters": [filters]},
            )
        ],
        ("ValidationException",),
        DENIED,
    )
    if found is DENIED:
        place.progress(f"{place.region}: Search is denied, so that every package is described")
        return set(known)
    return {
        package["ModelPackageArn"]
        for package in map(plain, found)
        if (before := known.get(package["ModelPackageArn"]))
        and modified(before) != modified(package)
    }


def read_cards(place: Place) -> list[Object]:
    """Return every model card: its approved version where there is one, else the newest.

    A card that has not changed since the last look is not described again.
    """
    cards = list(place.pages("list_model_cards", "ModelCardSummaries"))
    place.progress(f"{place.region}: {len(cards):,} model cards")
    current = place.landing.current()
    known = {
        one["ModelCardArn"]: one
        for file in (current.files if current else ())
        if file.scope == f"{place.region}/model-cards"
        for one in landed_objects(place.landing, file) or ()
    }

    def read(summary: Object) -> Object:
        listed = plain(summary)
        before = known.get(listed["ModelCardArn"])
        if before and before["Listed"] == listed:
            return before
        return {**plain(_approved_card(place, summary)), "Listed": listed}

    return sorted(each(read, cards), key=lambda card: str(card["ModelCardArn"]))


def _approved_card(place: Place, summary: Object) -> Object:
    name = summary["ModelCardName"]
    if summary["ModelCardStatus"] != "Approved":
        versions = list(
            place.pages(
                "list_model_card_versions",
                "ModelCardVersionSummaryList",
                ModelCardName=name,
                ModelCardStatus="Approved",
            )
        )
        if versions:
            version = max(int(one["ModelCardVersion"]) for one in versions)
            return dict(
                place.client.describe_model_card(ModelCardName=name, ModelCardVersion=version)
            )
    return dict(place.client.describe_model_card(ModelCardName=name))

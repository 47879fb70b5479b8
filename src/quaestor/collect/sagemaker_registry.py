"""Land SageMaker's Model Registry: groups, packages, model cards, and who may touch them.

Who may: the policies of IAM, the resource policies of groups, and how the buckets of artifacts
are guarded. A part that AWS denies stays as it was read before, and is told.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any

import msgspec

from quaestor.collect import aws, aws_access
from quaestor.collect import sagemaker_packages as packages
from quaestor.collect.objects import land_objects, landed_objects
from quaestor.collect.sagemaker_packages import DENIED, Object, Place
from quaestor.core.errors import IncompleteError, PartlyReadError
from quaestor.core.landed import Gap, LandedFile

if TYPE_CHECKING:
    from quaestor.collect.landing import Landing
    from quaestor.core.config import Config
    from quaestor.core.sources.aws import SageMakerRegistrySource

KIND = "sagemaker-registry"
NAMES = ("ModelPackageArn", "ModelPackageGroupName", "Bucket")
ACTIONS = (
    *("sagemaker:DescribeModelCard", "sagemaker:DescribeModelPackage"),
    *("sagemaker:GetModelPackageGroupPolicy", "sagemaker:ListModelCardVersions"),
    *("sagemaker:ListModelCards", "sagemaker:ListModelPackageGroups"),
    *("sagemaker:ListModelPackages", "sagemaker:ListTags", "sagemaker:Search"),
    "iam:GetAccountAuthorizationDetails",
    *("s3:GetAccountPublicAccessBlock", "s3:GetBucketAcl", "s3:GetBucketLocation"),
    *("s3:GetBucketPolicy", "s3:GetBucketPolicyStatus", "s3:GetBucketPublicAccessBlock"),
    *("s3:GetBucketTagging", "s3:GetBucketVersioning", "s3:GetEncryptionConfiguration"),
)


@dataclass
class _Look:
    """One look at a source: what is landed, and what could not be read."""

    source: SageMakerRegistrySource
    landing: Landing
    files: list[LandedFile] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)

    def part(self, where: str, scope: str, read: Callable[[], list[LandedFile]]) -> bool:
        """Read a part of the source; where that fails, what was in force stays, and is told."""
        try:
            with aws.explained(self.source, where):
                self.files += read()
        except IncompleteError as problem:
            self.gaps.append(Gap(scope=scope, reason=problem.what, fix=problem.fix))
            self.keep(scope)
            return False
        return True

    def keep(self, scope: str) -> None:
        """Keep in force what was read before of a part."""
        current = self.landing.current()
        self.files += [one for one in (current.files if current else ()) if one.scope == scope]

    def tell_denied(self) -> None:
        """Tell what AWS denied of single objects, one gap a part."""
        scopes = dict.fromkeys(file.scope for file in self.files)
        for scope in scopes:
            told = [one for one in self.read(scope) if one.get("Denied")]
            if told:
                what = ", ".join(sorted({key for one in told for key in one["Denied"]}))
                first = next(told[0][key] for key in NAMES if key in told[0])
                self.gaps.append(
                    Gap(
                        scope=scope,
                        reason=f"AWS denies {what} of {len(told):,}; the first: {first}",
                        fix=f"Grant what `quaestor permissions {self.source.name}` prints; a "
                        "bucket of another account needs a source with a role there.",
                    )
                )

    def read(self, scope: str) -> list[Object]:
        """Return what is landed of a part."""
        return [
            one
            for file in self.files
            if file.scope.endswith(scope)
            for one in landed_objects(self.landing, file) or ()
        ]


def collect(
    source: SageMakerRegistrySource,
    config: Config,
    landing: Landing,
    *,
    now: datetime,
    progress: Callable[[str], None],
) -> None:
    """Land registry, cards and access (see `Collector.collect`).

    Raises:
        PartlyReadError: A part of it could not be read; the rest is landed.
    """
    del config
    look = _Look(source, landing)
    read = 0
    for one in regions_of(source):
        read += _region(look, one, now, progress)
    if not read:  # nobody answered: no part of it is to be believed gone
        first = look.gaps[0]
        raise IncompleteError(
            first.reason, where=f"SageMaker in {first.scope.partition('/')[0]}", fix=first.fix
        )
    progress("IAM: users, groups, roles and their policies")
    look.part("IAM", "iam/principals", lambda: _iam(look))
    look.part("S3", "s3/buckets", lambda: _buckets(look, progress))
    look.tell_denied()
    files = {(file.scope, file.sha256): file for file in look.files}
    landing.snapshot(files.values(), kind=KIND, schema=KIND, now=now)
    if look.gaps:
        raise PartlyReadError(look.gaps, where=f"AWS (source {source.name})")


def doctor(source: SageMakerRegistrySource, config: Config) -> str:
    """Count the groups of each region, and say what is denied (see `Collector.doctor`)."""
    del config
    told = []
    for one in regions_of(source):
        region = one.region
        with aws.explained(source, f"SageMaker in {region}"):
            client = aws.client(one, "sagemaker")
            client.list_model_packages(MaxResults=1)
            pages = client.get_paginator("list_model_package_groups").paginate()
            groups = sum(
                len(packages.answered(page, "ModelPackageGroupSummaryList")) for page in pages
            )
            told.append(f"{groups:,} model package group{'s' * (groups != 1)} in {region}")
            cards = packages.allowed(partial(client.list_model_cards, MaxResults=1))
            told += [f"model cards in {region} are denied"] * (cards is DENIED)
    with aws.explained(source, "IAM"):
        iam = aws.client(source, "iam")
        details = packages.allowed(lambda: iam.get_account_authorization_details(MaxItems=1))
        told += ["IAM's policies are denied"] * (details is DENIED)
    return "; ".join(told)


def permissions(source: SageMakerRegistrySource) -> str:
    """Return an IAM policy that reads and writes nothing (see `Collector.permissions`)."""
    del source
    statement = {
        "Sid": "ReadTheModelRegistryAndWhoMayTouchIt",
        "Effect": "Allow",
        "Action": list(ACTIONS),
        "Resource": "*",
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]}, indent=2)


def regions_of(source: SageMakerRegistrySource) -> Iterator[SageMakerRegistrySource]:
    """Yield the source once for each region, as if it had but that one."""
    regions = source.regions
    if not regions:
        regions = (aws.client(source, "sagemaker").meta.region_name,)
    for region in dict.fromkeys(regions):
        yield msgspec.structs.replace(source, region=region)


def _region(
    look: _Look,
    source: SageMakerRegistrySource,
    now: datetime,
    progress: Callable[[str], None],
) -> bool:
    """Land packages, groups and cards of a region, each a part that may fail by itself."""
    region = str(source.region)
    where = f"SageMaker in {region}"
    opened: list[Place] = []

    def read() -> list[LandedFile]:
        client = aws.patient(
            source, "sagemaker", where, lambda quick: quick.list_model_package_groups(MaxResults=1)
        )
        opened.append(Place(client, region, look.landing, now, progress))
        return packages.land_packages(opened[0])

    done = [look.part(where, f"{region}/{packages.PACKAGES}", read)]
    for kind, read_objects in (
        ("model-package-groups", packages.read_groups),
        ("model-cards", packages.read_cards),
    ):
        if opened:
            done.append(
                look.part(
                    where,
                    f"{region}/{kind}",
                    partial(_objects, look, opened[0], kind, read_objects),
                )
            )
        else:
            look.keep(f"{region}/{kind}")
    return any(done)


def _objects(
    look: _Look, place: Place, kind: str, read: Callable[[Place], list[Object]]
) -> list[LandedFile]:
    return [land_objects(look.landing, place.region, kind, read(place))]


def _iam(look: _Look) -> list[LandedFile]:
    iam = aws.patient(
        look.source, "iam", "IAM", lambda quick: quick.get_account_authorization_details(MaxItems=1)
    )
    principals, policies = aws_access.read_iam(iam)
    for one in principals:  # one file, so that a principal never meets policies of another look
        one["Policies"] = [
            policy for policy in policies if policy["Arn"] in (*one["Attached"], one["Boundary"])
        ]
    return [land_objects(look.landing, "iam", "principals", principals)]


def _buckets(look: _Look, progress: Callable[[str], None]) -> list[LandedFile]:
    """Land how the buckets are guarded that hold the artifacts of packages."""
    described = look.read(f"/{packages.PACKAGES}")
    uris = aws_access.artifact_uris(described)
    if not uris:
        return [land_objects(look.landing, "s3", "buckets", [])]
    _, partition, _, _, account, _ = str(described[0]["ModelPackageArn"]).split(":", 5)
    progress(f"S3: {len(uris):,} buckets of artifacts")
    s3 = aws.client(look.source, "s3", tries=aws.PATIENT)
    block = _account_block(look, account)

    def read(bucket: str) -> Object:
        return {
            **aws_access.read_bucket(s3, bucket, account),
            "Account": account,
            "Partition": partition,
            "AccountBlock": block,
            "Keys": len(uris[bucket]),
        }

    found = packages.each(read, sorted(uris))
    return [land_objects(look.landing, "s3", "buckets", found)]


def _account_block(look: _Look, account: str) -> Any:
    """Return the account's block of public access; None, and a gap, where it is not known."""
    found: list[Any] = []

    def ask() -> list[LandedFile]:
        control = aws.client(look.source, "s3control")
        found.append(aws_access.read_account_block(control, account))
        return []

    asked = look.part("S3 Control", "s3/account", ask)
    if asked and found[0] is not DENIED:
        return found[0]
    if asked:
        look.gaps.append(
            Gap(
                scope="s3/account",
                reason="AWS denies GetAccountPublicAccessBlock",
                fix=f"Grant what `quaestor permissions {look.source.name}` prints.",
            )
        )
    return None

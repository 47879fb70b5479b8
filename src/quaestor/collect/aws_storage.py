"""Land discs, snapshots and machine images by region, and the folders of buckets, summed up.

A bucket is listed once a day at most, and an object's name and content are not landed: only how
many objects each folder has, how large they are, and when they last changed.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any

import msgspec

from quaestor.collect import aws
from quaestor.collect.landing import Landing
from quaestor.collect.objects import land_objects
from quaestor.collect.sagemaker_region import kept, pages
from quaestor.collect.stored_folders import summed_up
from quaestor.core.errors import IncompleteError, PartlyReadError
from quaestor.core.landed import Gap, LandedFile

if TYPE_CHECKING:
    from quaestor.core.config import Config
    from quaestor.core.sources.aws import AwsStorageSource

KIND = "aws-storage"
FOLDERS = "folders"
Object = dict[str, Any]
# What EC2 is asked of a region: the list, its key, whose, what of each is landed.
_LISTS: dict[str, tuple[str, str, dict[str, list[str]], tuple[str, ...]]] = {
    "volumes": (
        *("describe_volumes", "Volumes", {}),
        ("VolumeId", "VolumeType", "Size", "State", "Attachments", "CreateTime", "Tags"),
    ),
    "snapshots": (
        *("describe_snapshots", "Snapshots", {"OwnerIds": ["self"]}),
        ("SnapshotId", "VolumeId", "VolumeSize", "StartTime", "OwnerId", "Tags"),
    ),
    "images": (
        *("describe_images", "Images", {"Owners": ["self"]}),
        ("ImageId", "Name", "BlockDeviceMappings"),
    ),
}
_ACTIONS = ("ec2:DescribeImages", "ec2:DescribeSnapshots", "ec2:DescribeVolumes")
_OF_BUCKETS = ("s3:GetBucketVersioning", "s3:ListBucket")
# Sources that say where artifacts lie.
_REGISTRIES = ("mlflow", "kubeflow", "sagemaker-registry", "sagemaker", "model-gov", "model-cards")
_REGISTRY_FILES = ("mlflow", "mlflow-export", "cyclonedx", "kubeflow-catalog")
_BUCKET = re.compile(rb"s3[an]?://([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?![a-z0-9.-])")


@dataclass
class _Look:
    """One look at a source: what is landed, and what could not be read."""

    source: AwsStorageSource
    landing: Landing
    now: datetime
    progress: Callable[[str], None]
    files: list[LandedFile] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)
    read: int = 0  # parts that could be read

    def part(self, where: str, scope: str, read: Callable[[], LandedFile]) -> None:
        """Read a part of the source; where that fails, what was in force stays, and is told."""
        try:
            with _heard(self.source, where):
                self.files.append(read())
            self.read += 1
        except IncompleteError as problem:
            self.gaps.append(Gap(scope=scope, reason=problem.what, fix=problem.fix))
            current = self.landing.current()
            self.files += [one for one in (current.files if current else ()) if one.scope == scope]


def collect(
    source: AwsStorageSource,
    config: Config,
    landing: Landing,
    *,
    now: datetime,
    progress: Callable[[str], None],
) -> None:
    """Land discs, snapshots and images, and the folders of buckets (see `Collector.collect`).

    Raises:
        PartlyReadError: A part of it could not be read; the rest is landed.
    """
    look = _Look(source, landing, now, progress)
    for one in _regions(source):
        progress(f"{source.name}: discs and snapshots of {one.region}")
        for kind in _LISTS:
            where = f"EC2 in {one.region}"
            look.part(where, f"{one.region}/{kind}", partial(_list, look, one, kind))
    buckets = source.buckets or tuple(_named_by_registries(config, landing))
    _list_buckets(look, buckets)
    if not look.read:  # nobody answered: no part of it is to be believed gone
        first = look.gaps[0]
        raise IncompleteError(first.reason, where=f"{first.scope} of AWS", fix=first.fix)
    if not buckets:
        look.gaps.append(
            Gap(
                scope=FOLDERS,
                reason="no bucket is listed: none is configured, and no registry that was "
                "collected names one",
                fix="Set `buckets: [acme-models, ...]`, or name the source behind its registries.",
            )
        )
    landing.snapshot(look.files, kind=KIND, schema=KIND, now=now)
    if look.gaps:
        raise PartlyReadError(look.gaps, where=f"AWS (source {source.name})")


def doctor(source: AwsStorageSource, config: Config) -> str:
    """Say what each region and each bucket answers (see `Collector.doctor`)."""
    told = []
    for one in _regions(source):
        with _heard(one, f"EC2 in {one.region}"):
            found = pages(aws.client(one, "ec2"), "describe_volumes", "Volumes")
            count = sum(1 for _ in found)
            told.append(f"{one.region}: {count:,} disc{'s' * (count != 1)}")
    landing = Landing(config.resolve(config.landing), source.name)
    buckets = source.buckets or tuple(_named_by_registries(config, landing))
    for bucket in buckets:
        with _heard(source, f"S3, {bucket}"):
            name, prefix = _parts(bucket)
            aws.client(source, "s3").list_objects_v2(Bucket=name, Prefix=prefix, MaxKeys=1)
    count = len(buckets)
    return "; ".join([*told, f"{count:,} bucket{'s' * (count != 1)} may be listed"])


def permissions(source: AwsStorageSource) -> str:
    """Return an IAM policy that reads no object (see `Collector.permissions`)."""
    start = f"arn:{aws.partition(source.region or next(iter(source.regions), None))}:s3:::"
    named = [start + _parts(bucket)[0] for bucket in source.buckets]
    statements = [
        {"Sid": "ListDiscs", "Effect": "Allow", "Action": list(_ACTIONS), "Resource": "*"},
        {
            "Sid": "ListBuckets",
            "Effect": "Allow",
            "Action": list(_OF_BUCKETS),
            "Resource": list(dict.fromkeys(named)) or "*",
        },
    ]
    return json.dumps({"Version": "2012-10-17", "Statement": statements}, indent=2)


@contextmanager
def _heard(source: AwsStorageSource, where: str) -> Iterator[None]:
    """Explain what AWS refuses, and an answer in another language than AWS's XML."""
    with aws.explained(source, where):
        from botocore.parsers import ResponseParserError

        try:
            yield
        except ResponseParserError:
            raise _no_aws(f"{where} (source {source.name})") from None


def _regions(source: AwsStorageSource) -> Iterator[AwsStorageSource]:
    """Yield the source once for each region, as if it had but that one."""
    regions = source.regions
    if not regions:
        regions = (aws.client(source, "ec2").meta.region_name,)
    for region in dict.fromkeys(regions):
        yield msgspec.structs.replace(source, region=region, regions=())


def _list(look: _Look, source: AwsStorageSource, kind: str) -> LandedFile:
    operation, key, query, names = _LISTS[kind]
    client = aws.patient(
        source,
        "ec2",
        f"EC2 in {source.region}",
        lambda quick: getattr(quick, operation)(MaxResults=5, **query),
    )
    found = [
        {**kept(one, names), "SeenAt": look.now.isoformat()}
        for one in pages(client, operation, key, **query)
    ]
    found.sort(key=lambda one: str(one.get(names[0])))
    return land_objects(look.landing, str(source.region), kind, found)


def _list_buckets(look: _Look, buckets: Iterable[str]) -> None:
    """Land the folders of each bucket; several are listed at once."""
    known = look.landing.known()

    def land(bucket: str) -> None:
        look.part(f"S3, {bucket}", f"{bucket}/{FOLDERS}", lambda: _folders(look, bucket))

    # Already listed today, perhaps by a look that was cut short: every listing costs money.
    day = f"{look.now:%Y-%m-%d}, {look.source.depth} deep"
    waiting = []
    for bucket in dict.fromkeys(one.strip("/") for one in buckets):
        if file := known.get((f"{bucket}/{FOLDERS}", day)):
            look.files.append(file)
            look.read += 1
        else:
            waiting.append(bucket)
    with ThreadPoolExecutor(aws.THREADS) as pool:
        list(pool.map(land, waiting))


def _folders(look: _Look, bucket: str) -> LandedFile:
    name, prefix = _parts(bucket)
    query = {"Bucket": name, "Prefix": prefix} if prefix else {"Bucket": name}
    client = aws.patient(
        look.source,
        "s3",
        f"S3, {bucket}",
        partial(_ask, bucket=name),
        mode="adaptive",
    )
    listed = client.get_paginator("list_objects_v2").paginate(**query)
    found = (one for page in _watched(look, bucket, listed) for one in page.get("Contents", ()))
    seen = {"SeenAt": look.now.isoformat(), "Versioning": _versioning(client, name)}
    folders = [{**one, **seen} for one in summed_up(found, look.source.depth)]
    day = f"{look.now:%Y-%m-%d}, {look.source.depth} deep"
    return land_objects(look.landing, bucket, FOLDERS, folders, version=day)


def _ask(quick: Any, bucket: str) -> None:
    """Ask a bucket for one object.

    Raises:
        IncompleteError: What answers is no S3: botocore makes a 500 of what it cannot parse, and
            would ask again and again.
    """
    from botocore.exceptions import ClientError

    try:
        quick.list_objects_v2(Bucket=bucket, MaxKeys=1)
    except ClientError as problem:
        if aws.code_of(problem) == "500":
            raise _no_aws(bucket) from None
        raise


def _no_aws(where: str) -> IncompleteError:
    return IncompleteError(
        "what answers does not speak AWS's API (no XML)",
        where=where,
        fix="Check `endpoint_url:`; a login page or a proxy may be in between.",
    )


def _watched(look: _Look, bucket: str, listed: Iterable[Object]) -> Iterator[Object]:
    """Yield pages, telling every hundredth."""
    for number, page in enumerate(listed, start=1):
        if "KeyCount" not in page and "Contents" not in page:
            raise _no_aws(bucket)
        if number % 100 == 0:
            look.progress(f"{look.source.name}: {bucket}, {number * 1000:,} objects")
        yield page


def _versioning(client: Any, bucket: str) -> str | None:
    """Return whether a bucket keeps what is deleted; None: we may not know."""
    from botocore.exceptions import ClientError

    try:
        return str(client.get_bucket_versioning(Bucket=bucket).get("Status") or "Off")
    except ClientError as problem:
        if aws.code_of(problem) not in aws.DENIED:
            raise
        return None


def _parts(bucket: str) -> tuple[str, str]:
    """Return a bucket's name and the prefix to list, which ends in a slash.

    >>> _parts("acme-models/churn"), _parts("acme-models")
    (('acme-models', 'churn/'), ('acme-models', ''))
    """
    name, _, prefix = bucket.strip("/").partition("/")
    return name, f"{prefix}/" if prefix else ""


def _named_by_registries(config: Config, landing: Landing) -> Iterator[str]:
    """Yield the buckets that landed registries name, in alphabetical order."""
    found: set[bytes] = set()
    for source in config.sources:
        kind = str(source.__struct_config__.tag)
        if kind not in _REGISTRIES and getattr(source, "schema", None) not in _REGISTRY_FILES:
            continue
        current = Landing(landing.root, source.name).current()
        for file in current.files if current else ():
            path = landing.root / file.path
            if path.is_file():
                found |= set(_BUCKET.findall(path.read_bytes()))
    yield from sorted(name.decode() for name in found)

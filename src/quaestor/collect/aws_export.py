"""Land what AWS exports to S3: FOCUS, CUR 2.0 or legacy CUR, or a folder of files.

The manifest of the newest delivery decides which files are in force (`manifests.py`). An object
is fetched once for each of its ETags, also after a kill; months are downloaded while others are
still being listed. A month that is half written, or that changes while it is read, stays as it
was, and is told.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

import msgspec

from quaestor.collect import aws
from quaestor.collect.manifests import Exports, Listed, lasting, place_of
from quaestor.core.errors import IncompleteError, PartlyReadError
from quaestor.core.landed import Gap, LandedFile
from quaestor.core.period import Window
from quaestor.core.text import size_text

if TYPE_CHECKING:
    from quaestor.collect.landing import Landing
    from quaestor.core.config import Config
    from quaestor.core.sources.aws import AwsExportSource

_BLOCK = 1 << 20
_LOOKS = 2  # how often a source is looked at that changes while it is read
_BREAKS = 8  # how often one download may break off and go on where it stopped


class _ChangedError(Exception):
    """An object is no longer what was listed."""


class _StoppedError(Exception):
    """The look has ended, so that nobody waits for this download."""


def collect(
    source: AwsExportSource,
    config: Config,
    landing: Landing,
    *,
    now: datetime,
    progress: Callable[[str], None],
) -> None:
    """Land the files in force that are not landed yet (see `Collector.collect`)."""
    del config  # a bucket needs no base folder
    folder = folder_of(source)
    client = aws.patient(
        source,
        "s3",
        f"s3://{source.bucket}/{folder}",
        lambda quick: quick.list_objects_v2(Bucket=source.bucket, Prefix=folder, MaxKeys=1),
    )
    for _ in range(_LOOKS):
        look = _Look(source, client, landing, now, progress)
        with aws.explained(source, look.address):
            look.run()
        if not look.changed:
            break
    files, beside = look.in_force()
    if not files and not look.gaps:
        raise IncompleteError(
            "there is no bill here" + (" in the days asked for" if look.exports.outside else ""),
            where=f"{look.address} (source {source.name})",
            fix="Correct `bucket:`, `prefix:` or `since:`; .csv, .csv.gz and .parquet are read.",
        )
    if files:
        landing.snapshot(files, kind="aws-export", schema="bill", now=now, beside=beside)
    if look.gaps:
        raise PartlyReadError(look.gaps, where=f"{look.address} (source {source.name})")


def doctor(source: AwsExportSource, config: Config) -> str:
    """List what is there, and say how much of it is in force (see `Collector.doctor`)."""
    del config
    client = aws.client(source, "s3")
    folder = folder_of(source)
    exports = Exports(
        lambda listed: _body(client, source, listed),
        Window(source.since, source.until),
        visible=folder,
    )
    with aws.explained(source, f"s3://{source.bucket}/{folder}"):
        found = [one for page in pages(client, source.bucket, folder) for one in exports.add(page)]
        found += exports.close()
    if not found and not exports.gaps:
        raise IncompleteError(
            "there is no bill here",
            where=f"s3://{source.bucket}/{folder} (source {source.name})",
            fix="Correct `bucket:` or `prefix:`; .csv, .csv.gz and .parquet are read.",
        )
    places = [place.period for one in found if (place := place_of(one.key))]
    periods = sorted({str(period) for period in places})
    roots = sorted({period.root for period in places})
    size = sum(one.size for one in found)
    told = f"{len(found)} file{'s' if len(found) != 1 else ''}, {size_text(size)}"
    if periods:
        told += f", {periods[0]}" + (f" to {periods[-1]}" if len(periods) > 1 else "")
    if len(roots) > 1:
        told += f", {len(roots)} exports ({', '.join(root.rstrip('/') for root in roots)})"
    if found:
        told += f", written {max(one.modified for one in found):%Y-%m-%d %H:%M}"
    if exports.gaps:
        raise PartlyReadError(
            list(exports.gaps.values()),
            where=f"s3://{source.bucket}/{folder} (source {source.name})",
            read=told,
        )
    return told


def permissions(source: AwsExportSource) -> str:
    """Return an IAM policy for one folder of one bucket (see `Collector.permissions`)."""
    folder = folder_of(source)
    bucket = f"arn:{aws.partition(source.region)}:s3:::{source.bucket}"
    listing: dict[str, Any] = {
        "Sid": "ListTheExport",
        "Effect": "Allow",
        "Action": "s3:ListBucket",
        "Resource": bucket,
    }
    if folder:
        listing["Condition"] = {"StringLike": {"s3:prefix": f"{folder}*"}}
    reading = {
        "Sid": "ReadTheExport",
        "Effect": "Allow",
        "Action": "s3:GetObject",
        "Resource": f"{bucket}/{folder}*",
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [listing, reading]}, indent=2)


def folder_of(source: AwsExportSource) -> str:
    """Return a source's prefix as the folder it names: `focus` does not mean `focus-old/`."""
    return f"{source.prefix.rstrip('/')}/" if source.prefix.strip("/") else source.prefix


def pages(client: Any, bucket: str, folder: str) -> Iterator[list[Listed]]:
    """Yield what lies in a folder of a bucket, page by page in the order of keys."""
    for page in client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=folder):
        yield [
            Listed(
                key=one["Key"],
                size=one["Size"],
                version=one["ETag"].strip('"'),
                modified=aws.moment(one["LastModified"]),
            )
            for one in page.get("Contents", ())
            if one["Size"] or not one["Key"].endswith("/")  # no folder that a console made
        ]


@dataclass
class _Look:
    """One look at a source: list, decide, fetch what is new."""

    source: AwsExportSource
    client: Any
    landing: Landing
    now: datetime
    progress: Callable[[str], None]
    landed: list[LandedFile] = field(default_factory=list)
    beside: list[LandedFile] = field(default_factory=list)
    changed: list[Listed] = field(default_factory=list)
    stopped: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self.folder = folder_of(self.source)
        self.known = self.landing.known()
        window = Window(self.source.since, self.source.until)
        self.exports = Exports(self._manifest, window, now=self.now, visible=self.folder)

    @property
    def address(self) -> str:
        """Return where the source is, as people write it."""
        return f"s3://{self.source.bucket}/{self.folder}"

    def run(self) -> None:
        """List and fetch at once.

        Raises:
            BotoCoreError, ClientError: AWS cannot be asked or refuses; what arrived is known next
                time.
        """
        self.progress(f"{self.source.name}: list {self.address}")
        wanted: dict[Future[LandedFile], Listed] = {}
        with ThreadPoolExecutor(aws.THREADS) as pool:
            try:
                for page in pages(self.client, self.source.bucket, self.folder):
                    self._want(self.exports.add(page), pool, wanted)
                self._want(self.exports.close(), pool, wanted)
                self._arrive(wanted)
            except BaseException:
                self.stopped.set()
                pool.shutdown(wait=False, cancel_futures=True)
                raise
        self.beside = [self.known[self._scope(one), one.version] for one in self.exports.manifests]

    def _want(
        self,
        listed: Iterator[Listed],
        pool: ThreadPoolExecutor,
        wanted: dict[Future[LandedFile], Listed],
    ) -> None:
        for one in listed:
            if known := self.known.get((self._scope(one), one.version)):
                self.landed.append(known)
            else:
                wanted[pool.submit(self._fetch, one)] = one

    def _arrive(self, wanted: dict[Future[LandedFile], Listed]) -> None:
        for number, future in enumerate(as_completed(wanted), start=1):
            one = wanted[future]
            name = one.key.rpartition("/")[2]
            self.progress(f"{self.source.name}: {name} ({number} of {len(wanted)})")
            try:
                self.landed.append(future.result())
            except _ChangedError:
                self.changed.append(one)

    def _scope(self, listed: Listed) -> str:
        return f"s3://{self.source.bucket}/{lasting(listed.key)}"

    def _fetch(self, listed: Listed) -> LandedFile:
        """Download one object; runs in a thread of its own."""

        def blocks() -> Iterator[bytes]:
            for block in _blocks(self.client, self.source.bucket, listed):
                if self.stopped.is_set():
                    raise _StoppedError
                yield block

        return self.landing.land_blocks(
            blocks(),
            listed.key.rpartition("/")[2],
            self._scope(listed),
            listed.version,
        )

    def _manifest(self, listed: Listed) -> bytes:
        """Return a manifest's bytes, fetched at most once for each of its ETags."""
        place = self._scope(listed), listed.version
        if place not in self.known:
            try:
                self.known[place] = self._fetch(listed)
            except _ChangedError:
                self.changed.append(listed)
                return b""
        return (self.landing.root / self.known[place].path).read_bytes()

    @property
    def gaps(self) -> list[Gap]:
        """Return what could not be read; it stays as it was."""
        found = {str(period) + period.root: gap for period, gap in self.exports.gaps.items()}
        for one in self.changed:
            place = place_of(one.key)
            found[str(place.period) + place.period.root if place else one.key] = Gap(
                scope=place.period.root.rstrip("/") if place else one.key,
                period=str(place.period) if place else None,
                reason="it was rewritten while it was read",
                fix="Collect again when the export is written; the last good state is in force.",
            )
        return [
            msgspec.structs.replace(gap, scope=f"s3://{self.source.bucket}/{gap.scope}")
            for _, gap in sorted(found.items())
        ]

    def in_force(self) -> tuple[list[LandedFile], list[LandedFile]]:
        """Return the files now in force, and the manifests that decided so.

        What was in force stays so for gaps, and for days nobody asked for.
        """
        broken = {lasting(one.key) for one in self.changed}
        periods = {place.period for key in broken if (place := place_of(key))}
        periods |= {*self.exports.gaps, *self.exports.outside}

        def stays(file: LandedFile) -> bool:
            key = file.scope.removeprefix(f"s3://{self.source.bucket}/")
            place = place_of(key)
            return place.period in periods if place else key in broken

        current = self.landing.current()
        before = ((), ()) if current is None else (current.files, current.beside)
        files = [file for file in self.landed if not stays(file)]
        beside = [file for file in self.beside if not stays(file)]
        return (
            files + [file for file in before[0] if stays(file)],
            beside + [file for file in before[1] if stays(file)],
        )


def _blocks(client: Any, bucket: str, listed: Listed) -> Iterator[bytes]:
    """Yield an object's bytes; a download that breaks off goes on where it stopped.

    Raises:
        _ChangedError: It is not what was listed.
    """
    from botocore.exceptions import (
        ClientError,
        HTTPClientError,
        IncompleteReadError,
        ResponseStreamingError,
    )

    done = breaks = 0
    while done < listed.size:
        try:
            answer = client.get_object(
                Bucket=bucket,
                Key=listed.key,
                IfMatch=f'"{listed.version}"',
                **({"Range": f"bytes={done}-"} if done else {}),
            )
        except ClientError as problem:
            if aws.code_of(problem) in ("PreconditionFailed", "412", "NoSuchKey", "404"):
                raise _ChangedError from None
            raise
        before = done
        try:
            for block in answer["Body"].iter_chunks(_BLOCK):
                done += len(block)
                yield block
        except (ResponseStreamingError, IncompleteReadError, HTTPClientError):
            breaks += 1
            if breaks > _BREAKS:
                raise
        else:
            if done == before:
                break  # it ends here
    if done != listed.size:
        raise _ChangedError


def _body(client: Any, source: AwsExportSource, listed: Listed) -> bytes:
    try:
        return b"".join(_blocks(client, source.bucket, listed))
    except _ChangedError:
        return b""

"""Land Azure's cost exports from Blob storage: FocusCost, actual and amortised cost.

One look lists every file below the prefix, reads the manifests that it does not know yet, and
downloads what is in force and not landed, while listing goes on. A delivery that is half written
keeps the last whole one in force and is told as a gap.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from quaestor.collect import azure
from quaestor.collect.azure_manifests import (
    BILLS,
    Delivery,
    Period,
    by_period,
    conflicts,
    in_force,
    place_of,
)
from quaestor.collect.manifests import READ, Listed
from quaestor.core.errors import ConfigurationError, IncompleteError, PartlyReadError
from quaestor.core.landed import Gap, LandedFile
from quaestor.core.period import Window
from quaestor.core.progress import counted
from quaestor.core.text import size_text

if TYPE_CHECKING:
    from azure.storage.blob import ContainerClient

    from quaestor.collect.landing import Landing
    from quaestor.core.config import Config
    from quaestor.core.sources import AzureExportSource


def collect(
    source: AzureExportSource,
    config: Config,
    landing: Landing,
    *,
    now: datetime,
    progress: Callable[[str], None],
) -> None:
    """Land the newest whole delivery of every period (see `Collector.collect`)."""
    del config  # an address needs no base folder
    with _container(source) as container, ThreadPoolExecutor(azure.THREADS) as pool:
        look = _Look(source, container, landing, pool, now)
        try:
            progress(f"{source.name}: listing {look.place}")
            look.list_all()
            look.settle()
            files = look.landed(progress)
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
    landing.snapshot(files, kind="azure-export", schema="bill", now=now, beside=look.manifests)
    for dataset in sorted(look.others):
        progress(f"{source.name}: exports of {dataset} are no bill and are not read")
    if look.gaps:
        raise PartlyReadError(look.gaps, where=f"{look.place} (source {source.name})")


def doctor(source: AzureExportSource, config: Config) -> str:
    """Count exports, periods and bytes (see `Collector.doctor`)."""
    del config
    with _container(source) as container:
        listing = list(_listing(source, container))
        gaps = _not_whole(source, container, listing)
    files = [one for one in listing if one.key.lower().endswith(READ)]
    if not files and not gaps:
        raise _nothing(source)
    periods = {place.period for one in files if (place := place_of(one.key))}
    exports = {period.export for period in periods}
    ranges = {(period.first, period.last) for period in periods}
    told = (
        f"{len(exports)} export{'s' * (len(exports) != 1)}, {len(ranges)} "
        f"period{'s' * (len(ranges) != 1)}, {size_text(sum(one.size for one in files))}"
    )
    if files:
        told += f", newest file of {max(one.modified for one in files):%Y-%m-%d %H:%M}"
    if gaps:
        raise PartlyReadError(gaps, where=f"{_place(source)} (source {source.name})", read=told)
    return told


def _not_whole(
    source: AzureExportSource, container: ContainerClient, listing: list[Listed]
) -> list[Gap]:
    """Return what of the exports asked for is not whole; only manifests are read for it."""

    def read(manifest: Listed) -> bytes:
        with azure.explained(source, f"{_place(source)}/{manifest.key}", "`container:`"):
            return container.download_blob(manifest.key).readall()

    window = Window(source.since, source.until)
    found = [
        in_force(period, files, read, None)
        for period, files in by_period(listing)
        if period and window.holds(period.first, period.last)
    ]
    bills = [one for one in found if one.dataset in (*BILLS, None)]
    whole = [one for one in bills if one.files]
    return [one.gap for one in bills if one.gap] + [gap for _, gap in conflicts(whole)]


def permissions(source: AzureExportSource) -> str:
    """Return a role that reads blobs (see `Collector.permissions`)."""
    role = {
        "Name": "Quaestor export reader",
        "IsCustom": True,
        "Description": (
            f"Lists and reads the cost exports in the container {source.container}. Assign it to "
            "the container alone. The built-in role Storage Blob Data Reader includes it."
        ),
        "Actions": [],
        "NotActions": [],
        "DataActions": ["Microsoft.Storage/storageAccounts/blobServices/containers/blobs/read"],
        "NotDataActions": [],
        "AssignableScopes": ["/subscriptions/YOUR-SUBSCRIPTION-ID"],
    }
    return json.dumps(role, indent=2)


def _place(source: AzureExportSource) -> str:
    """Return where the exports lie, as it may be shown: an address can carry a signature."""
    return f"{source.account_url.partition('?')[0].rstrip('/')}/{source.container}"


def _nothing(source: AzureExportSource) -> IncompleteError:
    return IncompleteError(
        "no export found" + (f" below {source.prefix!r}" if source.prefix else ""),
        where=f"{_place(source)} (source {source.name})",
        fix="Correct `prefix:`, or wait for the first export; files end in " + ", ".join(READ),
    )


@contextmanager
def _container(source: AzureExportSource) -> Iterator[ContainerClient]:
    """Open the container as the configured identity."""
    try:
        from azure.storage.blob import BlobServiceClient
    except ImportError:
        raise azure.not_installed("azure-storage-blob", source.name) from None
    options = {"retry_policy": azure.patience_with_blobs(), "connection_timeout": 20}
    try:
        if source.connection_string is not None:
            service = BlobServiceClient.from_connection_string(source.connection_string, **options)
        else:
            signed = "?" in source.account_url  # an address that is its own permission
            identity = None if signed else azure.credential(source.name)
            service = BlobServiceClient(source.account_url, credential=identity, **options)
        container = service.get_container_client(source.container)
    except ValueError:  # its text may repeat a key
        key = "account_url" if source.connection_string is None else "connection_string"
        raise ConfigurationError(
            f"`{key}:` is none of Blob storage",
            where=f"source {source.name}",
            fix="account_url: https://ACCOUNT.blob.core.windows.net; connection_string: as the "
            "portal shows it under Access keys, by ${NAME}.",
        ) from None
    named = [url.partition("?")[0].rstrip("/") for url in (service.url, source.account_url)]
    if named[0] != named[1] and source.connection_string is None:
        raise ConfigurationError(
            "`account_url:` is no address of a storage account",
            where=f"{named[1]} (source {source.name})",
            fix="Write https://ACCOUNT.blob.core.windows.net; the container has a key of its own.",
        )
    if named[0] != named[1]:
        raise ConfigurationError(
            f"`connection_string:` is of another account ({service.account_name})",
            where=f"{_place(source)} (source {source.name})",
            fix="Correct it, or `account_url:`; both must name the account of the exports.",
        )
    with service, container:
        yield container


def _listing(source: AzureExportSource, container: ContainerClient) -> Iterator[Listed]:
    """Yield every file below the prefix in the order of their names, page by page."""
    with azure.explained(source, _place(source), "`account_url:` or `container:`"):
        for blob in container.list_blobs(name_starts_with=source.prefix.lstrip("/") or None):
            modified = blob.last_modified.astimezone(UTC).replace(tzinfo=None)
            yield Listed(blob.name, blob.size, blob.etag, modified)


@dataclass
class _Look:
    """One look at a container."""

    source: AzureExportSource
    container: ContainerClient
    landing: Landing
    pool: ThreadPoolExecutor
    now: datetime
    gaps: list[Gap] = field(default_factory=list)
    manifests: list[LandedFile] = field(default_factory=list)
    others: set[str] = field(default_factory=set)  # what is exported and no bill
    _kept: list[Period] = field(default_factory=list)
    _found: list[Delivery] = field(default_factory=list)
    _coming: dict[str, list[tuple[str, Future[LandedFile]]]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.place = _place(self.source)
        self.known = self.landing.known()
        current = self.landing.current()
        self.before = current.files if current else ()

    def list_all(self) -> None:
        """List everything; what is in force begins to arrive meanwhile."""
        window = Window(self.source.since, self.source.until)
        for period, files in by_period(_listing(self.source, self.container)):
            if period is None:
                free = [(one, one.key) for one in files if one.key.lower().endswith(READ)]
                self._fetch("", free)
            elif not window.holds(period.first, period.last):
                self._kept.append(period)
            else:
                self._decide(in_force(period, files, self._read, self.now))

    def _decide(self, delivery: Delivery) -> None:
        if delivery.dataset not in (*BILLS, None):
            self.others.add(str(delivery.dataset))
            return
        if delivery.gap:
            self.gaps.append(delivery.gap)
        if delivery.gap and not delivery.files and delivery.manifest is None:
            self._kept.append(delivery.period)
            return
        self._found.append(delivery)
        if delivery.manifest:
            self.manifests.append(self._landed(delivery.manifest, delivery.manifest.key))
        self._fetch(delivery.period.folder, list(delivery.files))

    def settle(self) -> None:
        """Take out what would count twice, now that everything is listed."""
        for delivery, gap in list(conflicts(self._found)):
            self.gaps.append(gap)
            for _, coming in self._coming.pop(delivery.period.folder, ()):
                coming.cancel()
        if not (self._coming or self._kept or self.gaps or self.manifests):
            raise _nothing(self.source)

    def landed(self, progress: Callable[[str], None]) -> list[LandedFile]:
        """Return the files in force, once all have arrived."""
        coming = [one for files in self._coming.values() for one in files]
        arriving = counted(coming, progress, lambda one: f"{self.source.name}: {one[0]}")
        folders = tuple(f"{self.place}/{period.folder}" for period in self._kept)
        kept = [file for file in self.before if folders and file.scope.startswith(folders)]
        return [*(future.result() for _, future in arriving), *kept]

    def _fetch(self, folder: str, files: list[tuple[Listed, str]]) -> None:
        for listed, scope in files:
            future = self.pool.submit(self._landed, listed, scope)
            self._coming.setdefault(folder, []).append((listed.key, future))

    def _read(self, listed: Listed) -> bytes:
        """Return a manifest, from what is landed where it is."""
        return (self.landing.root / self._landed(listed, listed.key).path).read_bytes()

    def _landed(self, listed: Listed, scope: str) -> LandedFile:
        """Return a file, downloaded unless it is landed already; threads do so at once."""
        from azure.core import MatchConditions

        scope = f"{self.place}/{scope}"
        file = self.known.get((scope, listed.version))
        if file and file.size == listed.size:
            return file
        with azure.explained(self.source, f"{self.place}/{listed.key}", "`container:`"):
            stream = self.container.download_blob(
                listed.key,
                etag=listed.version,
                match_condition=MatchConditions.IfNotModified,
                decompress=False,
            )
            file = self.landing.land_blocks(
                stream.chunks(), listed.key.rpartition("/")[2], scope, listed.version
            )
        if file.size != listed.size:
            raise IncompleteError(
                f"the download broke off: {file.size:,d} of {listed.size:,d} bytes came",
                where=f"{self.place}/{listed.key} (source {self.source.name})",
                fix="Collect again; what was landed before stays in force.",
            )
        self.known[scope, listed.version] = file
        return file

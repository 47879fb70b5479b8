"""Read exported bills from Cloud Storage: an object is fetched once for each of its generations.

Only its name can say which months an object is of (`2026-10`, `202610`, `year=2026/month=10`, a
day). `since` and `until` leave out those that do; any other is read, and it is said.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import PurePosixPath
from typing import IO, TYPE_CHECKING, Any

from quaestor.collect import gcp
from quaestor.core.errors import IncompleteError
from quaestor.core.landed import LandedFile
from quaestor.core.period import Window, month_after
from quaestor.core.text import size_text

if TYPE_CHECKING:
    from quaestor.collect.landing import Landing
    from quaestor.core.sources import GcpExportSource

_BLOCK = 1 << 20
_MONTH = re.compile(
    r"\byear=(?P<year>20\d\d)/month=(?P<month>\d\d?)\b"
    r"|(?<![0-9A-Za-z])(20\d\d)([-_]?)(0[1-9]|1[0-2])(?:\4(?:0[1-9]|[12]\d|3[01]))?(?![0-9A-Za-z])"
)
_JSON = (".json", ".jsonl", ".ndjson", ".json.gz", ".jsonl.gz", ".ndjson.gz")
TAKEN = (".csv", ".csv.gz", ".parquet", ".parq", *_JSON)


def days_of(name: str) -> tuple[date, date] | None:
    """Return the first and last day of the months that an object's name tells, None if of none.

    >>> days_of("2026-10/bill-20261105.csv")
    (datetime.date(2026, 10, 1), datetime.date(2026, 11, 30))
    >>> days_of("part-000202611.csv"), days_of("7f202611ab.csv")
    (None, None)
    """
    months = []
    for found in _MONTH.finditer(name):
        year, month = int(found["year"] or found[3]), int(found["month"] or found[5])
        if 1 <= month <= 12:
            months.append(date(year, month, 1))
    return (min(months), month_after(max(months)) - timedelta(days=1)) if months else None


@dataclass(frozen=True)
class Bucket:
    """A folder of a bucket, and the client that asks for it."""

    source: GcpExportSource
    client: Any

    @classmethod
    def opened(cls, source: GcpExportSource) -> Bucket:
        """Make the client; nothing is asked yet."""
        found = gcp.credentials(source)
        try:
            from google.cloud import storage
        except ImportError:
            raise gcp.not_installed(source) from None
        options = {"api_endpoint": source.endpoint} if source.endpoint else None
        project = source.project or "quaestor"  # reading a bucket needs none
        return cls(
            source, storage.Client(project=project, credentials=found, client_options=options)
        )

    @property
    def address(self) -> str:
        """Return what is read, as people write it."""
        return f"gs://{self.source.bucket}/{self.source.prefix}"

    def land(
        self, landing: Landing, progress: Callable[[str], None]
    ) -> tuple[list[LandedFile], list[LandedFile]]:
        """Fetch the objects that are not landed yet; return all that are in force."""
        blobs, kept = self._asked_for(landing, progress)
        keys = [self._key(blob) for blob in blobs]  # a download may change what a blob tells
        known = landing.known()
        new = [blob for blob, key in zip(blobs, keys, strict=True) if key not in known]
        size = sum(blob.size or 0 for blob in new)
        progress(
            f"{self.source.name}: {len(blobs):,} file{'s' if len(blobs) != 1 else ''}, "
            f"{len(new):,} new or changed, {size_text(size)} to fetch"
        )
        landed = gcp.in_threads(
            new,
            lambda blob: self._fetched(blob, landing),
            progress,
            lambda blob: f"{self.source.name}: {PurePosixPath(blob.name).name}",
        )
        known |= {(file.scope, file.version): file for file in landed}
        return [*(known[key] for key in keys), *kept], []

    def _asked_for(
        self, landing: Landing, progress: Callable[[str], None]
    ) -> tuple[list[Any], list[LandedFile]]:
        """Return the objects of the days asked for, and what is in force of the others."""
        window = Window(self.source.since, self.source.until)
        listed = self._listed()
        if window == Window():
            return listed, []
        told = {blob.name: days_of(blob.name) for blob in listed}
        asked = [b for b in listed if not (days := told[b.name]) or window.holds(*days)]
        if untold := sum(days is None for days in told.values()):
            progress(
                f"{self.source.name}: {untold:,} file{'s' if untold != 1 else ''} whose name tells "
                "no month: read whatever `since` and `until` say"
            )
        current = landing.current()
        others = {self._key(blob)[0] for blob in listed if blob not in asked}
        return asked, [file for file in (current.files if current else ()) if file.scope in others]

    def state(self) -> str:
        """Say how many files are there, and how new they are."""
        blobs = self._listed()
        size = sum(blob.size or 0 for blob in blobs)
        told = f"{len(blobs):,} file{'s' if len(blobs) != 1 else ''}, {size_text(size)}"
        times = [blob.updated for blob in blobs if blob.updated]
        return told + (f", written {max(times):%Y-%m-%d %H:%M}" if times else "")

    def _listed(self) -> list[Any]:
        with gcp.explained(self.source, self.address):
            found = self.client.list_blobs(
                self.source.bucket,
                prefix=self.source.prefix or None,
                **gcp.first_question(),
            )
            return [blob for blob in found if blob.name.lower().endswith(TAKEN)]

    def _key(self, blob: Any) -> tuple[str, str]:
        """Return where an object is and which content it has; an emulator counts none."""
        version = blob.generation or blob.etag or blob.md5_hash or blob.crc32c
        return f"gs://{self.source.bucket}/{blob.name}", str(version)

    def _fetched(self, blob: Any, landing: Landing) -> LandedFile:
        scope, version = self._key(blob)
        blocks = self._blocks(blob, landing)
        return landing.land_blocks(blocks, PurePosixPath(blob.name).name, scope, version)

    def _blocks(self, blob: Any, landing: Landing) -> Iterator[bytes]:
        """Download to a file without a name, hold it to its check sum, then hand it over."""
        with tempfile.TemporaryFile(dir=landing.folder / "files") as part:
            self._download(blob, part)
            part.seek(0)
            while block := part.read(_BLOCK):
                yield block

    def _download(self, blob: Any, part: IO[bytes]) -> None:
        from google.api_core.exceptions import NotFound, PreconditionFailed
        from google.cloud.storage.exceptions import DataCorruption
        from google.cloud.storage.retry import DEFAULT_RETRY

        scope, _ = self._key(blob)
        retry = DEFAULT_RETRY.with_timeout(gcp.PATIENCE)
        with gcp.explained(self.source, scope):
            try:
                blob.download_to_file(part, checksum="auto", retry=retry, timeout=gcp.WAIT)
            except DataCorruption:
                what = "what arrives is not what is stored: its check sum differs"
            except (NotFound, PreconditionFailed):
                what = "it was replaced or removed while it was read"
            else:
                if blob.size is None or part.tell() == blob.size or blob.content_encoding:
                    return
                what = f"it is cut short: {part.tell():,} of {blob.size:,} bytes arrived"
        raise IncompleteError(
            what,
            where=f"{scope} (source {self.source.name})",
            fix="Run again; what was fetched is kept and not fetched again.",
        )

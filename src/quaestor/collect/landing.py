"""Landed files: written once, hashed, listed by a manifest that says what is in force.

    landing/<source>/files/<sha256, 16 digits>-<name>   the bytes as fetched, never changed
    landing/<source>/manifests/<number>.json            a snapshot: which files are in force
    landing/<source>/attempt.json                       how the last look at the source ended
    landing/<source>/unfinished.jsonl                   what a look not yet ended has landed

A manifest is written last and renamed into place, so that a kill at any moment leaves the
previous one in force. A fetch that finds nothing new writes nothing.
"""

from __future__ import annotations

import errno
import hashlib
import io
import os
import re
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import IO

import msgspec

from quaestor import __version__
from quaestor.core.errors import IncompleteError, PartlyReadError, QuaestorError
from quaestor.core.landed import Attempt, LandedFile, Manifest

_BLOCK = 1 << 20
_REMEMBERED = timedelta(days=31)  # how far back earlier looks say what was unused
_NUMBER = re.compile(r"[0-9]{6}|[1-9][0-9]{6,}")
_LONGEST_NAME = 200  # bytes; file systems take 255, and the digits of the hash stand before it


@dataclass(frozen=True)
class Landing:
    """The landed files of one source below the landing folder."""

    root: Path
    source: str

    @property
    def folder(self) -> Path:
        """Return this source's own folder."""
        return self.root / self.source

    def land_file(self, original: Path, scope: str) -> LandedFile:
        """Copy a file into the landing folder and hash it on the way.

        Raises:
            IncompleteError: It cannot be read, or the disk is full.
        """
        try:
            stream = original.open("rb")
        except OSError as problem:
            raise IncompleteError(
                f"cannot be read ({problem.strerror})",
                where=f"{original} (source {self.source})",
                fix="Check that it is still there, and its permissions.",
            ) from None
        with stream:
            return self._land(stream, original.name, scope)

    def land_bytes(self, content: bytes, name: str, scope: str) -> LandedFile:
        """Write fetched bytes into the landing folder."""
        return self._land(io.BytesIO(content), name, scope)

    def land_blocks(
        self, blocks: Iterable[bytes], name: str, scope: str, version: str
    ) -> LandedFile:
        """Write what arrives block by block, such as a download; threads may do so at once.

        It is written down with its `version`, so that a run killed later need not fetch it
        again (see `known`).
        """
        landed = self._land(blocks, name, scope, version)
        # Behind a line that a kill left unfinished, too.
        line = b"\n" + msgspec.json.encode(landed) + b"\n"
        with _disk_errors(self.folder), self._journal.open("ab") as stream:
            stream.write(line)  # one short write: lines of several threads do not mix
        return landed

    def known(self) -> dict[tuple[str, str], LandedFile]:
        """Return what need not be fetched again, by scope and version.

        Those in force, those of a look that was cut short, and those once in force.
        """
        found: dict[tuple[str, str], LandedFile] = {}
        read = map(self._read, self._numbers())
        listed = [file for manifest in read for file in (*manifest.files, *manifest.beside)]
        for file in [*listed, *self._unfinished()]:
            path = self.root / file.path
            if file.version is not None and path.is_file() and path.stat().st_size == file.size:
                found[file.scope, file.version] = file
        return found

    @property
    def _journal(self) -> Path:
        return self.folder / "unfinished.jsonl"

    def _unfinished(self) -> Iterator[LandedFile]:
        """Yield what a look that was cut short had landed; its last line may be half written."""
        lines = self._journal.read_bytes().splitlines() if self._journal.is_file() else []
        for line in lines:
            try:
                yield msgspec.json.decode(line, type=LandedFile)
            except msgspec.MsgspecError:
                continue

    def _land(
        self, stream: IO[bytes] | Iterable[bytes], name: str, scope: str, version: str | None = None
    ) -> LandedFile:
        folder = self.folder / "files"
        with _disk_errors(folder):
            folder.mkdir(parents=True, exist_ok=True)
            part = folder / f".{os.getpid()}-{threading.get_ident()}.part"
            try:
                blocks = _blocks(stream) if isinstance(stream, io.IOBase) else stream
                digest, size = _copy(blocks, part)
                final = folder / f"{digest[:16]}-{_shortened(_utf8(name))}"
                part.replace(final)  # also where it is: a damaged copy is mended by collecting
            finally:
                part.unlink(missing_ok=True)
        return LandedFile(
            scope=_utf8(scope),
            path=str(final.relative_to(self.root)),
            sha256=digest,
            size=size,
            version=version,
        )

    def snapshot(
        self,
        files: Iterable[LandedFile],
        *,
        kind: str,
        schema: str,
        now: datetime,
        beside: Iterable[LandedFile] = (),
    ) -> Manifest:
        """Put these files in force, and those `beside` on record. No change writes nothing."""
        self._clear_up(now)
        listed, others = (
            tuple(sorted(some, key=lambda file: (file.scope, file.sha256)))
            for some in (files, beside)
        )
        told = (listed, others, kind, schema)
        current = self.current()
        if current and (current.files, current.beside, current.kind, current.schema) == told:
            return current
        manifest = Manifest(
            source=self.source,
            kind=kind,
            schema=schema,
            fetched_at=now,
            tool_version=__version__,
            files=listed,
            beside=others,
        )
        numbers = self._numbers()
        name = f"{(numbers[-1] if numbers else 0) + 1:06d}.json"
        self._write(self.folder / "manifests" / name, manifest)
        self._journal.unlink(missing_ok=True)
        return manifest

    def current(self) -> Manifest | None:
        """Return the manifest in force, or None where nothing was ever landed."""
        numbers = self._numbers()
        return self._read(numbers[-1]) if numbers else None

    def _read(self, number: int) -> Manifest:
        path = self.folder / "manifests" / f"{number:06d}.json"
        try:
            return msgspec.json.decode(path.read_bytes(), type=Manifest)
        except (OSError, msgspec.MsgspecError) as problem:
            raise IncompleteError(
                f"the manifest is damaged ({problem})",
                where=str(path),
                fix="Delete it; the one before it comes back in force. Then collect again.",
            ) from None

    def departed(self) -> tuple[LandedFile, ...]:
        """Return the files that older manifests list and no newer one replaces, newest first."""
        current = self.current()
        seen = {file.scope for file in current.files} if current else set()
        known = {file.sha256 for file in current.files} if current else set()
        gone: list[LandedFile] = []
        for number in reversed(self._numbers()[:-1]):
            for file in self._read(number).files:
                if file.scope not in seen and file.sha256 not in known:
                    gone.append(file)
                seen.add(file.scope)
                known.add(file.sha256)
        return tuple(gone)

    def record(self, now: datetime, problem: QuaestorError | None) -> None:
        """Remember how this look at the source ended, for the build that comes later."""
        before = self.last_attempt()
        if problem is None:
            attempt = Attempt(
                attempted_at=now, succeeded_at=now, unchanged_at=self._unchanged(before, now)
            )
        else:
            attempt = Attempt(
                attempted_at=now,
                succeeded_at=before.succeeded_at if before else None,
                error=problem.what,
                where=problem.where,
                fix=problem.fix,
                gaps=problem.gaps if isinstance(problem, PartlyReadError) else (),
                unchanged_at=before.unchanged_at if before else (),
            )
        self._write(self.folder / "attempt.json", attempt)

    def _unchanged(self, before: Attempt | None, now: datetime) -> tuple[datetime, ...]:
        """Return the days on which what was in force was found unchanged, this look included."""
        known = list(before.unchanged_at if before else ())
        current = self.current()
        if current is not None and current.fetched_at < now:
            seen = (current.fetched_at, *known)
            if not any(at.date() == now.date() for at in seen):
                known.append(now)
        return tuple(known[-_REMEMBERED.days :])

    def looks(self) -> tuple[tuple[datetime, Manifest], ...]:
        """Return what was found when, newest first, over the month up to the last look.

        Of each quarter of a day the last manifest, and the later days on which it was found
        unchanged.
        """
        attempt = self.last_attempt()
        again = sorted(attempt.unchanged_at if attempt else (), reverse=True)
        found: dict[datetime, Manifest] = {}
        quarters: set[tuple[date, int]] = set()
        since = until = None
        for number in reversed(self._numbers()):
            manifest = self._read(number)
            at = manifest.fetched_at
            same = [day for day in again if at < day and (until is None or day < until)]
            since = since or max([at, *same]) - _REMEMBERED
            found |= dict.fromkeys((day for day in same if day >= since), manifest)
            if at < since:
                break
            if (quarter := (at.date(), at.hour // 6)) not in quarters:
                quarters.add(quarter)
                found[at] = manifest
            until = at
        return tuple(found.items())

    def last_attempt(self) -> Attempt | None:
        """Return how the last look ended, or None where nobody ever looked.

        What it came to is not known where the file is damaged: that reads as a look that failed.
        """
        path = self.folder / "attempt.json"
        if not path.is_file():
            return None
        try:
            return msgspec.json.decode(path.read_bytes(), type=Attempt)
        except (OSError, msgspec.MsgspecError) as problem:
            written = datetime.fromtimestamp(path.stat().st_mtime, UTC).replace(tzinfo=None)
            return Attempt(
                attempted_at=written,
                error=f"what was written about it is damaged ({problem})",
                where=str(path),
                fix="Run `quaestor collect` again; it writes the file anew.",
            )

    def _clear_up(self, now: datetime) -> None:
        """Remove what a run that was killed a day ago or longer left half written."""
        for part in self.folder.glob("**/*.part"):
            written = datetime.fromtimestamp(part.stat().st_mtime, UTC).replace(tzinfo=None)
            if now - written > timedelta(days=1):
                part.unlink(missing_ok=True)

    def _numbers(self) -> list[int]:
        paths = (self.folder / "manifests").glob("*.json")
        return sorted(int(path.stem) for path in paths if _NUMBER.fullmatch(path.stem))

    def _write(self, path: Path, value: Manifest | Attempt) -> None:
        text = msgspec.json.format(msgspec.json.encode(value), indent=2)
        with _disk_errors(path.parent):
            path.parent.mkdir(parents=True, exist_ok=True)
            part = path.with_suffix(f".{os.getpid()}.part")
            try:
                with part.open("wb") as stream:
                    stream.write(text + b"\n")
                    stream.flush()
                    os.fsync(stream.fileno())
                part.replace(path)
            finally:
                part.unlink(missing_ok=True)


def _shortened(name: str) -> str:
    """Cut a name that is too long for a file system; what it ends on says how to read it."""
    if len(name.encode()) <= _LONGEST_NAME:
        return name
    endings = ("".join(Path(name).suffixes[-2:]), Path(name).suffix, "")
    ending = next(text for text in endings if len(text.encode()) <= _LONGEST_NAME // 10)
    room = _LONGEST_NAME - len(ending.encode())
    return name.encode()[:room].decode(errors="ignore") + ending


def _utf8(name: str) -> str:
    """Return a file's name as text that can be written down, whatever its bytes are."""
    return name.encode(errors="surrogateescape").decode(errors="replace")


def _blocks(stream: IO[bytes] | io.IOBase) -> Iterator[bytes]:
    while block := stream.read(_BLOCK):
        yield block


def _copy(blocks: Iterable[bytes], target: Path) -> tuple[str, int]:
    digest = hashlib.sha256()
    size = 0
    with target.open("wb") as out:
        for block in blocks:
            digest.update(block)
            out.write(block)
            size += len(block)
        out.flush()
        os.fsync(out.fileno())
    return digest.hexdigest(), size


@contextmanager
def _disk_errors(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as problem:
        if problem.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            raise IncompleteError(
                "the disk is full; what was landed before stays in force",
                where=str(folder),
                fix="Free some space, or move `landing:` to another disk, and run again.",
            ) from None
        raise IncompleteError(
            f"cannot be written ({problem.strerror})",
            where=str(folder),
            fix="Check the folder's permissions, or set `landing:` to another one.",
        ) from None

"""What landed, as the collectors write it down and the later stages read it."""

from __future__ import annotations

from datetime import datetime

import msgspec


class LandedFile(msgspec.Struct, frozen=True, kw_only=True):
    """One file in force."""

    scope: str  # what it is at its source: a path, a table, an address
    path: str  # where it lies, relative to the landing folder
    sha256: str
    size: int
    version: str | None = None  # what the source calls this content: an ETag, a generation


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """What one source held when it was last read in full.

    `beside` is what was read to know which files are in force, such as an export's own manifest:
    kept as evidence and not fetched again, loaded by nobody.
    """

    source: str
    kind: str
    schema: str
    fetched_at: datetime
    tool_version: str
    files: tuple[LandedFile, ...]
    beside: tuple[LandedFile, ...] = ()


class Gap(msgspec.Struct, frozen=True, kw_only=True):
    """A part of a source that could not be read while the rest was; it stays as it was."""

    scope: str  # what of the source
    reason: str
    period: str | None = None  # the billing period, such as "2026-10"
    fix: str | None = None


class Attempt(msgspec.Struct, frozen=True, kw_only=True):
    """How the last look at a source ended; `error` is None when all was well."""

    attempted_at: datetime
    succeeded_at: datetime | None = None  # the last time that all was well, UTC
    error: str | None = None
    where: str | None = None
    fix: str | None = None
    gaps: tuple[Gap, ...] = ()  # all that was wrong, where the rest could be read
    # Of each later day the first look that found what is in force as it was.
    unchanged_at: tuple[datetime, ...] = ()

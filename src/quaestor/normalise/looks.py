"""What earlier looks at a source found unused, so that unused once is not unused for good.

A loader notes in `usage.look` what nothing used when its source was looked at. Of the looks before
the one in force only those are read that the warehouse does not know yet.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from datetime import datetime

import msgspec

from quaestor.core.errors import IncompleteError
from quaestor.core.landed import Manifest
from quaestor.normalise.job import Job
from quaestor.warehouse.duckdb import Warehouse


def note_earlier(
    warehouse: Warehouse, job: Job, lists: Collection[str], read: Callable[[Warehouse, Job], str]
) -> None:
    """Note what the looks before the one in force found unused.

    What was landed then and is there no more tells nothing.

    Args:
        warehouse: Where to. The caller releases the source's quarantine afterwards: what cannot be
            read of earlier looks is of no interest.
        job: The source.
        lists: What is read of each look: the ends of scopes, less `@` and what follows it.
        read: Reads these, and returns a SELECT as `note` takes it.
    """
    source = job.source.name
    earlier = {at: found for at, found in job.looks() if found.files != job.manifest.files}
    warehouse.run(
        "delete from usage.look where source = ? and look not in (select unnest(?::timestamp[]))",
        [source, sorted(earlier)],
    )
    known = warehouse.rows("select distinct look from usage.look where source = ?", [source])
    missing = sorted(set(earlier) - {look for (look,) in known})
    for fetched_at in sorted({earlier[at].fetched_at for at in missing}):
        days = tuple(at for at in missing if earlier[at].fetched_at == fetched_at)
        found = earlier[days[0]]
        files = tuple(
            file for file in found.files if file.scope.rpartition("/")[2].partition("@")[0] in lists
        )
        job.progress(f"{source}: what was unused on {days[0]:%Y-%m-%d %H:%M}")
        then = _at(job, msgspec.structs.replace(found, files=files), days)
        try:
            note(warehouse, then, read(warehouse, then))
        except IncompleteError:
            continue


def _at(job: Job, manifest: Manifest, days: Sequence[datetime]) -> Job:
    """Return the same source as it was found on these days."""
    return replace(job, manifest=manifest, looks=lambda: tuple((day, manifest) for day in days))


def note(warehouse: Warehouse, job: Job, select: str) -> None:
    """Note what the look in force found unused, on each day on which it was found so.

    Args:
        warehouse: Where to.
        job: The source.
        select: SQL that gives `thing`, `seen_at` and `is_unused`, which is null where nobody says;
            `$source` in it is the source.
    """
    fetched_at = job.manifest.fetched_at
    same = {at for at, found in job.looks() if found.files == job.manifest.files}
    for look in sorted(same or {fetched_at}):
        _note(warehouse, job.source.name, select, look, fetched_at)


def _note(
    warehouse: Warehouse, source: str, select: str, look: datetime, fetched_at: datetime
) -> None:
    # A part of a source that did not answer stays as it was seen before.
    warehouse.run(
        "insert into usage.look by name select $source as source, $look::timestamp as look, thing, "
        "case when seen_at >= $fetched_at::timestamp then $look::timestamp else seen_at end "
        f"as seen_at, is_unused from ({select}) union all by name "
        # So that it is not read again where there was nothing.
        "select $source as source, $look::timestamp as look, '' as thing, "
        "$look::timestamp as seen_at",
        {"source": source, "look": look, "fetched_at": fetched_at},
    )

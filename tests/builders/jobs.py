"""What a loader is given, without a collect: files in force, and what became of them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

from quaestor.core.landed import LandedFile, Manifest
from quaestor.core.sources import Source
from quaestor.normalise import loader, registry
from quaestor.normalise.job import Job
from quaestor.warehouse.duckdb import Warehouse


def landed(
    folder: Path,
    source: Source,
    files: Mapping[str, bytes],
    *,
    schema: str | None = None,
    now: datetime = datetime(2026, 11, 21),
) -> Job:
    """A source with these files in force: scope -> content.

    Args:
        folder: Where they are written, each under its scope with - for /.
        source: Whose they are.
        files: What landed, in the manifest's order.
        schema: That of the manifest, where it is not the source's kind.
        now: When they were fetched.
    """
    listed = []
    for scope, data in files.items():
        path = scope.replace("/", "-")
        (folder / path).write_bytes(data)
        digest = sha256(data).hexdigest()
        listed.append(LandedFile(scope=scope, path=path, sha256=digest, size=len(data)))
    kind = str(source.__struct_config__.tag)
    manifest = Manifest(
        source=source.name,
        kind=kind,
        schema=schema or kind,
        fetched_at=now,
        tool_version="0",
        files=tuple(listed),
    )
    return Job(source, manifest, folder, "USD", lambda _: None)


def lines(objects: Iterable[Any]) -> bytes:
    """Objects as they are landed, one a line; text stays as it is."""
    texts = (one if isinstance(one, str) else json.dumps(one) for one in objects)
    return "".join(f"{text}\n" for text in texts).encode()


def settled(warehouse: Warehouse, job: Job) -> list[tuple[str, str]]:
    """Load and settle; return the blind spots as scope and reason."""
    with warehouse.transaction():
        spots = loader(job.manifest.schema).load(warehouse, job)
        registry.settle(warehouse)
    return [(spot.scope, spot.reason) for spot in spots]

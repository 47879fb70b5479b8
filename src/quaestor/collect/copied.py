"""Which files count in a folder on disk: those that the exports' manifests put in force.

A folder that was copied from S3 or from Azure's Blob storage holds every delivery that lay there,
and each states its whole month anew. Where manifests lie beside the files they decide, as they
do at the provider (`manifests.py`, `azure_manifests.py`); all other files count.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from quaestor.collect import azure_manifests
from quaestor.collect.azure_manifests import BILLS, Delivery
from quaestor.collect.manifests import MANIFEST, READ, Exports, Listed, place_of
from quaestor.collect.paths import matching
from quaestor.core.errors import IncompleteError
from quaestor.core.landed import Gap
from quaestor.core.period import Window

_AZURE = ("manifest.json", "_manifest.json")


@dataclass
class Copied:
    """What of a folder is in force; a gap's scope is a path."""

    paths: list[Path] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)
    exports: Exports = field(default_factory=lambda: Exports(_content, Window()))
    kept: list[str] = field(default_factory=list)  # folders of Azure's gaps, without a first slash

    def stays(self, path: Path) -> bool:
        """Say whether what was in force at a path stays so: it belongs to a gap."""
        key = path.as_posix()
        place = place_of(key)
        if place:
            return place.period in self.exports.gaps
        return key.lstrip("/").startswith(tuple(self.kept)) if self.kept else False


def in_force(folder: Path, paths: Sequence[Path]) -> Copied:
    """Return which files of a folder are in force.

    Raises:
        IncompleteError: A manifest cannot be read.
    """
    copied = Copied()
    told = matching(folder, _is_manifest)
    listed = sorted(map(_listed, {*paths, *told}), key=lambda one: one.key)
    of_azure = [one for one in listed if azure_manifests.place_of(one.key)]
    of_azure = [one for one in of_azure if place_of(one.key) is None]
    taken = _azure(copied, of_azure)
    elsewhere = {one.key for one in of_azure} - taken
    of_aws = [one for one in listed if one.key not in elsewhere]
    chosen = {one.key for one in [*copied.exports.add(of_aws), *copied.exports.close()]}
    copied.gaps += [gap for _, gap in sorted(copied.exports.gaps.items())]
    copied.paths = [
        path
        for path in paths
        if path.as_posix() in chosen
        # Of JSON, such as Google's, no manifest speaks.
        or (path.as_posix() not in elsewhere and not path.name.lower().endswith(READ))
    ]
    return copied


def _azure(copied: Copied, listed: Sequence[Listed]) -> set[str]:
    """Return the files of Azure's exports that count; without a manifest all of a period do."""
    taken: set[str] = set()
    found: list[Delivery] = []
    for period, files in azure_manifests.by_period(listed):
        if period is None or not any(_is_manifest(Path(one.key).name) for one in files):
            taken |= {one.key for one in files}
            continue
        delivery = azure_manifests.in_force(period, files, _content, None)
        if delivery.dataset not in (*BILLS, None):
            continue  # prices, recommendations: no bill
        if delivery.gap:
            copied.gaps.append(delivery.gap)
        if delivery.gap and not delivery.files:
            copied.kept.append(period.folder)
        else:
            found.append(delivery)
    twice = list(azure_manifests.conflicts(found))
    copied.gaps += [gap for _, gap in twice]
    left_out = [delivery for delivery, _ in twice]
    for delivery in found:
        if delivery not in left_out:
            taken |= {one.key for one, _ in delivery.files}
    return taken


def _is_manifest(name: str) -> bool:
    return name.lower().endswith(MANIFEST) or name.lower() in _AZURE


def _listed(path: Path) -> Listed:
    about = path.stat()
    changed = datetime.fromtimestamp(about.st_mtime, UTC).replace(tzinfo=None)
    return Listed(path.as_posix(), about.st_size, "", changed)


def _content(listed: Listed) -> bytes:
    try:
        return Path(listed.key).read_bytes()
    except OSError as problem:
        raise IncompleteError(
            f"cannot be read ({problem.strerror})",
            where=listed.key,
            fix="Check that it is still there, and its permissions.",
        ) from None

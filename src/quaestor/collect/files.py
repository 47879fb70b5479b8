"""Land files that lie on disk: one file, every file of a folder, or a glob.

In a folder that was copied from AWS or Azure the exports' manifests decide which files are in
force, as they do there (`copied.py`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from quaestor.collect.copied import Copied
from quaestor.collect.copied import in_force as copied_files
from quaestor.collect.paths import matching, scope_of
from quaestor.core.errors import IncompleteError, PartlyReadError
from quaestor.core.landed import Gap
from quaestor.core.progress import counted
from quaestor.core.text import size_text

if TYPE_CHECKING:
    from quaestor.collect.landing import Landing
    from quaestor.core.config import Config, FilesSource

_TABLES = (".csv", ".csv.gz", ".parquet", ".parq")
_JSON = (".json", ".jsonl", ".ndjson", ".json.gz", ".jsonl.gz", ".ndjson.gz")
_SUFFIXES: dict[str, tuple[str, ...]] = {
    "node-hours": _TABLES,
    "pod-hours": _TABLES,
    "gpu-jobs": _TABLES,
    "gpu-samples": _TABLES,
    "stored-objects": _TABLES,
    "container-samples": _TABLES,
    "containers": _TABLES,
    "endpoints": _TABLES,
    "notebooks": _TABLES,
    "disks": _TABLES,
    "mlflow": (".json",),
    "mlflow-export": ("model.json", "run.json"),
    "cyclonedx": (".json", ".json.gz"),
    "kubeflow-catalog": (".yaml", ".yml"),
}
# Bills; Google's may be JSON. A manifest beside them is about files and none of them.
_BILLS = (*_TABLES, *_JSON)
_ABOUT_FILES = "manifest.json"
# Files that may well hold data; what a source does not read of them is told by doctor().
_DATA = (
    *_TABLES,
    *(".json", ".jsonl", ".ndjson", ".xlsx", ".xls", ".ods", ".txt", ".tsv", ".psv", ".dat"),
    *(".orc", ".avro", ".arrow", ".feather", ".zip", ".gz", ".bz2", ".xz", ".zst", ".7z", ".tar"),
    *(".tgz", ".sqlite", ".db"),
)


def collect(
    source: FilesSource,
    config: Config,
    landing: Landing,
    *,
    now: datetime,
    progress: Callable[[str], None],
) -> None:
    """Land every file of the source (see `Collector.collect`)."""
    copied = in_force(source, config)
    steps = counted(copied.paths, progress, lambda path: f"{source.name}: {path.name}")
    landed = [landing.land_file(path, scope=scope_of(path, config)) for path in steps]
    current = landing.current()
    if copied.gaps and current:
        landed += [file for file in current.files if copied.stays(config.resolve(file.scope))]
    if landed or not copied.gaps:
        landing.snapshot(landed, kind="files", schema=loaded_as(source), now=now)
    if copied.gaps:
        raise PartlyReadError(_gaps(copied, config), where=f"{source.path} (source {source.name})")


def in_force(source: FilesSource, config: Config) -> Copied:
    """Return the files that count, and what of exports is not whole.

    Raises:
        IncompleteError: There are none, or a manifest cannot be read.
    """
    paths = found(source, config)
    folder = config.resolve(source.path)
    if loaded_as(source) != "bill" or not folder.is_dir():
        return Copied(paths)  # a file or a glob is taken by its word
    return copied_files(folder, paths)


def _gaps(copied: Copied, config: Config) -> list[Gap]:
    """Return what of exports is not whole, named as the user knows it."""
    return [
        msgspec.structs.replace(gap, scope=scope_of(Path(gap.scope), config)) for gap in copied.gaps
    ]


def loaded_as(source: FilesSource) -> str:
    """Return which loader reads the files: bills of every format have one."""
    return source.schema if source.schema in _SUFFIXES else "bill"


def suffixes(source: FilesSource) -> tuple[str, ...]:
    """Return how the names of a source's files end."""
    return _SUFFIXES.get(loaded_as(source), _BILLS)


def _is_artifact(path: Path, source: FilesSource, folder: Path) -> bool:
    """Say whether a file of an MLflow export is a run's own: those may have any name."""
    below = path.relative_to(folder) if path.is_relative_to(folder) else path
    return source.schema == "mlflow-export" and "artifacts" in below.parts


def _is_read(name: str, source: FilesSource) -> bool:
    """Say whether a file of this name is one of the source's."""
    if loaded_as(source) == "bill" and name.lower().endswith(_ABOUT_FILES):
        return False
    return name.lower().endswith(suffixes(source))


def doctor(source: FilesSource, config: Config) -> str:
    """Count the files and their bytes, and what else looks like data (see `Collector.doctor`)."""
    copied = in_force(source, config)
    paths = copied.paths
    size = sum(path.stat().st_size for path in paths)
    told = f"{len(paths)} file{'s' if len(paths) != 1 else ''}, {size_text(size)}"
    if others := len(found(source, config)) - len(paths):
        told += f"; {others:,} of deliveries not in force"
    if unread := _unread(source, config):
        kinds = ", ".join(f"{count:,} {suffix}" for suffix, count in sorted(unread.items()))
        told += f"; not read: {kinds}"
    if copied.gaps:
        where = f"{source.path} (source {source.name})"
        raise PartlyReadError(_gaps(copied, config), where=where, read=told)
    return told


def permissions(source: FilesSource) -> str:
    """Say which path must be readable (see `Collector.permissions`)."""
    return (
        f"No cloud permission. The account that runs quaestor needs to read {source.path}: the "
        "right to list its folders and to read its files, and none to write."
    )


def _unread(source: FilesSource, config: Config) -> Counter[str]:
    """Count the files of a folder that look like data and are not taken, by suffix."""
    path = config.resolve(source.path)
    if not path.is_dir():
        return Counter()
    not_told = (*suffixes(source), _ABOUT_FILES)
    others = matching(
        path, lambda name: name.lower().endswith(_DATA) and not name.lower().endswith(not_told)
    )
    return Counter(other.suffix.lower() for other in others)


def found(source: FilesSource, config: Config) -> list[Path]:
    """Return the source's files, sorted.

    Raises:
        IncompleteError: There are none.
    """
    path = config.resolve(source.path)
    named = matching(path, lambda name: _is_read(name, source))
    paths = [each for each in named if not _is_artifact(each, source, path)]
    if not paths:
        raise IncompleteError(
            "no file found" if path.exists() else "no such file or folder",
            where=f"{path} (source {source.name})",
            fix=f"Correct `path:`; a folder is searched for {', '.join(suffixes(source))}.",
        )
    return paths

"""Look around for what Quaestor can read: bills, usage files, model.gov.yaml, a registry."""

from __future__ import annotations

import csv
import glob
import gzip
import json
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby, takewhile
from pathlib import Path

from quaestor.normalise import formats
from quaestor.warehouse.duckdb import Warehouse, literal
from quaestor.warehouse.errors import UnreadableError

DEPTH = 4
_MOST_FILES = 5_000
_NOT_INTO = {"landing", "quaestor-reports", "node_modules", "__pycache__", "venv", "site-packages"}
_PARQUET = (".parquet", ".parq")
_JSON = tuple(f".{kind}{gz}" for gz in ("", ".gz") for kind in ("json", "jsonl", "ndjson"))
_SUFFIXES = (".csv", ".csv.gz", *_PARQUET, *_JSON)
_ABOUT_FILES = "manifest.json"  # beside an export's files, and none of them
_MODEL_GOV = "model.gov.yaml"
# Files that are no bills: one that has all of these columns; the first that fits counts.
_USAGE = {
    "pod-hours": {"cluster", "namespace", "pod", "hour"},
    "node-hours": {"cluster", "node", "hour"},
    "gpu-jobs": {"job", "gpus"},
    "gpu-samples": {"host", "sampled_at"},
    "container-samples": {"cluster", "namespace", "pod", "container", "sampled_at"},
    "containers": {"cluster", "namespace", "pod", "container"},
    "endpoints": {"endpoint", "instances"},  # both their list and their hours
    "notebooks": {"notebook", "last_activity_at"},
    "disks": {"disk", "is_attached"},
}
_JOINED = {"azure-cost"}  # formats whose files complete one another, within one source
_HEAD = 1 << 16


@dataclass(frozen=True)
class Detected:
    """One source that can be read as it lies there.

    Args:
        name: Unique, as `name:` in quaestor.yaml.
        keys: The other keys of the source, in the order to write them.
        note: What was found, for the reader.
    """

    name: str
    keys: Mapping[str, str]
    note: str


@dataclass(frozen=True)
class Found:
    """What can be read as it lies there, and which tables nobody knows."""

    sources: Sequence[Detected]
    unknown: Sequence[Path]


@dataclass(frozen=True)
class _File:
    path: Path  # relative to the folder that was searched
    suffix: str  # as it is spelled
    schema: str | None  # a format of bills, or of usage files
    delimiter: str = ","

    @property
    def is_bill(self) -> bool:
        return self.schema in formats.FORMATS


def detect(folder: Path, environment: Mapping[str, str]) -> Found:
    """Return the sources found in the environment and below a folder, bills first.

    Looks `DEPTH` folders deep, at no hidden folder, and at the first lines of files only.
    """
    paths = list(_walk(folder))
    looked = _look(folder, paths)
    sources = [_source(group, looked) for group in _groups(looked)]
    files = [path for path in paths if path.name == _MODEL_GOV or _is_named_gov(path)]
    if environment.get("MLFLOW_TRACKING_URI"):
        note = "MLFLOW_TRACKING_URI is set"
        keys = {"kind": "mlflow", "uri": "${MLFLOW_TRACKING_URI}"}
        sources.append(Detected("registry", keys, note))
    if files:
        shown = f"{len(files)} {_MODEL_GOV} file{'s' if len(files) > 1 else ''}"
        place = str(files[0]) if len(files) == 1 else _common(files)
        sources.append(Detected("models", {"kind": "model-gov", "path": place}, shown))
    unknown = [file.path for file in looked if not file.schema and not _is_json(file)]
    return Found(_named_apart(sources), unknown)


def _is_json(file: _File) -> bool:
    """Say whether a file may be anybody's: few JSON files are tables."""
    return file.suffix.lower() in _JSON


def _walk(folder: Path) -> Iterator[Path]:
    seen = 0
    for current, folders, names in os.walk(folder):
        here = Path(current).relative_to(folder)
        deep = len(here.parts) >= DEPTH
        folders[:] = (
            []
            if deep
            else sorted(n for n in folders if not n.startswith(".") and n not in _NOT_INTO)
        )
        for name in sorted(names):
            seen += 1
            if seen > _MOST_FILES:
                return
            if "${" not in str(here / name):  # quaestor.yaml would look for a variable
                yield here / name


def _look(folder: Path, paths: Sequence[Path]) -> list[_File]:
    files = []
    for path in paths:
        suffix = max((s for s in _SUFFIXES if path.name.lower().endswith(s)), key=len, default="")
        if not suffix or path.name.startswith(".") or path.name.lower().endswith(_ABOUT_FILES):
            continue
        schema, delimiter = _schema(folder / path, suffix)
        files.append(_File(path, path.name[-len(suffix) :], schema, delimiter))
    return files


def _schema(path: Path, suffix: str) -> tuple[str | None, str]:
    """Return the format of a file, and what separates its columns."""
    try:
        if suffix in _PARQUET:
            return _named(_parquet_columns(path)), ","
        head = _first_line(path)
        if suffix in _JSON:
            return _named(_json_keys(head)), ","
        for delimiter in ",;\t|":
            header = next(csv.reader([head], delimiter=delimiter), [])
            if schema := _named([name.strip() for name in header]):
                return schema, delimiter
    except (OSError, EOFError, UnicodeDecodeError, csv.Error, UnreadableError):
        pass  # damaged or not ours; `quaestor doctor` is where files are judged
    return None, ","


def _named(header: Sequence[str]) -> str | None:
    """Return the name of the format that has these columns."""
    for name in formats.FORMATS:
        if formats.named(name).recognises(header):
            return name
    return next((name for name, signs in _USAGE.items() if signs <= set(header)), None)


def _first_line(path: Path) -> str:
    zipped = path.name.lower().endswith(".gz")
    with gzip.open(path) if zipped else path.open("rb") as stream:
        return stream.readline(_HEAD).decode("utf-8-sig").rstrip("\r\n")


def _json_keys(head: str) -> list[str]:
    """Return the keys of the object that stands on the first line, if one does."""
    try:
        value = json.loads(head)
    except (ValueError, RecursionError):
        return []
    return list(value) if isinstance(value, dict) else []


def _parquet_columns(path: Path) -> list[str]:
    with Warehouse(":memory:") as warehouse:
        place = literal(glob.escape(str(path)))
        found = warehouse.probe(
            f"describe select * from read_parquet({place}, hive_partitioning = false)"
        )
    return [name for name, *_ in found]


def _groups(files: Sequence[_File]) -> Iterator[list[_File]]:
    """Yield the files of one source: bills of one format below one folder, however deep.

    Else those of a folder where they are all alike, else singly; but bills whose files are joined
    (Azure's actual and amortised cost) stay together, as only one source's are.
    """
    yield from _branch(sorted(files, key=lambda f: (f.path.parent.parts, f.suffix)), 0)


def _branch(tree: Sequence[_File], depth: int) -> Iterator[list[_File]]:
    """Yield the groups of what lies below a folder that is `depth` deep; sorted."""
    alike = {(file.schema, file.delimiter) for file in tree}
    spread = len({file.path.parent for file in tree}) > 1
    if depth and len(alike) == 1 and spread and tree[0].is_bill:
        yield list(tree)
        return
    for folder, below in groupby(tree, key=lambda file: file.path.parts[:-1][: depth + 1]):
        if len(folder) > depth:
            yield from _branch(list(below), depth + 1)
            continue
        for _, same in groupby(below, key=lambda file: file.suffix):
            yield from _of_folder(list(same))


def _of_folder(files: Sequence[_File]) -> Iterator[list[_File]]:
    """Yield the groups of a folder's own files, which end alike."""
    known = [file for file in files if file.schema]
    if known and len({(file.schema, file.delimiter) for file in files}) == 1:
        yield list(files)
        return
    joined = [file for file in known if file.schema in _JOINED]
    if len(joined) < 2 or len({file.delimiter for file in joined}) > 1:
        joined = []
    elif not _only(joined, files):  # no pattern tells them from the others: the whole folder
        joined = [f for f in known if f.is_bill and f.delimiter == joined[0].delimiter]
    if joined:
        yield joined
    yield from ([file] for file in known if file not in joined)


def _only(some: Sequence[_File], folder: Sequence[_File]) -> str:
    """Return how the names of these files begin, and no other's of the folder, or ""."""
    names = sorted(file.path.name for file in some)
    pairs = takewhile(lambda pair: pair[0] == pair[1], zip(names[0], names[-1], strict=False))
    start = "".join(letter for letter, _ in pairs)
    others = (file.path.name for file in folder if file not in some)
    return "" if any(name.startswith(start) for name in others) else start


def _source(group: Sequence[_File], files: Sequence[_File]) -> Detected:
    first = group[0]
    folders = {file.path.parent for file in group}
    if len(group) == 1:
        path = glob.escape(str(first.path))
        name = first.path.name.removesuffix(first.suffix)
    elif len(folders) > 1:
        path = _common([file.path for file in group])
        name = Path(path).name
    else:
        folder = first.path.parent
        beside = [f for f in files if (f.path.parent, f.suffix) == (folder, first.suffix)]
        start = _only(group, beside) if len(group) < len(beside) else ""
        path = str(Path(glob.escape(str(folder)), f"{glob.escape(start)}*{first.suffix}"))
        name = folder.name or "bills"
    keys = {"kind": "files", "path": path}
    if not first.is_bill:
        keys["schema"] = str(first.schema)
    if first.delimiter != ",":
        keys["delimiter"] = first.delimiter
    return Detected(name, keys, _note(group))


def _note(group: Sequence[_File]) -> str:
    schemas = {str(file.schema) for file in group}
    kind = schemas.pop()
    kind = "bill" if schemas else formats.named(kind).title if group[0].is_bill else kind
    return f"{len(group)} {kind} file{'s' if len(group) > 1 else ''}"


def _is_named_gov(path: Path) -> bool:
    return path.name.endswith(f".{_MODEL_GOV}")


def _common(paths: Sequence[Path]) -> str:
    return os.path.commonpath([str(path.parent) for path in paths]) or "."


def _named_apart(sources: Sequence[Detected]) -> list[Detected]:
    taken: set[str] = set()
    named = []
    for source in sources:
        base = re.sub(r"[^a-z0-9_-]+", "-", source.name.lower()).strip("-_")[:50] or "bills"
        name, number = base, 2
        while name in taken:
            name, number = f"{base}-{number}", number + 1
        taken.add(name)
        named.append(Detected(name, source.keys, source.note))
    return named

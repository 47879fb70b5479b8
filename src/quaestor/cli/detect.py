"""Look around for what Quaestor can read: bills, usage files, model.gov.yaml, a registry."""

from __future__ import annotations

import glob
import gzip
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

DEPTH = 4
_MOST_FILES = 5_000
_NOT_INTO = {"landing", "quaestor-reports", "node_modules", "__pycache__", "venv", "site-packages"}
_SUFFIXES = (".csv", ".csv.gz", ".parquet", ".parq")
_MODEL_GOV = "model.gov.yaml"
# A file is of a schema when it has all of these columns; the first that fits counts.
_SIGNS = {
    "focus": {"BilledCost", "ChargePeriodStart"},
    "pod-hours": {"cluster", "namespace", "pod", "hour"},
    "node-hours": {"cluster", "node", "hour"},
}
_HEAD = 1 << 16
_FOOTER = 1 << 22


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
class _File:
    path: Path  # relative to the folder that was searched
    suffix: str
    schema: str | None
    delimiter: str = ","


def detect(folder: Path, environment: Mapping[str, str]) -> list[Detected]:
    """Return the sources found in the environment and below a folder, bills first.

    Looks `DEPTH` folders deep, at no hidden folder, and at the first lines of files only.
    """
    paths = list(_walk(folder))
    sources = [_source(group) for group in _groups(_look(folder, paths))]
    files = [path for path in paths if path.name == _MODEL_GOV or _is_named_gov(path)]
    if environment.get("MLFLOW_TRACKING_URI"):
        note = "MLFLOW_TRACKING_URI is set"
        keys = {"kind": "mlflow", "uri": "${MLFLOW_TRACKING_URI}"}
        sources.append(Detected("registry", keys, note))
    if files:
        shown = f"{len(files)} {_MODEL_GOV} file{'s' if len(files) > 1 else ''}"
        place = str(files[0]) if len(files) == 1 else _common(files)
        sources.append(Detected("models", {"kind": "model-gov", "path": place}, shown))
    return _named_apart(sources)


def hints(environment: Mapping[str, str], home: Path) -> list[str]:
    """Return sentences about what is there, and how its data get into files."""
    found = []
    aws = Path(environment.get("AWS_CONFIG_FILE", home / ".aws" / "config"))
    if aws.is_file() or (home / ".aws" / "credentials").is_file():
        found.append(
            "AWS profiles were found. Bills are read from files: copy a FOCUS export of AWS Data "
            "Exports with `aws s3 sync s3://BUCKET/PREFIX bills/`, then add bills/ as below."
        )
    kube = environment.get("KUBECONFIG", "")
    if any(Path(part).is_file() for part in kube.split(os.pathsep) if part) or (
        not kube and (home / ".kube" / "config").is_file()
    ):
        found.append(
            "A kubeconfig was found. Clusters are read from files of node-hours and pod-hours: "
            "export them from Prometheus, then add them with `schema: node-hours`."
        )
    return found


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
        suffix = next((s for s in _SUFFIXES if path.name.endswith(s)), None)
        if suffix and not path.name.startswith("."):
            schema, delimiter = _schema(folder / path, suffix)
            files.append(_File(path, suffix, schema, delimiter))
    return files


def _schema(path: Path, suffix: str) -> tuple[str | None, str]:
    try:
        if suffix.startswith(".parq"):
            footer = _parquet_footer(path)
            for schema, signs in _SIGNS.items():
                if all(sign.encode() in footer for sign in signs):
                    return schema, ","
            return None, ","
        head = _first_line(path, suffix)
    except (OSError, EOFError, UnicodeDecodeError):
        return None, ","  # damaged or not ours; `quaestor doctor` is where files are judged
    for delimiter in ",;\t|":
        names = {name.strip().strip('"') for name in head.split(delimiter)}
        for schema, signs in _SIGNS.items():
            if signs <= names:
                return schema, delimiter
    return None, ","


def _first_line(path: Path, suffix: str) -> str:
    with gzip.open(path) if suffix == ".csv.gz" else path.open("rb") as stream:
        return stream.readline(_HEAD).decode("utf-8-sig").rstrip("\r\n")


def _parquet_footer(path: Path) -> bytes:
    """Return the bytes that hold the column names; empty for what is no Parquet file."""
    with path.open("rb") as stream:
        size = stream.seek(0, os.SEEK_END)
        stream.seek(max(size - 8, 0))
        tail = stream.read(8)
        length = int.from_bytes(tail[:4], "little")
        if tail[4:] != b"PAR1" or not 0 < length <= min(size - 8, _FOOTER):
            return b""
        stream.seek(size - 8 - length)
        return stream.read(length)


def _groups(files: Sequence[_File]) -> Iterator[list[_File]]:
    """Yield the files of one source: those of a folder where they are all alike, else singly."""

    def place(file: _File) -> tuple[str, str]:
        return str(file.path.parent), file.suffix

    for _, same in groupby(sorted(files, key=place), key=place):
        group = list(same)
        alike = {(file.schema, file.delimiter) for file in group}
        known = [file for file in group if file.schema]
        yield from ([group] if len(alike) == 1 and known else [[file] for file in known])


def _source(group: Sequence[_File]) -> Detected:
    first = group[0]
    folder = first.path.parent
    if len(group) == 1:
        path = glob.escape(str(first.path))
        name = first.path.name.removesuffix(first.suffix)
    else:
        path = str(Path(glob.escape(str(folder)), f"*{first.suffix}"))
        name = folder.name or "bills"
    keys = {"kind": "files", "path": path}
    if first.schema != "focus":
        keys["schema"] = str(first.schema)
    if first.delimiter != ",":
        keys["delimiter"] = first.delimiter
    kind = "FOCUS" if first.schema == "focus" else first.schema
    note = f"{len(group)} {kind} file{'s' if len(group) > 1 else ''}"
    return Detected(name, keys, note)


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

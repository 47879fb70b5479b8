"""Write a file or a folder whole or not at all, so that nobody reads half a result."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from quaestor.core.errors import ConfigurationError, IncompleteError

_BY_HAND = {".yaml", ".yml"}
_WAREHOUSE = slice(8, 12), b"DUCK"  # where the engine's files say what they are


def write_whole(path: Path, content: str | bytes) -> None:
    """Write a text (as UTF-8) or bytes and let them take the place of the file that was there.

    Raises:
        ConfigurationError: A warehouse is there.
        IncompleteError: It cannot be written; what was there is left as it was.
    """
    spare_warehouse(path)
    part = part_of(path)
    try:
        part.write_bytes(content.encode("utf-8") if isinstance(content, str) else content)
        part.replace(path)
    except OSError as problem:
        with suppress(OSError):
            part.unlink(missing_ok=True)
        raise unwritable(path, problem.strerror) from None


@contextmanager
def whole(path: Path) -> Iterator[Path]:
    """Yield where to write a file; when that is done it takes the place of the one at `path`.

    The folder is made if need be.

    Raises:
        ConfigurationError: A warehouse is there.
        IncompleteError: It cannot be written; what was there is left as it was.
    """
    spare_warehouse(path)
    part = part_of(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield part
        part.replace(path)
    except OSError as problem:
        raise unwritable(path, problem.strerror) from None
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)


@contextmanager
def whole_folder(folder: Path, mark: str) -> Iterator[Path]:
    """Yield an empty folder; when it is filled it takes the place of the one at `folder`.

    Args:
        folder: Where to.
        mark: The file by which a folder that was written so is known; no other is replaced.

    Raises:
        ConfigurationError: There is something else.
        IncompleteError: It cannot be written; what was there is left as it was.
    """
    if folder.exists() and not (folder / mark).is_file():
        raise ConfigurationError(
            "there is something else where the folder should go",
            where=str(folder),
            fix="Name another folder, or move this one away: only an earlier export is replaced.",
        )
    part, old = (folder.with_name(f".{folder.name}.{state}") for state in ("part", "old"))
    try:
        shutil.rmtree(part, ignore_errors=True)
        part.mkdir(parents=True)
        yield part
        shutil.rmtree(old, ignore_errors=True)
        if folder.exists():
            folder.rename(old)
        part.rename(folder)
        shutil.rmtree(old, ignore_errors=True)
    except OSError as problem:
        raise unwritable(folder, problem.strerror) from None
    finally:
        shutil.rmtree(part, ignore_errors=True)


def spare_warehouse(path: Path) -> None:
    """Refuse to put a result where a warehouse is: its audits could not be had back.

    Raises:
        ConfigurationError: The file at `path` is a warehouse.
    """
    place, mark = _WAREHOUSE
    if not path.is_file():
        return  # nor open a pipe, which would wait
    try:
        with path.open("rb") as file:
            start = file.read(place.stop)
    except OSError:
        return  # writing it says why
    if start[place] == mark:
        raise ConfigurationError(
            "this is a warehouse; a result would take its place, and its audits would be lost",
            where=str(path),
            fix="Name another file.",
        )


def spare_by_hand(path: Path, *, unless: str | None = None) -> None:
    """Refuse to put a result where a YAML file is: people write configurations, policies, waivers.

    Args:
        path: Where the result is to go.
        unless: What the file says if it is an earlier result, which may be replaced.

    Raises:
        ConfigurationError: People may have written what is at `path`.
    """
    if path.suffix.lower() not in _BY_HAND or not path.is_file():
        return
    if unless is None or unless not in path.read_text(encoding="utf-8", errors="replace"):
        raise ConfigurationError(
            "there is a YAML file that may be written by hand; a result would take its place",
            where=str(path),
            fix="Name another file.",
        )


def part_of(path: Path) -> Path:
    """Return the file that is written before it takes the place of `path`.

    >>> part_of(Path("out/cost.html")).as_posix()
    'out/.cost.html.part'
    """
    return path.with_name(f".{path.name}.part")


def unwritable(path: Path, reason: str | None) -> IncompleteError:
    """Return the complaint about a file that cannot be written."""
    return IncompleteError(
        f"cannot be written ({reason})",
        where=str(path),
        fix="Check that its folder exists, may be written to and has free space, or name another.",
    )

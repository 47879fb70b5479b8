"""From `path:` in quaestor.yaml to files: one file, those of a folder, or a glob."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

from quaestor.core.config import Config
from quaestor.core.errors import IncompleteError


def matching(path: Path, wanted: Callable[[str], bool]) -> list[Path]:
    """Return the files that a path means, sorted; none is an empty list.

    Args:
        path: A file, a folder or a glob.
        wanted: Whether a file of that name is taken from a folder, at any depth; links to other
            folders are followed. A file or glob is taken by its word.

    Raises:
        IncompleteError: A folder below cannot be read; what is in it must not go unseen.
    """
    if path.is_file():
        return [path]
    if path.is_dir():
        return sorted(p for p in _below(path) if wanted(p.name) and p.is_file())
    anchor = Path(path.anchor) if path.is_absolute() else Path()
    return sorted(p for p in anchor.glob(str(path.relative_to(anchor))) if p.is_file())


def _below(top: Path) -> Iterator[Path]:
    """Yield every path in a folder and those linked into it, each folder once.

    Links are followed after the folder's own tree, so that a file is found where it lies; one
    that leads back to a folder around this one is not.
    """
    whole = top.resolve()
    seen: set[Path] = set()
    pending = [top]
    while pending:
        for place, folders, files in os.walk(pending.pop(0), onerror=_unreadable):
            folder = Path(place)
            seen.add(folder.resolve())
            yield from (folder / name for name in files)
            folders.sort()
            pending += [folder / name for name in folders if (folder / name).is_symlink()]
            folders[:] = [name for name in folders if (folder / name).resolve() not in seen]
        pending = [
            link
            for link in pending
            if link.resolve() not in seen and not whole.is_relative_to(link.resolve())
        ]


def _unreadable(problem: OSError) -> None:
    raise IncompleteError(
        f"a folder cannot be read ({problem.strerror})",
        where=str(problem.filename),
        fix="Give the account that collects the right to read it, or take it out of `path:`.",
    ) from None


def scope_of(path: Path, config: Config) -> str:
    """Return a path as the user knows it: from the configuration's folder, where it lies below."""
    base = Path(config.base)
    return path.relative_to(base).as_posix() if path.is_relative_to(base) else str(path)

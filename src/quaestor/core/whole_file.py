"""Write a file whole or not at all, so that nobody reads half a result."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from quaestor.core.errors import IncompleteError


def write_whole(path: Path, content: str | bytes) -> None:
    """Write a text (as UTF-8) or bytes and let them take the place of the file that was there.

    Raises:
        IncompleteError: It cannot be written; what was there is left as it was.
    """
    part = part_of(path)
    try:
        part.write_bytes(content.encode("utf-8") if isinstance(content, str) else content)
        part.replace(path)
    except OSError as problem:
        with suppress(OSError):
            part.unlink(missing_ok=True)
        raise unwritable(path, problem.strerror) from None


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

"""The demo estate: bills, a cluster, a registry, with faults planted on purpose. Deterministic.

`build` writes files only, as they are at the time of an audit; what an audit makes of them is the
pipeline's part. There are two audits a week apart, so that there is something to compare.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from quaestor.core.errors import ConfigurationError, IncompleteError
from quaestor.demo.changes import EARLIER, LATEST
from quaestor.demo.faults import MARK


def audits(folder: Path) -> tuple[datetime, ...]:
    """Return the times at which the demo of a folder is still to be written and audited.

    Of one that is there, whole, only the latest: what it was before is written no more.

    Raises:
        ConfigurationError: The folder holds something that is no demo, or is a file.
    """
    return (LATEST,) if _is_finished(folder) else (EARLIER, LATEST)


def build(folder: Path, *, now: datetime, progress: Callable[[str], None]) -> Path:
    """Write the estate into a folder, as it is at the time of an audit; always the same bytes.

    Args:
        folder: A new or empty folder, or a demo. One that is there, whole, is left as it is.
        now: One of `audits`: nothing is written that was not so by then.
        progress: Takes what is being done now.

    Returns:
        The estate's quaestor.yaml.

    Raises:
        ConfigurationError: The folder holds something that is no demo, or is a file.
        IncompleteError: It cannot be written.
    """
    from quaestor.demo.documents import write as write_documents
    from quaestor.demo.documents import write_faults
    from quaestor.demo.registry import write as write_registry
    from quaestor.demo.tables import write as write_tables

    if _is_finished(folder):
        return folder / "quaestor.yaml"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        write_faults(folder)  # the mark comes first and README.md last: a demo that was cut
        write_tables(folder, now, progress)
        progress("registry")
        write_registry(folder, now)
        write_documents(folder, now)  # short can be told from other folders, and is begun anew
    except OSError as problem:
        raise IncompleteError(
            f"the demo cannot be written ({problem.strerror})",
            where=str(folder),
            fix="Check permissions and free space, or name another folder: quaestor demo DIR.",
        ) from None
    return folder / "quaestor.yaml"


def _is_finished(folder: Path) -> bool:
    """Return whether a demo is there, whole; False where one may be written.

    Raises:
        ConfigurationError: Something else is there.
    """
    if (folder / MARK).is_file():
        return all((folder / name).is_file() for name in ("quaestor.yaml", "README.md"))
    if folder.is_file():
        raise ConfigurationError(
            "is a file, not a folder",
            where=str(folder),
            fix="Name another folder: quaestor demo DIR.",
        )
    if folder.is_dir() and any(folder.iterdir()):
        raise ConfigurationError(
            "the folder exists and is no demo; nothing in it was touched",
            where=str(folder),
            fix="Name a new folder: quaestor demo DIR.",
        )
    return False

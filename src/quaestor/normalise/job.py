"""What a loader is given: one source's landed files, and where to find them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from quaestor.core.landed import LandedFile, Manifest
from quaestor.core.sources import Source


@dataclass(frozen=True)
class Job:
    """One source to load.

    Args:
        source: Its configuration.
        manifest: The landed files in force.
        landing: The landing folder that the manifest's paths are relative to.
        currency: The reporting currency, ISO 4217.
        progress: Takes what is being done now.
        careful: Read every file to its end before loading it; one is known to be damaged.
        elsewhere: The sha256 of files in force at other sources, and whose they are.
        history: Files that left the source, newest first.
        looks: Gives what was found when, newest first, the manifest itself among them.
    """

    source: Source
    manifest: Manifest
    landing: Path
    currency: str
    progress: Callable[[str], None]
    careful: bool = False
    elsewhere: Mapping[str, str] = field(default_factory=dict)
    history: tuple[LandedFile, ...] = ()
    looks: Callable[[], Sequence[tuple[datetime, Manifest]]] = tuple

    def path(self, file: LandedFile) -> Path:
        """Return where a landed file lies."""
        return self.landing / file.path

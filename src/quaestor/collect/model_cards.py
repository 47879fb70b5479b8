"""Land model cards: the READMEs of a folder, such as checkouts of Hugging Face repositories.

The bytes land as they are. Whether they can be read is looked at when the warehouse is built,
so that one card with a mistake hides one model and not the folder.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from quaestor.collect.paths import matching
from quaestor.core.errors import IncompleteError, PartlyReadError
from quaestor.core.landed import Gap
from quaestor.core.progress import counted

if TYPE_CHECKING:
    from quaestor.collect.landing import Landing
    from quaestor.core.config import Config
    from quaestor.core.sources import ModelCardsSource

_MARKDOWN = ("readme.md", "model_card.md", "model-card.md", "modelcard.md")
_FIX = "Begin the card with its metadata between two lines of `---`, or narrow `path:`."
_JSON = ("model_card.json", "model-card.json", "modelcard.json")


def collect(
    source: ModelCardsSource,
    config: Config,
    landing: Landing,
    *,
    now: datetime,
    progress: Callable[[str], None],
) -> None:
    """Land every card of the source (see `Collector.collect`)."""
    steps = counted(found(source, config), progress, lambda path: f"{source.name}: {path}")
    landed = [landing.land_file(path, scope=str(path)) for path in steps]
    landing.snapshot(landed, kind="model-cards", schema="model-cards", now=now)


def doctor(source: ModelCardsSource, config: Config) -> str:
    """Count the cards (see `Collector.doctor`).

    Raises:
        PartlyReadError: Some have no metadata, and cannot be read.
    """
    paths = found(source, config)
    told = f"{len(paths):,} model card{'s' if len(paths) != 1 else ''}"
    bare = [path for path in paths if path.suffix.lower() == ".md" and not _has_metadata(path)]
    if bare:
        raise PartlyReadError(
            [Gap(scope=str(path), reason="no metadata (---)", fix=_FIX) for path in bare],
            where=f"{source.path} (source {source.name})",
            read=told,
        )
    return told


def permissions(source: ModelCardsSource) -> str:
    """Say which path must be readable (see `Collector.permissions`)."""
    return (
        f"No cloud permission. The account that runs quaestor needs to read {source.path}: the "
        "right to list its folders and to read the model cards, and none to write."
    )


def found(source: ModelCardsSource, config: Config) -> list[Path]:
    """Return the source's files, sorted.

    Raises:
        IncompleteError: There are none.
    """
    path = config.resolve(source.path)
    paths = matching(path, lambda name: name.lower() in (*_MARKDOWN, *_JSON))
    if not paths:
        raise IncompleteError(
            "no model card found" if path.exists() else "no such file or folder",
            where=f"{path} (source {source.name})",
            fix="Correct `path:`; a folder is searched for README.md, model_card.md and "
            "model_card.json.",
        )
    return paths


def _has_metadata(path: Path) -> bool:
    with path.open("rb") as stream:
        return stream.read(6).removeprefix(b"\xef\xbb\xbf").startswith(b"---")

"""Land `model.gov.yaml` files: one file, every one below a folder, or a glob.

The bytes land as they are. Whether they can be read is looked at when the warehouse is built,
so that one misspelt key hides one model and not the folder.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from quaestor.collect.paths import matching
from quaestor.core.errors import IncompleteError

if TYPE_CHECKING:
    from quaestor.collect.landing import Landing
    from quaestor.core.config import Config, ModelGovSource

NAME = "model.gov.yaml"


def collect(
    source: ModelGovSource,
    config: Config,
    landing: Landing,
    *,
    now: datetime,
    progress: Callable[[str], None],
) -> None:
    """Land every file of the source (see `Collector.collect`)."""
    landed = []
    for path in found(source, config):
        progress(str(path))
        landed.append(landing.land_file(path, scope=str(path)))
    landing.snapshot(landed, kind="model-gov", schema="model-gov", now=now)


def doctor(source: ModelGovSource, config: Config) -> str:
    """Count the files, and those that can be read (see `Collector.doctor`).

    Raises:
        QuaestorError: There are none, or one of them has a mistake.
    """
    from quaestor.core.model_gov import read_model_gov

    paths = found(source, config)
    for path in paths:
        read_model_gov(path.read_bytes(), path)
    return f"{len(paths)} model{'s' if len(paths) != 1 else ''} described"


def permissions(source: ModelGovSource) -> str:
    """Say which path must be readable (see `Collector.permissions`)."""
    return (
        f"No cloud permission. The account that runs quaestor needs to read {source.path}: the "
        f"right to list its folders and to read every {NAME}, and none to write."
    )


def found(source: ModelGovSource, config: Config) -> list[Path]:
    """Return the source's files, sorted.

    Raises:
        IncompleteError: There are none.
    """
    path = config.resolve(source.path)
    paths = matching(path, _is_ours)
    if not paths:
        raise IncompleteError(
            f"no {NAME} found" if path.exists() else "no such file or folder",
            where=f"{path} (source {source.name})",
            fix=f"Correct `path:`; a folder is searched for {NAME} and <name>.{NAME}.",
        )
    return paths


def _is_ours(name: str) -> bool:
    """Return whether a file's name says that it describes a model.

    >>> _is_ours("model.gov.yaml"), _is_ours("churn.model.gov.yaml"), _is_ours("mymodel.gov.yaml")
    (True, True, False)
    """
    return name == NAME or name.endswith(f".{NAME}")

"""The one thing that Quaestor writes elsewhere: a version's new stage, in its own registry.

Only `quaestor promote` asks for it, and only after the gate has opened. Each kind of registry
has a module here that can `promote`; the others are read only.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from quaestor.core.config import Source
from quaestor.core.errors import ConfigurationError

PROMOTERS = {
    "mlflow": "quaestor.collect.promote_mlflow",
    "sagemaker-registry": "quaestor.collect.promote_sagemaker",
}


@dataclass(frozen=True, kw_only=True)
class Promotion:
    """What is asked for.

    Args:
        model: As the registry's source calls it here.
        version: As the registry spells it.
        stage: production, staging or archived.
        alias: The name that is to point at the version; None: the registry's own for the stage.
        verdict: What the gate said, as tags of the version.
        updated_at: When the version was last changed as the gate saw it, UTC; None: not known.
    """

    model: str
    version: str
    stage: str
    alias: str | None
    verdict: Mapping[str, str]
    updated_at: datetime | None


@dataclass(frozen=True)
class Moved:
    """What came of it.

    Args:
        what: Such as "champion: from 6 to 7", one line.
        changed: Whether anything is different now; False where it was so already.
    """

    what: str
    changed: bool


class Promoter(Protocol):
    """What a module of `PROMOTERS` offers."""

    def promote(self, source: Source, promotion: Promotion, *, dry_run: bool) -> Moved:
        """Set the stage in the registry, and write the verdict to the version first.

        A second call changes nothing. With `dry_run` nothing is written at all.

        Raises:
            ConfigurationError: The registry has no such stage or alias.
            IncompleteError: It does not answer, refuses, or the version is no longer what was
                judged.
        """


def kind_of(source: Source) -> str:
    """Return the `kind:` of a source."""
    return str(source.__struct_config__.tag)


def promote(source: Source, promotion: Promotion, *, dry_run: bool) -> Moved:
    """Set the stage of a version in its registry (see `Promoter.promote`).

    Raises:
        ConfigurationError: Nothing can be written to a source of this kind.
    """
    if kind_of(source) not in PROMOTERS:
        raise ConfigurationError(
            f"a source of kind {kind_of(source)} can only be read",
            where=f"source {source.name}",
            fix=f"Promote in a registry: {', '.join(PROMOTERS)}.",
        )
    module: Promoter = importlib.import_module(PROMOTERS[kind_of(source)])
    return module.promote(source, promotion, dry_run=dry_run)

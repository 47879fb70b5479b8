"""Look at every source that is configured, one after the other.

It knows no warehouse, so that a look does not wait for an engine to be imported.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

import msgspec

from quaestor.collect import collector, of_bounded_depth
from quaestor.collect.landing import Landing
from quaestor.core.config import Config, Source
from quaestor.core.errors import ConfigurationError, QuaestorError
from quaestor.core.period import Window

Failures = list[tuple[str, QuaestorError]]


def chosen(config: Config, only: Sequence[str], *, where: str = "--source") -> list[Source]:
    """Return the sources named, all of them when none is.

    Args:
        config: Which sources there are.
        only: The names asked for.
        where: What of a command they were said by.

    Raises:
        ConfigurationError: A name that no source has, or a configuration without sources.
    """
    if not config.sources:
        raise ConfigurationError(
            "no sources are configured",
            where=str(config.resolve(config.file)),
            fix="Add one under `sources:`; `quaestor init` shows how.",
        )
    names = [source.name for source in config.sources]
    for name in only:
        if name not in names:
            raise ConfigurationError(
                f"there is no source '{name}'",
                where=where,
                fix=f"Choose from {', '.join(names)}.",
            )
    return [source for source in config.sources if not only or source.name in only]


def collect(
    config: Config,
    *,
    now: datetime,
    progress: Callable[[str], None],
    only: Sequence[str] = (),
    window: Window | None = None,
) -> Failures:
    """Land what every source has now; a source that fails does not stop the others.

    Args:
        config: Which sources there are.
        now: The clock, UTC.
        progress: Takes what is being done now.
        only: The names of sources; all of them where there is none.
        window: The days asked for, instead of each source's `since` and `until`.

    Returns:
        The sources that failed, each with its error; what they landed before stays in force.
    """
    failures: Failures = []
    for source in chosen(config, only):
        landing = Landing(config.resolve(config.landing), source.name)
        progress(f"collect {source.name}")
        problem: QuaestorError | None = None
        try:
            with of_bounded_depth(source.name):
                collector(kind_of(source)).collect(
                    _within(source, window), config, landing, now=now, progress=progress
                )
        except QuaestorError as failure:
            problem = failure
            failures.append((source.name, failure))
        landing.record(now, problem)
    return failures


def _within(source: Source, window: Window | None) -> Source:
    """Return a source that is to be asked for some days only; one that has no days as it is."""
    asked = {
        name: day
        for name in ("since", "until")
        if (day := getattr(window, name, None)) and hasattr(source, name)
    }
    return msgspec.structs.replace(source, **asked)


def kind_of(source: Source) -> str:
    """Return a source's `kind:`."""
    return str(source.__struct_config__.tag)

"""What the landings of all sources remember: which could not be seen, what two of them list."""

from __future__ import annotations

from collections.abc import Iterator

from quaestor.collect.landing import Landing
from quaestor.core.blind_spot import BlindSpot
from quaestor.core.config import Config, Source
from quaestor.core.landed import Manifest


def failed_looks(config: Config) -> Iterator[BlindSpot]:
    """Yield the sources whose last look failed, or that nobody ever looked at."""
    for source in config.sources:
        landing = Landing(config.resolve(config.landing), source.name)
        attempt = landing.last_attempt()
        if attempt is None:
            yield BlindSpot(
                source=source.name,
                scope="all",
                reason="it was never collected",
                fix="Run `quaestor collect`.",
            )
        elif landing.current() is None and not attempt.error:
            yield BlindSpot(
                source=source.name,
                scope="all",
                reason="what was landed is gone",
                fix="Run `quaestor collect` again.",
            )
        elif attempt.gaps:
            for gap in attempt.gaps:
                yield BlindSpot(
                    source=source.name,
                    scope=gap.scope,
                    period=gap.period,
                    reason=gap.reason,
                    fix=gap.fix,
                )
        elif attempt.error:
            since = f"since {attempt.succeeded_at:%Y-%m-%d %H:%M}" if attempt.succeeded_at else None
            where = f" ({attempt.where})" if attempt.where else ""
            yield BlindSpot(
                source=source.name,
                scope="all",
                period=since,
                reason=f"the last look failed: {attempt.error}{where}",
                fix=attempt.fix,
            )


def in_force_elsewhere(config: Config, source: Source, manifest: Manifest) -> dict[str, str]:
    """Return the files of a manifest that another source lists too, and which one does."""
    ours = {file.sha256 for file in manifest.files}
    found: dict[str, str] = {}
    for other in config.sources:
        listed = Landing(config.resolve(config.landing), other.name).current()
        if other.name != source.name and listed and listed.schema == manifest.schema:
            found |= {file.sha256: other.name for file in listed.files if file.sha256 in ours}
    return found

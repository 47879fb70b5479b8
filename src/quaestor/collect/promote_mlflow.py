"""Move an alias in MLflow. Alias moves cannot be restricted there, so this is the guarded way."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from quaestor.collect.mlflow import Registry, opened
from quaestor.collect.promote import Moved, Promotion
from quaestor.core.errors import ConfigurationError, IncompleteError
from quaestor.core.text import printable

if TYPE_CHECKING:
    from quaestor.core.config import MlflowSource

# What each stage is called; as sql/stated_model_version.sql reads them. The first is ours.
ALIASES = {
    "production": ("champion", "production", "prod"),
    "staging": ("challenger", "candidate", "staging"),
    "archived": ("archived",),
}
_LIFECYCLE = "gov.lifecycle"  # where a version has this tag, it speaks louder than any alias


def promote(source: MlflowSource, promotion: Promotion, *, dry_run: bool) -> Moved:
    """Write the verdict to the version's tags, then point the stage's alias at it."""
    name = f"{printable(promotion.model)}:{printable(promotion.version)}"
    with opened(source) as registry:
        client = registry.client
        version = _version(registry, promotion, name)
        model = registry.ask(client.get_registered_model, name=promotion.model)
        held = {str(key): str(value) for key, value in dict(model.aliases).items()}
        alias = _alias(promotion, held)
        tags = dict(promotion.verdict)
        if _LIFECYCLE in version.tags:
            tags[_LIFECYCLE] = promotion.stage
        before = held.get(alias)
        if before == promotion.version and version.tags.get(_LIFECYCLE) in (None, promotion.stage):
            return Moved(f"{alias} points at {name} already", changed=False)
        if not dry_run:
            for key, value in tags.items():
                registry.ask(
                    client.set_model_version_tag,
                    name=promotion.model,
                    version=promotion.version,
                    key=key,
                    value=value,
                )
            registry.ask(
                client.set_registered_model_alias,
                name=promotion.model,
                alias=alias,
                version=promotion.version,
            )
    came = f"from {printable(before)} " if before and before != promotion.version else ""
    return Moved(f"{alias} of {printable(promotion.model)}: {came}to {name}", changed=True)


def _version(registry: Registry, promotion: Promotion, name: str) -> Any:
    """Return the version, still as it was judged."""
    version = registry.ask(
        registry.client.get_model_version, name=promotion.model, version=promotion.version
    )
    changed_ms = version.last_updated_timestamp
    judged = promotion.updated_at
    if judged is not None and changed_ms is not None and changed_ms != _milliseconds(judged):
        raise IncompleteError(
            f"{name} was changed after it was judged",
            where=f"{registry.scope} (source {registry.name})",
            fix="Run it again: what stands there now is then judged.",
        )
    return version


def _milliseconds(moment: datetime) -> int:
    return round(moment.replace(tzinfo=UTC).timestamp() * 1000)


def _alias(promotion: Promotion, held: dict[str, str]) -> str:
    known = ALIASES[promotion.stage]
    if promotion.alias is not None:
        if promotion.alias.lower() not in known:
            raise ConfigurationError(
                f"the alias '{printable(promotion.alias)}' does not mean {promotion.stage}",
                where="--alias",
                fix=f"One of {', '.join(known)}: these are what audits read as {promotion.stage}.",
            )
        return promotion.alias
    used = [alias for alias in held if alias.lower() in known]
    if len(used) > 1:
        raise ConfigurationError(
            f"{printable(promotion.model)} has several aliases for {promotion.stage}: "
            f"{', '.join(sorted(used))}",
            where="--alias",
            fix="Say which one is to be moved.",
        )
    return used[0] if used else known[0]

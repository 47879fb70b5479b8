"""Every key that a policy file may have, and what may stand there."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct, field

from quaestor.audit.params import Param
from quaestor.core.verdict import Severity

Text = Annotated[str, Meta(pattern=r"\S")]


class Command(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How to mend it with one registry's own tool."""

    registry: Text
    run: Text


class Remedy(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What to do about a violation."""

    text: Text
    commands: tuple[Command, ...] = ()


class Reference(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A requirement of a pack (`packs/<pack>.yaml`) that this policy's evidence supports."""

    pack: Text
    ref: Text


class Gate(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where a violation counts: `block` stops a deploy, `warn` is said, `report` is reported."""

    ci: Literal["block", "warn", "report"] = "warn"
    report: bool = True


class PolicyFile(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Every key that a policy file may have."""

    title: Text
    severity: Severity
    why: Text
    remedy: Remedy
    source: Text
    subject: str | None = None
    when: Text | None = None
    requires: tuple[Text, ...] = ()
    require: Text | None = None
    sql: Text | None = None
    reason: Text | None = None
    at_stake: Text | None = None
    params: dict[str, Param] = field(default_factory=dict)
    frameworks: tuple[Reference, ...] = ()
    gate: Gate = field(default_factory=Gate)
    aliases: tuple[Text, ...] = ()


class Adjustment(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a later file of the same id may say; params are new defaults, also `by_tier`."""

    severity: Severity | None = None
    gate: Gate | None = None
    params: dict[str, Any] = field(default_factory=dict)

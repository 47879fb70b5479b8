"""What a verdict rests on: the rule as it was asked, and the rows that answered it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from msgspec import Struct, field

from quaestor.core.money import exact_text
from quaestor.core.verdict import Severity

_TOKEN = re.compile(r"'(?:[^']|'')*'|\$(\w+)")  # a text of SQL, or a parameter


class Rule(Struct, frozen=True, kw_only=True):
    """A policy as the formats of a gate tell it, so that none of them reads a policy file.

    Args:
        id: The policy's id.
        title: The rule, kept.
        family: Its folder.
        severity: How much a violation matters.
        blocking: Whether a violation stops a deploy.
        subject: The table whose rows it judges, such as "registry.model"; None: its SQL says.
        source: Where the rule comes from.
        why: Why it exists.
        remedy: What to do about a violation.
        commands: How to mend it, as (kind of registry, command).
        frameworks: What it supports, as (framework, reference).
        texts: Its SQL as written, as (key of the file, text): when, require; or sql.
        params: The values it was asked with, by name; where risk tiers differ, a mapping from
            the tier ("1") to its value.
    """

    id: str
    title: str
    family: str
    severity: Severity
    blocking: bool
    subject: str | None
    source: str
    why: str
    remedy: str
    commands: tuple[tuple[str, str], ...] = ()
    frameworks: tuple[tuple[str, str], ...] = ()
    texts: tuple[tuple[str, str], ...] = ()
    params: Mapping[str, Any] = field(default_factory=dict)

    def bound(self, now: datetime, tier: object = None) -> tuple[tuple[str, str], ...]:
        """Return `texts` with each `$parameter` replaced by its value, to read and not to run.

        Args:
            now: The clock of the run, which SQL calls `$now`.
            tier: The risk tier of the subject, for parameters that differ by tier; of an unknown
                one they stay as they are.
        """
        values = {"now": now} | {
            name: value.get(str(tier)) if isinstance(value, Mapping) else value
            for name, value in self.params.items()
        }
        known = {name: value for name, value in values.items() if value is not None}
        return tuple((key, bound(text, known)) for key, text in self.texts)


class Basis(Struct, frozen=True, kw_only=True):
    """What the warehouse has behind one subject.

    Args:
        registered: Rows that carry its name, each with its `table`, key and evidence.
        about: What `figure` is, such as "churn in 2026-10"; None: no money is tied to it.
        figure: That money; None: not known.
        files: The landed files behind the rows and behind that money: source, file, sha256 and
            charges; None as charges: it holds rows of a registry or of use.
        collected_at: When the subject's source was last read, UTC; None: not known.
    """

    registered: tuple[Mapping[str, Any], ...] = ()
    about: str | None = None
    figure: Decimal | None = None
    files: tuple[Mapping[str, Any], ...] = ()
    collected_at: datetime | None = None


def bound(sql: str, params: Mapping[str, Any]) -> str:
    """Return SQL with each known `$parameter` replaced by its value; texts stay as they are.

    >>> bound("age > $days and note <> '$days'", {"days": 90})
    "age > 90 and note <> '$days'"
    >>> bound("team = $team", {"team": "it's"})
    "team = 'it''s'"
    """

    def value(match: re.Match[str]) -> str:
        name = match[1]
        return _literal(params[name]) if name in params else match[0]

    return _TOKEN.sub(value, sql)


def _literal(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Decimal):
        return exact_text(value)
    if isinstance(value, int | float):
        return str(value)
    text = str(value).replace("'", "''")
    return f"timestamp '{text}'" if isinstance(value, datetime) else f"'{text}'"

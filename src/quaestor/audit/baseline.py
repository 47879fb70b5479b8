"""A baseline: the violations of the day a team starts, so that only what is new fails.

It is a JSON file that is kept in git and gets shorter: a violation that was mended is dropped
when the file is written, so that it cannot return unseen.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct

from quaestor.audit.known import Key, can_be_known, key_of
from quaestor.audit.policies import Policy
from quaestor.audit.subjects import SUBJECTS, Subject
from quaestor.core.errors import ConfigurationError
from quaestor.core.finding import Finding
from quaestor.core.verdict import Severity, Verdict
from quaestor.core.whole_file import write_whole
from quaestor.warehouse.duckdb import Warehouse

_FIX = "Take the last good state from git, or write a new one: --write-baseline."
_OPEN = (Verdict.UNKNOWN, Verdict.ERROR)


class Entry(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One violation of a baseline; policy, source, subject and model as its finding has them."""

    fingerprint: Annotated[str, Meta(pattern=r"^[0-9a-f]{64}$")]
    policy: str
    source: str | None
    subject: str
    model: str | None
    severity: Severity
    first_seen: datetime

    @property
    def key(self) -> Key:
        """Return what a finding is known by."""
        return self.fingerprint, self.policy, self.subject


class Baseline(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The file; `first_seen` is UTC. It bears no date, so that nothing new changes nothing."""

    schema_version: Literal["1"]
    kind: Literal["baseline"]
    findings: tuple[Entry, ...]

    def since(self) -> dict[Key, str]:
        """Return what to say of each violation that it holds (`known.mark_known`)."""
        return {
            one.key: f"in the baseline since {one.first_seen:%Y-%m-%d}" for one in self.findings
        }


def read_baseline(path: Path) -> Baseline:
    """Read a baseline.

    Raises:
        ConfigurationError: No such file, or not what `write_baseline` writes.
    """
    try:
        value = json.loads(path.read_bytes(), object_pairs_hook=_object)
        found = msgspec.convert(value, Baseline)
    except FileNotFoundError:
        raise ConfigurationError(
            "there is no such baseline", where=str(path), fix="Write one: --write-baseline FILE."
        ) from None
    except (OSError, ValueError, RecursionError) as problem:  # msgspec's errors are ValueErrors
        raise ConfigurationError(f"is no baseline: {problem}", where=str(path), fix=_FIX) from None
    names = [one.fingerprint for one in found.findings]
    if len(set(names)) < len(names):
        raise ConfigurationError("holds a violation twice", where=str(path), fix=_FIX)
    return found


def _object(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key stands twice")
    return found


def still_recorded(
    warehouse: Warehouse, baseline: Baseline, policies: Iterable[Policy]
) -> frozenset[Key]:
    """Return the violations whose subject is still there, judged or not.

    Of a policy in free SQL nobody knows its subjects beforehand, so none of its violations.
    """
    found: set[Key] = set()
    subjects = {policy.id: SUBJECTS.get(policy.says.subject or "") for policy in policies}
    by_subject: dict[Subject, list[Entry]] = {}
    for one in baseline.findings:
        if subject := subjects.get(one.policy):
            by_subject.setdefault(subject, []).append(one)
    for subject, entries in by_subject.items():
        source = "source" if subject.has_source else "null"
        rows = set(warehouse.rows(f"select {source}, {subject.key} from {subject.table}"))
        found |= {one.key for one in entries if (one.source, one.subject) in rows}
    return frozenset(found)


def renewed(
    before: Baseline | None,
    findings: Sequence[Finding],
    *,
    policies: Collection[str],
    recorded: Collection[Key],
    lapsed: frozenset[str],
    only_prune: bool,
    now: datetime,
) -> Baseline:
    """Return the baseline that a run leaves behind.

    What the run did not judge stays: other models, versions and deployments that are still
    there, policies that it was not asked about, and policies that broke. Of what it judged,
    violations stay that were in it and still stand, or that nobody can tell of now; what is
    kept, waived or gone is dropped. New violations come in, unless `only_prune`. Criticals never
    do.

    Args:
        before: The baseline so far, or None.
        findings: The run's, resolved against the waivers.
        policies: The ids of the policies that it judged by.
        recorded: Those of its violations whose subject is still there (`still_recorded`).
        lapsed: See `known.lapsed_in`.
        only_prune: Nothing new comes in.
        now: The clock, UTC; the first day of a violation that has none.
    """
    old = {one.key: one for one in before.findings} if before else {}
    kept = {one.key: one for one in _not_judged(old.values(), findings, policies)}
    kept |= {key: old[key] for key in recorded}
    for one in findings:
        known = old.get(key_of(one))
        if can_be_known(one, lapsed) and (known or not only_prune):
            kept[key_of(one)] = known or _entry(one, now)
        elif known and one.verdict in _OPEN:
            kept[key_of(one)] = known
        else:
            kept.pop(key_of(one), None)
    entries = sorted(kept.values(), key=lambda one: (one.policy, one.source or "", one.subject))
    return Baseline(schema_version="1", kind="baseline", findings=tuple(entries))


def _not_judged(
    entries: Iterable[Entry], findings: Sequence[Finding], policies: Collection[str]
) -> list[Entry]:
    models = {one.model for one in findings}
    broken = {one.policy for one in findings if one.verdict is Verdict.ERROR}
    return [
        one
        for one in entries
        if one.model is None
        or one.model not in models
        or one.policy not in policies
        or one.policy in broken
    ]


def _entry(one: Finding, now: datetime) -> Entry:
    return Entry(
        fingerprint=one.fingerprint,
        policy=one.policy,
        source=one.source,
        subject=one.subject,
        model=one.model,
        severity=one.severity,
        first_seen=(one.first_seen or now).replace(tzinfo=UTC),
    )


def write_baseline(path: Path, baseline: Baseline) -> None:
    """Write a baseline, whole or not at all; the same one gives the same bytes.

    Raises:
        IncompleteError: It cannot be written there.
    """
    value: Mapping[str, Any] = msgspec.to_builtins(baseline)
    write_whole(path, json.dumps(value, indent=2, ensure_ascii=True) + "\n")

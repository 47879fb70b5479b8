"""What a policy said about one subject, as the gate decides on it and every report shows it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from quaestor.core.verdict import Severity, Verdict


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One policy's verdict about one subject, with all that is needed to act on it.

    Args:
        policy: The policy's id, such as "model-without-owner".
        title: The rule, kept: "Every model has an accountable owner".
        family: The policy's folder, such as "ownership".
        source: Where the subject was stated (a source's name), or None for a ledger's subject.
        subject: The subject's key, such as "churn", "churn:7" or "prod/node-3".
        model: The model the subject belongs to, or None.
        severity: How much a violation matters.
        verdict: The answer.
        reason: One sentence with this subject's own values; None for a clean pass.
        at_stake_per_month: Money behind the subject in the reporting currency; None: unknown.
        evidence: What the verdict rests on; plain values that JSON can hold.
        blocking: Whether the policy stops a deploy (`gate: {ci: block}`).
        fingerprint: Names policy and subject for good (`fingerprint_of`).
        waiver: The id of the waiver in force, or None.
        known: Why a violation does not close the gate although it stands: "in the baseline since
            2026-11-01"; None: it is new, or nobody asked (`--baseline`, `--diff`).
        first_seen: When this violation was first recorded; None: not recorded yet.
        remedy: What to do, or None.
        why: Why the rule exists, or None.
    """

    policy: str
    title: str
    family: str
    source: str | None
    subject: str
    model: str | None
    severity: Severity
    verdict: Verdict
    reason: str | None
    at_stake_per_month: Decimal | None = None
    evidence: Mapping[str, Any] = field(default_factory=dict)
    blocking: bool
    fingerprint: str
    waiver: str | None = None
    known: str | None = None
    first_seen: datetime | None = None
    remedy: str | None = None
    why: str | None = None

    if not TYPE_CHECKING:  # it answers for the fields above alone, which have their types

        def __getattr__(self, name: str) -> Any:
            """Make what was left for later (`FindingMaker.make_later`)."""
            if name not in _LATER or "_rest" not in self.__dict__:
                raise AttributeError(f"a finding has no '{name}'", name=name, obj=self)
            make, row = self.__dict__.pop("_rest"), self.__dict__.pop("_row")
            fingerprint = fingerprint_of(self.policy, self.source, self.subject)
            self.__dict__.update(make(row), fingerprint=fingerprint)
            return self.__dict__[name]


Rest = Callable[[tuple[Any, ...]], Mapping[str, Any]]
_LATER = ("reason", "evidence", "fingerprint")


class FindingMaker:
    """Makes the findings of one policy quickly: an audit has a million of them.

    Args:
        said: What all of them share, by the names of `Finding`'s fields.
    """

    def __init__(self, **said: Any) -> None:
        self._said = {"waiver": None, "first_seen": None, **said}

    def make(self, source: str | None, subject: str, **own: Any) -> Finding:
        """Return one finding, as `Finding(...)` would with `fingerprint_of`."""
        fingerprint = fingerprint_of(self._said["policy"], source, subject)
        return Finding(**self._said, source=source, subject=subject, fingerprint=fingerprint, **own)

    def make_later(
        self,
        source: str | None,
        subject: str,
        model: str | None,
        verdict: Verdict,
        at_stake_per_month: Decimal | None,
        rest: Rest,
        row: tuple[Any, ...],
    ) -> Finding:
        """Return one finding whose reason, evidence and fingerprint are made when asked for.

        Args:
            source: As for `Finding`.
            subject: As for `Finding`.
            model: As for `Finding`.
            verdict: As for `Finding`.
            at_stake_per_month: As for `Finding`.
            rest: What returns the reason and the evidence of a row.
            row: The row.
        """
        finding = object.__new__(Finding)
        fields = {
            **self._said,
            "source": source,
            "subject": subject,
            "model": model,
            "verdict": verdict,
            "at_stake_per_month": at_stake_per_month,
            "_rest": rest,
            "_row": row,
        }
        object.__setattr__(finding, "__dict__", fields)  # field by field takes five times as long
        return finding


def fingerprint_of(policy: str, source: str | None, subject: str) -> str:
    """Name a violation for good: the same words give the same 64 hex digits, run after run.

    The parts are joined by lengths, so that no two different triples share a text.

    >>> fingerprint_of("model-without-owner", "registry", "churn")[:12]
    'b5a0c4461eae'
    """
    parts = (policy, source or "", subject)
    text = "".join([f"{len(part)}:{part}," for part in parts])
    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()

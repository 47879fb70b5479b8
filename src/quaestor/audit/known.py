"""Violations that were there before: they are shown, and do not close the gate.

Three things are never known. A critical violation closes the gate however old it is. A
violation that a waiver has ended for is active again, whatever a list says of it. And one that
was waived when the list was made: the waiver accepted it, not the list.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from quaestor.core.finding import Finding
from quaestor.core.verdict import Severity, Verdict
from quaestor.core.waivers import WaiverUse

Key = tuple[str, str, str]  # fingerprint, policy, subject: a list that mixes them up covers nothing


def key_of(one: Finding) -> Key:
    """Return what a list of known violations knows a finding by."""
    return one.fingerprint, one.policy, one.subject


def lapsed_in(uses: Iterable[WaiverUse]) -> frozenset[str]:
    """Return the fingerprints of the violations that are active again since a waiver ended."""
    return frozenset(fingerprint for use in uses for fingerprint in use.lapsed)


def can_be_known(one: Finding, lapsed: frozenset[str]) -> bool:
    """Return whether a finding is one that a list may hold: a violation, and none of the three."""
    return (
        one.verdict is Verdict.FAIL
        and one.severity is not Severity.CRITICAL
        and one.fingerprint not in lapsed
    )


def mark_known(
    findings: Sequence[Finding], since: Mapping[Key, str], *, lapsed: frozenset[str]
) -> tuple[Finding, ...]:
    """Say of the violations that were there before since when they are known.

    Args:
        findings: Resolved against the waivers already.
        since: What to say of each that is known, such as "in the baseline since 2026-11-01".
        lapsed: See `lapsed_in`.
    """
    return tuple(
        replace(one, known=said)
        if (said := since.get(key_of(one))) and can_be_known(one, lapsed)
        else one
        for one in findings
    )

"""Builders: findings, as an audit or a gate hands them on."""

from __future__ import annotations

from quaestor.core.finding import Finding, fingerprint_of
from quaestor.core.verdict import Severity, Verdict


def a_finding(policy: str = "model-without-owner", subject: str = "churn", **changes) -> Finding:
    """One finding: fail, high, blocking, unless said otherwise."""
    values = {
        "title": "Every model has an owner",
        "family": "ownership",
        "source": "registry",
        "model": "churn",
        "severity": Severity.HIGH,
        "verdict": Verdict.FAIL,
        "reason": f"{subject} has no owner",
        "blocking": True,
        "remedy": "Set gov.owner to a group.",
        "why": "Nobody answers for a model without an owner.",
    } | changes
    fingerprint = fingerprint_of(policy, values["source"], subject)
    return Finding(policy=policy, subject=subject, fingerprint=fingerprint, **values)

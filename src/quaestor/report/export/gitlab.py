"""For GitLab's merge requests: Code Quality. It has no severity for "waived", so that is "info".

GitLab compares fingerprints between branches; ours name policy, source and subject and no line,
so that moving a file opens and closes nothing.

Source: GitLab, "Code Quality", "Code Quality report format".
"""

from __future__ import annotations

from typing import Any

from quaestor.core.finding import Finding, fingerprint_of
from quaestor.core.rule import Rule
from quaestor.core.run_summary import RunSummary
from quaestor.core.text import printable
from quaestor.core.verdict import Severity
from quaestor.core.words import cut
from quaestor.report.export.json import dump
from quaestor.report.export.sentences import blind_line, brief_reason_of
from quaestor.report.export.standing import (
    Standing,
    configuration_of,
    place_of,
    rules_by_id,
    standings,
)

_SEVERITY = {
    Severity.CRITICAL: "blocker",
    Severity.HIGH: "critical",
    Severity.MEDIUM: "major",
    Severity.LOW: "minor",
}
_PREFIX = {
    Standing.FAILING: "",
    Standing.WARNING: "",
    Standing.OPEN: "no answer: ",
    Standing.KNOWN: "known before: ",
    Standing.WAIVED: "waived: ",
}
_QUIET = (Standing.KNOWN, Standing.WAIVED)
_LONGEST = 1_000  # characters of a description


def render(summary: RunSummary) -> str:
    """Return a JSON array: what is violated or unanswered, the worst first."""
    rules = rules_by_id(summary)
    issues = [
        _issue(one, standing, rules.get(one.policy), summary)
        for one, standing in standings(summary)
        if standing in _PREFIX
    ]
    unique = {issue["fingerprint"]: issue for issue in reversed(issues)}  # the worst one stays
    return dump([*_blind_spots(summary), *reversed(unique.values())])


def _issue(
    one: Finding, standing: Standing, rule: Rule | None, summary: RunSummary
) -> dict[str, Any]:
    path, line = place_of(one, summary, rule)
    told = f"{_PREFIX[standing]}{printable(one.subject)}: {brief_reason_of(one)}"
    severity = "info" if standing in _QUIET else _SEVERITY[one.severity]
    return _entry(told, one.policy, one.fingerprint, severity, (path, line))


def _blind_spots(summary: RunSummary) -> list[dict[str, Any]]:
    place = configuration_of(summary)
    return [
        _entry(
            f"blind spot: {blind_line(spot)}",
            "blind-spot",
            fingerprint_of("blind-spot", spot.source, f"{spot.scope} {spot.period} {spot.reason}"),
            "critical",
            (place, 1),
        )
        for spot in summary.blind_spots
    ]


def _entry(
    told: str, check: str, fingerprint: str, severity: str, place: tuple[str, int]
) -> dict[str, Any]:
    path, line = place
    return {
        "description": cut(told, _LONGEST),
        "check_name": check,
        "fingerprint": fingerprint,
        "severity": severity,
        "location": {"path": printable(path), "lines": {"begin": line}},
    }

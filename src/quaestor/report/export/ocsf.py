"""For security data lakes: OCSF 1.3.0, Compliance Finding (class 2003), one event per finding.

What was not asked (`skip`) is no event. Unknown is the status Warning, which the standard keeps
for checks that gave no result for want of information; it is never Pass.

Source: Open Cybersecurity Schema Framework 1.3.0, classes `compliance_finding` and `finding`,
objects `compliance`, `finding_info`, `metadata`, `resource_details`, `remediation`.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from quaestor.core.finding import Finding
from quaestor.core.money import exact_text
from quaestor.core.rule import Rule
from quaestor.core.run_summary import RunSummary
from quaestor.core.text import json_value, printable
from quaestor.core.verdict import Severity, Verdict
from quaestor.report.export.json import dump_lines
from quaestor.report.export.junit import kind_of
from quaestor.report.export.sentences import reason_of
from quaestor.report.export.standing import (
    Standing,
    commands_of,
    rules_by_id,
    standings,
)

_VERSION = "1.3.0"
_FINDINGS, _COMPLIANCE_FINDING = 2, 2003
_ACTIVITY = {1: "Create", 2: "Update"}
_SEVERITY = {
    Severity.LOW: (2, "Low"),
    Severity.MEDIUM: (3, "Medium"),
    Severity.HIGH: (4, "High"),
    Severity.CRITICAL: (5, "Critical"),
}
_COMPLIANCE = {
    Verdict.PASS: (1, "Pass"),
    Verdict.UNKNOWN: (2, "Warning"),
    Verdict.ERROR: (2, "Warning"),
    Verdict.FAIL: (3, "Fail"),
    Verdict.WAIVED: (3, "Fail"),
}
_STATUS = {
    Standing.KNOWN: (2, "In Progress"),
    Standing.WAIVED: (3, "Suppressed"),
    Standing.PASSED: (4, "Resolved"),
}
_NEW = (1, "New")


def render(summary: RunSummary) -> str:
    """Return a JSON array of events, the worst first."""
    rules = rules_by_id(summary)
    return dump_lines(
        _event(one, standing, rules.get(one.policy), summary)
        for one, standing in standings(summary)
        if standing is not Standing.SKIPPED
    )


def _event(
    one: Finding, standing: Standing, rule: Rule | None, summary: RunSummary
) -> dict[str, Any]:
    seen_before = one.known is not None or (
        one.first_seen is not None and one.first_seen < summary.audited_at
    )
    activity = 2 if seen_before else 1
    severity_id, severity = _SEVERITY[one.severity]
    status_id, status = _STATUS.get(standing, _NEW)
    return {
        "activity_id": activity,
        "activity_name": _ACTIVITY[activity],
        "category_uid": _FINDINGS,
        "category_name": "Findings",
        "class_uid": _COMPLIANCE_FINDING,
        "class_name": "Compliance Finding",
        "type_uid": _COMPLIANCE_FINDING * 100 + activity,
        "type_name": f"Compliance Finding: {_ACTIVITY[activity]}",
        "severity_id": severity_id,
        "severity": severity,
        "status_id": status_id,
        "status": status,
        "time": _milliseconds(summary.audited_at),
        "message": reason_of(one),
        "metadata": {
            "version": _VERSION,
            "uid": one.fingerprint,
            "product": {
                "name": "Quaestor",
                "vendor_name": "Quaestor",
                "version": summary.version,
            },
        },
        "compliance": _compliance(one, rule),
        "finding_info": _finding_info(one, rule, summary),
        "resources": [_resource(one, rule)],
        "remediation": _remediation(one, rule, summary),
        "unmapped": _unmapped(one, standing, summary),
    }


def _compliance(one: Finding, rule: Rule | None) -> dict[str, Any]:
    """Return what was checked; a rule of no framework names where it comes from instead."""
    frameworks = rule.frameworks if rule else ()
    own = printable(rule.source) if rule else "Quaestor policies"
    standards = list(dict.fromkeys(printable(name) for name, _ in frameworks)) or [own]
    status_id, status = _COMPLIANCE[one.verdict]
    return {
        "standards": standards,
        "requirements": [f"{printable(name)}: {printable(ref)}" for name, ref in frameworks],
        "control": one.policy,
        "status_id": status_id,
        "status": status,
        "status_code": one.verdict.value,
        "status_detail": reason_of(one),
    }


def _finding_info(one: Finding, rule: Rule | None, summary: RunSummary) -> dict[str, Any]:
    info: dict[str, Any] = {
        "uid": one.fingerprint,
        "title": printable(one.title),
        "desc": printable(" ".join((one.why or one.title).split())),
        "types": [one.family],
        "analytic": {
            "type_id": 1,
            "type": "Rule",
            "uid": one.policy,
            "name": printable(one.title),
        },
        "data_sources": [printable(one.source)] if one.source else [],
        "last_seen_time": _milliseconds(summary.audited_at),
    }
    if rule is not None:
        info["analytic"]["category"] = rule.family
    if one.first_seen is not None:
        info["first_seen_time"] = _milliseconds(one.first_seen)
    return info


def _resource(one: Finding, rule: Rule | None) -> dict[str, Any]:
    resource = {
        "uid": printable(one.subject),
        "name": printable(one.subject),
        "type": kind_of(one, rule),
        "data": json_value(one.evidence),
    }
    return resource | ({"group": {"name": printable(one.source)}} if one.source else {})


def _remediation(one: Finding, rule: Rule | None, summary: RunSummary) -> dict[str, Any]:
    """Return the way out; the standard wants words, also where a policy has none."""
    told = printable(" ".join((one.remedy or "").split())) or "The policy names no remedy."
    commands = [
        f"{printable(registry)}: {printable(' '.join(command.split()))}"
        for registry, command in commands_of(one, rule, summary)
    ]
    return {"desc": "; ".join([told, *commands])}


def _unmapped(one: Finding, standing: Standing, summary: RunSummary) -> dict[str, Any]:
    money = one.at_stake_per_month
    facts = {
        "run": summary.decision.verdict.value,
        "standing": standing.value,
        "blocking": one.blocking,
        "model": one.model,
        "waiver": one.waiver,
        "known": one.known,
        "at_stake_per_month": None if money is None else exact_text(money),
        "currency": None if money is None else summary.currency,
    }
    return {name: value for name, value in facts.items() if value is not None}


def _milliseconds(moment: datetime) -> int:
    """Return milliseconds since 1970 of a time that is UTC without saying so."""
    return int((moment - datetime(1970, 1, 1)).total_seconds() * 1000)  # noqa: DTZ001 - UTC here

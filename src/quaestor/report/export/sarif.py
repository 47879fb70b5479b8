"""For code scanning: SARIF 2.1.0. Violations are results; what is missing is a notification.

Code scanning drops results without a place in a file, so each one has one: the place its
evidence names (`location`), else line 1 of the configuration. What it is really about stands
in `logicalLocations`.

Source: OASIS, "Static Analysis Results Interchange Format (SARIF) Version 2.1.0 Plus Errata
01"; GitHub, "SARIF support for code scanning" (security-severity, partialFingerprints).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

from quaestor.core.blind_spot import BlindSpot
from quaestor.core.finding import Finding
from quaestor.core.money import amount_text
from quaestor.core.run_summary import RunSummary
from quaestor.core.text import printable
from quaestor.core.verdict import Severity, Verdict
from quaestor.report.export.json import dump
from quaestor.report.export.sentences import headline

_SCHEMA = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)
_LEVEL = {
    Severity.CRITICAL: "error",
    Severity.HIGH: "error",
    Severity.MEDIUM: "warning",
    Severity.LOW: "note",
}
# GitHub reads above 9.0 as critical, from 7.0 as high, from 4.0 as medium, above 0 as low.
_SECURITY_SEVERITY = {
    Severity.CRITICAL: "9.5",
    Severity.HIGH: "8.0",
    Severity.MEDIUM: "5.5",
    Severity.LOW: "3.0",
}
_ROOT = "%SRCROOT%"


def render(summary: RunSummary) -> str:
    """Return one SARIF log with one run."""
    rules = _rules(summary.findings)
    index = {rule["id"]: number for number, rule in enumerate(rules)}
    broken = summary.ordered(Verdict.FAIL, Verdict.WAIVED)
    run = {
        "tool": {
            "driver": {
                "name": "Quaestor",
                "version": summary.version,
                "semanticVersion": summary.version,
                "rules": rules,
            }
        },
        "automationDetails": {"id": _automation_id(summary)},
        "originalUriBaseIds": {_ROOT: {"description": {"text": "The root of the repository."}}},
        "columnKind": "unicodeCodePoints",
        "invocations": [_invocation(summary, index)],
        "results": [_result(one, index, summary) for one in broken],
    }
    return dump({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]})


def _rules(findings: Sequence[Finding]) -> list[dict[str, Any]]:
    policies = {one.policy: one for one in findings}
    return [_rule(policies[name]) for name in sorted(policies)]


def _rule(one: Finding) -> dict[str, Any]:
    help_text = "\n\n".join(text.strip() for text in (one.why, one.remedy) if text)
    return {
        "id": one.policy,
        "name": "".join(word.capitalize() for word in one.policy.split("-")),
        "shortDescription": {"text": printable(one.title)},
        "fullDescription": {"text": _paragraph(one.why or one.title)},
        "help": {"text": _paragraph(help_text or one.title)},
        "defaultConfiguration": {"level": _LEVEL[one.severity]},
        "properties": {
            "tags": ["security", "governance", one.family],
            "security-severity": _SECURITY_SEVERITY[one.severity],
            "precision": "very-high",
        },
    }


def _result(one: Finding, index: Mapping[str, int], summary: RunSummary) -> dict[str, Any]:
    reason = printable(one.reason or one.title)
    money = one.at_stake_per_month
    if money is not None:
        reason += f" (at stake: {amount_text(money, printable(summary.currency))} a month)"
    result: dict[str, Any] = {
        "ruleId": one.policy,
        "ruleIndex": index[one.policy],
        "kind": "fail",
        "level": _LEVEL[one.severity],
        "message": {"text": _message(reason)},
        "locations": [
            {
                "physicalLocation": _place(one, summary.configuration),
                "logicalLocations": [
                    {
                        "name": printable(one.subject),
                        "fullyQualifiedName": "/".join(
                            printable(part) for part in (one.source, one.subject) if part
                        ),
                        "kind": "resource",
                    }
                ],
            }
        ],
        "partialFingerprints": {
            "primaryLocationLineHash": one.fingerprint,
            "quaestorFinding/v1": one.fingerprint,
        },
        "properties": {"severity": one.severity.value, "blocking": one.blocking},
    }
    if one.verdict is Verdict.WAIVED:
        waiver = f"waiver {printable(one.waiver)}" if one.waiver else "waived"
        result["suppressions"] = [
            {"kind": "external", "status": "accepted", "justification": waiver}
        ]
    return result


def _place(one: Finding, configuration: str) -> dict[str, Any]:
    path, line = configuration, 1
    if isinstance(named := one.evidence.get("location"), str):
        head, _, tail = named.rpartition(":")
        known = head and tail.isdecimal() and int(tail) > 0
        wanted, wanted_line = (head, int(tail)) if known else (named, 1)
        if _inside(wanted):
            path, line = wanted, wanted_line
    if not _inside(path):
        path = path.replace("\\", "/").rpartition("/")[2] or "quaestor.yaml"
    return {
        "artifactLocation": {"uri": _quoted(path.removeprefix("./"), "/"), "uriBaseId": _ROOT},
        "region": {"startLine": line},
    }


def _inside(path: str) -> bool:
    """Tell whether a path stays below the root; others would point into the reader's machine."""
    parts = path.split("/")
    return bool(path) and not path.startswith("/") and ".." not in parts and "\\" not in path


def _invocation(summary: RunSummary, index: Mapping[str, int]) -> dict[str, Any]:
    notes = [_blind(spot) for spot in summary.blind_spots]
    notes += [_unanswered(one, index) for one in summary.ordered(Verdict.UNKNOWN, Verdict.ERROR)]
    incomplete = summary.decision.unanswered or summary.blind_spots
    evaluated = any(one.verdict is not Verdict.SKIP for one in summary.findings)
    return {
        "executionSuccessful": bool(evaluated and not incomplete),
        "exitCode": summary.decision.exit_code,
        "exitCodeDescription": headline(summary),
        "endTimeUtc": f"{summary.audited_at.isoformat(timespec='seconds')}Z",
        "toolExecutionNotifications": notes,
    }


def _blind(spot: BlindSpot) -> dict[str, Any]:
    text = f"{printable(spot.source)}: {printable(spot.scope)}: {printable(spot.reason)}"
    return {
        "descriptor": {"id": "blind-spot"},
        "level": "error",
        "message": {"text": _message(text)},
    }


def _unanswered(one: Finding, index: Mapping[str, int]) -> dict[str, Any]:
    text = f"{printable(one.subject)}: {one.verdict}: {printable(one.reason or one.title)}"
    return {
        "descriptor": {"id": f"verdict-{one.verdict}"},
        "associatedRule": {"id": one.policy, "index": index[one.policy]},
        "level": "error" if one.blocking else "warning",
        "message": {"text": _message(text)},
    }


def _automation_id(summary: RunSummary) -> str:
    """Name the category, so that two gates in one pipeline do not close each other's alerts."""
    about = _quoted("+".join(summary.targets), "")
    return f"quaestor/{summary.kind}/{about}/" if about else f"quaestor/{summary.kind}/"


def _quoted(text: str, safe: str) -> str:
    return quote(text, safe=safe, errors="surrogatepass")  # file names need not be UTF-8


def _message(text: str) -> str:
    """Escape what SARIF reads as a link or a placeholder (3.11.5 and 3.11.6)."""
    for character in "\\[]":
        text = text.replace(character, "\\" + character)
    return text.replace("{", "{{").replace("}", "}}")


def _paragraph(text: str) -> str:
    return "\n".join(printable(line) for line in text.strip().splitlines())

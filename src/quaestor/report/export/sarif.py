"""For code scanning: SARIF 2.1.0. Violations are results; what is missing is a notification.

Code scanning drops results without a place in a file, so each one has one (`place_of`). What it
is really about stands in `logicalLocations`. What is waived, or was violated before and is known
(`--baseline`, `--diff`), is suppressed and says why.

Source: OASIS, "Static Analysis Results Interchange Format (SARIF) Version 2.1.0 Plus Errata
01"; GitHub, "SARIF support for code scanning" (security-severity, partialFingerprints).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from quaestor.core.blind_spot import BlindSpot
from quaestor.core.finding import Finding
from quaestor.core.rule import Rule
from quaestor.core.run_summary import RunSummary
from quaestor.core.text import printable
from quaestor.core.verdict import Severity, Verdict
from quaestor.core.words import cut
from quaestor.report.export.json import dump
from quaestor.report.export.sentences import blind_line, headline, reason_of, stake_of
from quaestor.report.export.standing import place_of, rules_by_id

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
_LONGEST = 2_000  # characters of a message; what a name of 64 kB hides is in the JSON
_MOST_TAGS = 20  # of a rule; GitHub reads no more


def render(summary: RunSummary) -> str:
    """Return one SARIF log with one run."""
    rules = _rules(summary)
    index = {rule["id"]: number for number, rule in enumerate(rules)}
    broken = summary.ordered(Verdict.FAIL, Verdict.WAIVED)
    asked = rules_by_id(summary)
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
        "results": [_result(one, index, asked, summary) for one in broken],
    }
    return dump({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]})


def _rules(summary: RunSummary) -> list[dict[str, Any]]:
    """Return every rule that was asked or gave a finding, by id."""
    asked = rules_by_id(summary)
    found = {one.policy: one for one in summary.findings}
    return [_rule(name, asked.get(name) or found[name]) for name in sorted({*asked, *found})]


def _rule(name: str, one: Rule | Finding) -> dict[str, Any]:
    tags = ["security", "governance", one.family]
    help_texts = [one.why, one.remedy]
    if isinstance(one, Rule):
        tags += [f"{printable(framework)}: {printable(ref)}" for framework, ref in one.frameworks]
        help_texts += [f"{registry}: {command}" for registry, command in one.commands]
        help_texts.append(f"Source: {one.source}")
    help_text = "\n\n".join(text.strip() for text in help_texts if text)
    return {
        "id": name,
        "name": "".join(word.capitalize() for word in name.split("-")),
        "shortDescription": {"text": printable(one.title)},
        "fullDescription": {"text": _paragraph(one.why or one.title)},
        "help": {"text": _paragraph(help_text or one.title)},
        "defaultConfiguration": {"level": _LEVEL[one.severity]},
        "properties": {
            "tags": list(dict.fromkeys(tags))[:_MOST_TAGS],
            "security-severity": _SECURITY_SEVERITY[one.severity],
            "precision": "very-high",
        },
    }


def _result(
    one: Finding, index: Mapping[str, int], asked: Mapping[str, Rule], summary: RunSummary
) -> dict[str, Any]:
    stake = stake_of(one, summary)
    told = reason_of(one) + (f" (at stake: {stake})" if stake else "")
    result: dict[str, Any] = {
        "ruleId": one.policy,
        "ruleIndex": index[one.policy],
        "kind": "fail",
        "level": _LEVEL[one.severity],
        "message": {"text": _message(cut(told, _LONGEST))},
        "locations": [_location(one, asked.get(one.policy), summary)],
        "partialFingerprints": {
            "primaryLocationLineHash": one.fingerprint,
            "quaestorFinding/v1": one.fingerprint,
        },
        "properties": {"severity": one.severity.value, "blocking": one.blocking},
    }
    if justification := _justification(one, summary):
        result["suppressions"] = [
            {"kind": "external", "status": "accepted", "justification": justification}
        ]
    if one.known is not None:
        result["baselineState"] = "unchanged"
    return result


def _location(one: Finding, rule: Rule | None, summary: RunSummary) -> dict[str, Any]:
    path, line = place_of(one, summary, rule)
    subject = printable(one.subject)
    return {
        "physicalLocation": {
            "artifactLocation": {"uri": _quoted(path, "/"), "uriBaseId": _ROOT},
            "region": {"startLine": line},
        },
        "logicalLocations": [
            {
                "name": subject,
                "fullyQualifiedName": f"{printable(one.source)}/{subject}".lstrip("/"),
                "kind": "resource",
            }
        ],
    }


def _justification(one: Finding, summary: RunSummary) -> str | None:
    """Return why a violation is no alert, or None where it is one."""
    if one.verdict is not Verdict.WAIVED:
        return None if one.known is None else f"known before: {printable(one.known)}"
    for use in summary.waivers:
        if use.waiver.id == one.waiver:
            until = f"until {use.waiver.expires}, approved by {printable(use.waiver.approved_by)}"
            reason = cut(printable(use.waiver.reason), _LONGEST)
            return f"waiver {printable(one.waiver)} {until}: {reason}"
    return f"waiver {printable(one.waiver)}" if one.waiver else "waived"


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
    return {
        "descriptor": {"id": "blind-spot"},
        "level": "error",
        "message": {"text": _message(blind_line(spot))},
    }


def _unanswered(one: Finding, index: Mapping[str, int]) -> dict[str, Any]:
    text = f"{printable(one.subject)}: {one.verdict}: {reason_of(one)}"
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

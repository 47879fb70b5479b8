"""GitLab's Code Quality report."""

from __future__ import annotations

import json

import jsonschema

from quaestor.core.blind_spot import BlindSpot
from quaestor.core.run_summary import Outcome
from quaestor.core.verdict import Severity, Verdict
from quaestor.report.export import formatted

TEXT = {"type": "string", "minLength": 1}
ISSUE = {
    "type": "object",
    "additionalProperties": False,
    "required": ["description", "check_name", "fingerprint", "severity", "location"],
    "properties": {
        "description": TEXT,
        "check_name": TEXT,
        "fingerprint": TEXT,
        "severity": {"enum": ["info", "minor", "major", "critical", "blocker"]},
        "location": {
            "type": "object",
            "required": ["path", "lines"],
            "properties": {
                "path": TEXT,
                "lines": {
                    "type": "object",
                    "required": ["begin"],
                    "properties": {"begin": {"type": "integer", "minimum": 1}},
                },
            },
        },
    },
}


def issues(gate):
    """Render, hold it to what GitLab documents, and return the issues."""
    found = json.loads(formatted("gitlab", gate))
    jsonschema.validate(found, {"type": "array", "items": ISSUE})
    prints = [one["fingerprint"] for one in found]
    assert len(prints) == len(set(prints))
    return found


def test_an_issue_has_the_severity_of_its_rule_and_the_line_of_its_model(a_finding, a_gate):
    """Nothing else is in it."""
    finding = a_finding(severity=Severity.CRITICAL)
    places = {("registry.model", "churn"): "models/churn/model.gov.yaml:4"}

    assert issues(a_gate([finding], places=places)) == [
        {
            "description": "churn: churn has no owner",
            "check_name": "model-without-owner",
            "fingerprint": finding.fingerprint,
            "severity": "blocker",
            "location": {"path": "models/churn/model.gov.yaml", "lines": {"begin": 4}},
        }
    ]


def test_a_fingerprint_does_not_move_with_the_line(a_finding, a_gate):
    """Else every edit above it would be a new issue."""
    first, second = (
        issues(a_gate([a_finding()], places={("registry.model", "churn"): place}))[0]
        for place in ("models/model.gov.yaml:4", "moved/model.gov.yaml:90")
    )

    assert first["fingerprint"] == second["fingerprint"]
    assert first["location"] != second["location"]


def test_what_is_accepted_is_information(a_finding, a_gate):
    """Visible in the widget, and no reason to stop."""
    gate = a_gate(
        [
            a_finding("let-off", verdict=Verdict.WAIVED, waiver="W-7"),
            a_finding("old", known="in the baseline"),
            a_finding("kept", verdict=Verdict.PASS),
            a_finding("not-asked", verdict=Verdict.SKIP),
        ],
        Outcome.PASSED,
    )

    assert [(one["check_name"], one["severity"], one["description"]) for one in issues(gate)] == [
        ("let-off", "info", "waived: churn: churn has no owner"),
        ("old", "info", "known before: churn: churn has no owner"),
    ]


def test_what_nobody_can_answer_is_an_issue_where_it_counts(a_finding, a_gate):
    """So are blind spots; what does not count is not."""
    gate = a_gate(
        [
            a_finding("counts", verdict=Verdict.UNKNOWN),
            a_finding("does-not", verdict=Verdict.UNKNOWN, blocking=False),
        ],
        Outcome.INCOMPLETE,
        blind_spots=(BlindSpot(source="registry", scope="all", reason="refused"),),
    )

    assert [one["description"] for one in issues(gate)] == [
        "blind spot: registry: all: refused",
        "no answer: churn: churn has no owner",
    ]


def test_hostile_names_leave_paths_inside_the_repository(a_full_gate, hostile):
    """And fingerprints unique."""
    for one in issues(a_full_gate(hostile)):
        path = one["location"]["path"]
        assert not path.startswith("/")
        assert ".." not in path.split("/")


def test_two_findings_of_one_name_are_one_issue(a_finding, a_gate):
    """GitLab drops the second of a fingerprint without a word; the worse one stays."""
    same = [a_finding(severity=Severity.LOW), a_finding(severity=Severity.CRITICAL)]

    assert [one["severity"] for one in issues(a_gate(same))] == ["blocker"]

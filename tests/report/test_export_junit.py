"""JUnit's XML, read as a CI server reads it."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

from builders.gates import a_rule, a_waiver_use
from quaestor.core.blind_spot import BlindSpot
from quaestor.core.run_summary import Outcome
from quaestor.core.verdict import Severity, Verdict
from quaestor.report.export import formatted


@pytest.fixture
def suites():
    """Render as JUnit and return its suites by name; every count is what it counts."""

    def check(gate):
        root = ElementTree.fromstring(formatted("junit", gate))  # noqa: S314 - our own text
        for part in (root, *root):
            cases = part.findall(".//testcase")
            assert part.get("tests") == str(len(cases))
            for name, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
                assert part.get(name) == str(len(part.findall(f".//{tag}")))
        return {suite.get("name"): suite for suite in root}

    return check


def came_to(suite):
    """Return what each case came to, by policy."""
    return {case.get("classname"): [part.tag for part in case] for case in suite.iter("testcase")}


def test_only_what_closes_the_gate_is_a_failure(a_finding, a_gate, suites):
    """Said and no more: output. Unknown and broken: errors. Waived, known, not asked: skipped."""
    found = suites(
        a_gate(
            [
                a_finding("closes"),
                a_finding("only-said", blocking=False),
                a_finding("unknown", verdict=Verdict.UNKNOWN),
                a_finding("unknown-and-only-said", verdict=Verdict.UNKNOWN, blocking=False),
                a_finding("broken", verdict=Verdict.ERROR),
                a_finding("let-off", verdict=Verdict.WAIVED, waiver="W-7"),
                a_finding("old", known="in the baseline since 2026-11-01"),
                a_finding("not-asked", verdict=Verdict.SKIP),
                a_finding("kept", verdict=Verdict.PASS),
            ]
        )
    )

    assert came_to(found["model"]) == {
        "closes": ["failure"],
        "only-said": ["system-out"],
        "unknown": ["error"],
        "unknown-and-only-said": ["error"],
        "broken": ["error"],
        "let-off": ["skipped"],
        "old": ["skipped"],
        "not-asked": ["skipped"],
        "kept": [],
    }


def test_there_is_a_suite_for_each_kind_of_subject(a_finding, a_gate, suites):
    """By the table that a rule judges; of a rule that is all SQL by the subject's name."""
    findings = [
        a_finding("a", "prod/Deployment/churn"),
        a_finding("b", "2026-10", model=None),
        a_finding("c", "churn"),
        a_finding("d", "churn:7"),
        a_finding("e", "s3://bucket"),
    ]
    rules = (a_rule("a", subject="registry.deployment"), a_rule("b", subject="ledger.coverage"))
    found = suites(a_gate(findings, rules=rules))

    assert {name: list(came_to(suite)) for name, suite in found.items()} == {
        "coverage": ["b"],
        "deployment": ["a"],
        "model": ["c"],
        "model_version": ["d"],
        "other": ["e"],
    }


def test_a_failure_says_why_what_is_at_stake_and_what_to_do(a_finding, a_gate, suites):
    """The message is one line; the text holds the rest and the finding's name."""
    finding = a_finding(severity=Severity.CRITICAL)
    [failure] = suites(a_gate([finding]))["model"].iter("failure")

    assert (failure.get("type"), failure.get("message")) == ("critical", "churn has no owner")
    assert failure.text == (
        f"churn has no owner\nfix: Set gov.owner to a group.\nfinding: {finding.fingerprint}"
    )


def test_a_blind_spot_is_an_error_in_a_suite_of_its_own(a_gate, suites):
    """So that an incomplete run with no finding at all is no green one."""
    spot = BlindSpot(source="registry", scope="all", reason="connection refused")
    found = suites(a_gate([], Outcome.INCOMPLETE, blind_spots=(spot,)))
    [error] = found["blind_spot"].iter("error")

    assert error.get("message") == "connection refused"


def test_the_verdict_the_evidence_and_the_waivers_are_properties(a_finding, a_gate, suites):
    """Whatever server reads it keeps them beside the cases."""
    suite = suites(a_gate([a_finding()], waivers=(a_waiver_use(),)))["model"]

    assert [(one.get("name"), one.get("value")) for one in suite.iter("property")] == [
        ("verdict", "churn:7 may not run: 1 rule is broken at or above high."),
        ("evidence", "evidence: collected 2026-11-21 01:00 UTC, 5 hours ago"),
        ("waiver", "W-7 ends in 3 days, on 2026-11-24 (model-without-owner on churn)"),
    ]


def test_any_name_gives_well_formed_xml(a_full_gate, hostile, suites):
    """Control characters and ends of CDATA included; the cases are the same nine."""
    found = suites(a_full_gate(hostile))

    assert sum(len(list(suite.iter("testcase"))) for suite in found.values()) == 9 + 1


def test_a_reason_of_64_kb_is_cut_in_the_message_and_whole_in_the_text(a_finding, a_gate, suites):
    """Servers show messages in lists."""
    [failure] = suites(a_gate([a_finding(reason="x" * 65_536)]))["model"].iter("failure")

    assert len(failure.get("message")) == 500
    assert failure.text.startswith("x" * 65_536 + "\n")

"""Workflow commands, read as the runner of GitHub Actions reads its log."""

from __future__ import annotations

import re

from builders.gates import a_change, a_waiver_use
from quaestor.core.blind_spot import BlindSpot
from quaestor.core.run_summary import Outcome
from quaestor.core.verdict import Severity, Verdict
from quaestor.report.export import formatted

COMMAND = re.compile(r"::(error|warning|notice) ([^:]*)::(.*)")


def decoded(text):
    for code, character in (("%0D", "\r"), ("%0A", "\n"), ("%3A", ":"), ("%2C", ",")):
        text = text.replace(code, character)
    return text.replace("%25", "%")


def run(gate):
    """Return each command as (level, properties, message); nothing else is in the log."""
    commands = []
    for line in formatted("github", gate).splitlines():
        match = COMMAND.fullmatch(line)
        assert match is not None, line
        named = dict(part.split("=", 1) for part in match[2].split(","))
        named = {name: decoded(value) for name, value in named.items()}
        commands.append((match[1], named, decoded(match[3])))
    return commands


def test_the_verdict_comes_first_then_a_line_for_each_of_the_worst(a_finding, a_gate):
    """At the line of the file that states the model."""
    finding = a_finding(severity=Severity.CRITICAL)
    gate = a_gate(
        [finding, a_finding("said", blocking=False)],
        places={("registry.model", "churn"): "models/churn/model.gov.yaml:4"},
    )

    assert run(gate) == [
        (
            "notice",
            {"title": "Quaestor gate"},
            "churn:7 may not run: 1 rule is broken at or above high.",
        ),
        (
            "error",
            {
                "file": "models/churn/model.gov.yaml",
                "line": "4",
                "title": "model-without-owner: churn",
            },
            "churn has no owner\nTo do: Set gov.owner to a group.",
        ),
        (
            "warning",
            {"file": "models/churn/model.gov.yaml", "line": "4", "title": "said: churn"},
            "churn has no owner\nTo do: Set gov.owner to a group.",
        ),
    ]


def test_ten_are_shown_and_the_others_are_counted(a_finding, a_gate):
    """The runner would drop the eleventh without a word."""
    findings = [a_finding(f"high-{n:02}") for n in range(12)]
    findings += [a_finding("worst", severity=Severity.CRITICAL), a_finding("said", blocking=False)]
    [first, *others] = run(a_gate(findings))

    assert first[2].splitlines()[1] == "The 10 worst are shown; 4 more are not."
    assert [named["title"] for _, named, _ in others] == [
        "worst: churn",
        *(f"high-{n:02}: churn" for n in range(9)),
    ]


def test_what_is_known_or_waived_is_named_and_no_error(a_finding, a_gate):
    """A job is not red for what somebody accepted."""
    gate = a_gate(
        [a_finding("old", known="in the baseline"), a_finding("let-off", verdict=Verdict.WAIVED)],
        Outcome.PASSED,
    )

    assert run(gate) == [
        (
            "notice",
            {"title": "Quaestor gate"},
            (
                "churn:7 may run: nothing new at or above high is wrong, 1 known before.\n"
                "1 violation is known before: old churn.\n"
                "1 violation is waived: let-off churn."
            ),
        )
    ]


def test_money_and_waivers_are_a_notice(a_gate):
    """The reviewer sees what it will cost where the log is read."""
    gate = a_gate([], Outcome.PASSED, priced=(a_change(),), waivers=(a_waiver_use(),))
    level, named, message = run(gate)[-1]

    assert (level, named) == ("notice", {"title": "Cost and waivers"})
    assert message.splitlines() == [
        (
            "prod/Deployment/churn: +400.00 USD a month (800.00 USD now, then 1,200.00 USD; "
            "2 x g5.xlarge)"
        ),
        "W-7 ends in 3 days, on 2026-11-24 (model-without-owner on churn)",
    ]


def test_a_blind_spot_is_an_error(a_gate):
    """It leaves the gate open."""
    spot = BlindSpot(source="registry", scope="all", reason="connection refused")
    [_, said] = run(a_gate([], Outcome.INCOMPLETE, blind_spots=(spot,)))

    assert said == ("error", {"title": "Blind spot"}, "registry: all: connection refused")


def test_no_name_can_end_a_command_or_begin_one(a_full_gate, hostile):
    """Every line is ours, and says the level that we chose."""
    levels = [level for level, _, _ in run(a_full_gate(hostile))]

    assert levels == ["notice", "error", "error", "error", "error", "warning", "notice"]


def test_no_line_of_the_table_is_a_command_to_a_runner(a_full_gate, hostile):
    """It is printed in the same log."""
    text = formatted("table", a_full_gate(hostile))

    assert [line for line in text.splitlines() if line.lstrip().startswith("::")] == []
    assert not re.search(r"##(\[|vso\[|teamcity\[)", text)

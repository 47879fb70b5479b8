"""The exit codes that pipelines rely on, and their order."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quaestor.audit.gate import combine, decide
from quaestor.core.finding import Finding
from quaestor.core.run_summary import Outcome
from quaestor.core.verdict import Severity, Verdict

HIGH = Severity.HIGH


@pytest.mark.parametrize(
    ("verdict", "severity", "blocking", "code"),
    [
        ("fail", "critical", True, 1),
        ("fail", "high", True, 1),
        ("fail", "medium", True, 0),
        ("fail", "critical", False, 0),
        ("unknown", "high", True, 3),
        ("error", "high", True, 3),
        ("unknown", "medium", True, 3),
        ("unknown", "critical", False, 3),
        ("error", "low", False, 3),
        ("pass", "critical", True, 0),
        ("waived", "critical", True, 0),
        ("skip", "critical", True, 4),
    ],
)
def test_one_finding_decides_as_the_exit_codes_promise(
    a_finding, verdict, severity, blocking, code
):
    """Each verdict alone, on both sides of the threshold, blocking and not."""
    finding = a_finding(verdict=Verdict(verdict), severity=Severity(severity), blocking=blocking)

    assert decide([finding], fail_on=HIGH).exit_code == code


@pytest.mark.parametrize(("verdict", "severity"), [("unknown", "medium"), ("error", "low")])
def test_a_light_question_without_an_answer_does_not_close_the_gate(a_finding, verdict, severity):
    """Beside a pass, what is below the threshold or does not block is said and no more."""
    passed = a_finding("a", verdict=Verdict.PASS)
    light = a_finding("b", verdict=Verdict(verdict), severity=Severity(severity))
    advice = a_finding("c", verdict=Verdict(verdict), blocking=False)

    assert decide([passed, light, advice], fail_on=HIGH).exit_code == 0


def test_the_scheduled_audit_fails_on_a_policy_that_does_not_block(a_finding):
    """What only warns in a pull request is still a finding at night."""
    finding = a_finding(blocking=False)

    assert decide([finding], fail_on=HIGH, only_blocking_fails=False).exit_code == 1


def test_no_findings_are_no_pass():
    """Nothing was looked at, and nothing is never clean."""
    decision = decide([], fail_on=HIGH)

    assert (decision.exit_code, decision.verdict) == (4, Outcome.NOTHING_EVALUATED)


def test_a_blind_spot_closes_the_gate(a_finding):
    """Every answer is a pass, and one source was down."""
    assert decide([a_finding(verdict=Verdict.PASS)], fail_on=HIGH, blind_spots=1).exit_code == 3


def test_missing_evidence_may_be_waved_through_and_is_still_called_incomplete(a_finding):
    """`--on-missing warn` changes the exit code, not the words."""
    findings = [a_finding("a", verdict=Verdict.UNKNOWN), a_finding("b", verdict=Verdict.PASS)]
    decision = decide(findings, fail_on=HIGH, on_missing="warn", blind_spots=1)

    assert (decision.exit_code, decision.verdict, decision.relaxed) == (
        0,
        Outcome.INCOMPLETE,
        True,
    )


def test_waving_through_does_not_turn_nothing_into_a_pass():
    """With every source down and nothing evaluated there is nothing to let pass."""
    assert decide([], fail_on=HIGH, on_missing="warn", blind_spots=2).exit_code == 4


@pytest.mark.parametrize("verdict", [Verdict.UNKNOWN, Verdict.ERROR])
@pytest.mark.parametrize("blocking", [True, False])
def test_a_question_without_an_answer_evaluates_nothing(a_finding, verdict, blocking):
    """With no answer at all the gate is open; `--on-missing warn` has nothing to wave through."""
    findings = [a_finding("a", verdict=verdict, blocking=blocking), a_finding("b", verdict="skip")]
    strict = decide(findings, fail_on=HIGH)
    lax = decide(findings, fail_on=HIGH, on_missing="warn")

    assert (strict.exit_code, strict.verdict) == (3, Outcome.INCOMPLETE)
    assert strict.unanswered == (findings[0],)
    assert (lax.exit_code, lax.verdict) == (4, Outcome.NOTHING_EVALUATED)


@pytest.mark.parametrize(
    ("codes", "code"),
    [
        ("", 4),
        ("0", 0),
        ("00", 0),
        ("04", 4),
        ("43", 3),
        ("03", 3),
        ("0431", 1),
    ],
)
def test_the_worst_target_decides(a_finding, codes, code):
    """1 before 3 before 4 before 0, in whatever order they are asked about."""
    verdicts = {"0": Verdict.PASS, "1": Verdict.FAIL, "3": Verdict.UNKNOWN, "4": Verdict.SKIP}
    decisions = [decide([a_finding(one, verdict=verdicts[one])], fail_on=HIGH) for one in codes]

    assert combine(decisions).exit_code == code
    assert combine(decisions[::-1]).exit_code == code


def test_a_target_waved_through_marks_the_whole(a_finding):
    """Exit code 0 on incomplete evidence for one of two is no plain pass."""
    passed = a_finding("a", verdict=Verdict.PASS)
    unknown = a_finding("b", verdict=Verdict.UNKNOWN)
    clean = decide([passed], fail_on=HIGH, on_missing="warn")
    relaxed = decide([passed, unknown], fail_on=HIGH, on_missing="warn")
    decision = combine([clean, relaxed])

    assert (decision.exit_code, decision.verdict) == (0, Outcome.INCOMPLETE)
    assert (decision.relaxed, decision.unanswered) == (True, (unknown,))


def test_what_two_targets_share_is_said_once(a_finding):
    """And where one is violated and the other unknown, it is violated."""
    fail = a_finding("a")
    unknown = a_finding("a", verdict=Verdict.UNKNOWN)
    decision = combine([decide([one], fail_on=HIGH) for one in (unknown, fail, fail)])

    assert (decision.failing, decision.unanswered) == ((fail,), ())


def test_the_worst_comes_first(a_finding):
    """By severity, then by money; unknown money comes last."""
    decision = decide(
        [
            a_finding("c", at_stake_per_month=None),
            a_finding("b", at_stake_per_month=5),
            a_finding("a", at_stake_per_month=9),
            a_finding("z", severity=Severity.CRITICAL),
        ],
        fail_on=HIGH,
    )

    assert [one.policy for one in decision.failing] == ["z", "a", "b", "c"]


FINDINGS = st.lists(
    st.builds(
        Finding,
        policy=st.sampled_from("abc"),
        title=st.just("t"),
        family=st.just("f"),
        source=st.none(),
        subject=st.sampled_from("xyz"),
        model=st.none(),
        severity=st.sampled_from(Severity),
        verdict=st.sampled_from(Verdict),
        reason=st.none(),
        blocking=st.booleans(),
        fingerprint=st.just("0" * 64),
    ),
    max_size=6,
)
QUESTION = {
    "findings": FINDINGS,
    "fail_on": st.sampled_from(Severity),
    "on_missing": st.sampled_from(["fail", "warn"]),
    "blind_spots": st.integers(0, 2),
    "only_blocking_fails": st.booleans(),
}


def judged(one: Finding) -> bool:
    """Whether a policy came to a verdict."""
    return one.verdict in ("pass", "fail", "waived")


@given(**QUESTION)
def test_a_certain_violation_outranks_all_that_is_missing(
    findings, fail_on, on_missing, blind_spots, only_blocking_fails
):
    """1 before 3 before 4 before 0, whatever else is in the pile."""
    decision = decide(
        findings,
        fail_on=fail_on,
        on_missing=on_missing,
        blind_spots=blind_spots,
        only_blocking_fails=only_blocking_fails,
    )
    weighty = [one for one in findings if one.severity.rank <= fail_on.rank]
    violated = any(
        one.verdict == "fail" and (one.blocking or not only_blocking_fails) for one in weighty
    )
    nothing = not any(judged(one) for one in findings)
    missing = blind_spots or any(
        one.verdict in ("unknown", "error") and (nothing or (one.blocking and one in weighty))
        for one in findings
    )
    expected = next(
        code
        for holds, code in [
            (violated, 1),
            (missing and on_missing == "fail", 3),
            (nothing, 4),
            (True, 0),
        ]
        if holds
    )

    assert decision.exit_code == expected
    assert (decision.exit_code == 1) == bool(decision.failing)
    assert decision.exit_code != 0 or not nothing


@given(**QUESTION, extra=FINDINGS)
def test_more_findings_never_open_a_closed_gate(
    findings, fail_on, on_missing, blind_spots, only_blocking_fails, extra
):
    """Adding an answer cannot hide a violation, nor what blocks for want of an answer.

    The first verdict there is does end "nobody answered at all", where no blocking policy did.
    """
    settings = {
        "fail_on": fail_on,
        "on_missing": on_missing,
        "blind_spots": blind_spots,
        "only_blocking_fails": only_blocking_fails,
    }
    before = decide(findings, **settings).exit_code
    after = decide([*findings, *extra], **settings).exit_code
    blocked = blind_spots or any(
        one.verdict in ("unknown", "error") and one.blocking and one.severity.reaches(fail_on)
        for one in findings
    )

    assert before != 1 or after == 1
    if before == 3 and (blocked or any(map(judged, findings)) or not any(map(judged, extra))):
        assert after in (1, 3)


@given(**QUESTION)
def test_the_order_of_findings_does_not_matter(
    findings, fail_on, on_missing, blind_spots, only_blocking_fails
):
    """The engine may answer in any order."""
    settings = {
        "fail_on": fail_on,
        "on_missing": on_missing,
        "blind_spots": blind_spots,
        "only_blocking_fails": only_blocking_fails,
    }

    assert decide(findings, **settings).exit_code == decide(findings[::-1], **settings).exit_code

"""A waiver accepts a violation until its last day, and nothing that nobody knows."""

from __future__ import annotations

from datetime import date

import pytest

from quaestor.audit.waivers import Resolver
from quaestor.core.period import utc
from quaestor.core.verdict import Severity, Verdict
from quaestor.core.waivers import Waivable, WaiverFile, WaiverState, waiver_of

NOW = utc("2026-11-21T23:59:59")
POLICIES = (
    Waivable(("model-without-owner", "ML-OWN-001"), Severity.HIGH),
    Waivable(("model-without-card",), Severity.HIGH),
)


def a_waiver(name="w", **changes):
    values = {
        "policy": "model-without-owner",
        "subject": "churn",
        "reason": "The team is being split until the end of the year.",
        "ticket": "GOV-4711",
        "requested_by": "ada",
        "approved_by": "grace",
        "approved_at": date(2026, 11, 1),
        "expires": date(2026, 12, 31),
        "compensating_control": "The head of the department answers for it.",
    } | changes
    return waiver_of(WaiverFile(id=name, **values), POLICIES, f"waivers/{name}.yaml:1")


def resolved(findings, *waivers, now=NOW):
    resolver = Resolver(waivers, now=now)
    return resolver.resolve(findings), {
        use.waiver.id: use for use in resolver.uses((), complete=True)
    }


def test_a_violation_in_force_is_waived_and_names_its_waiver(a_finding):
    """The reason stays the violation's; the count says what the waiver covers."""
    [one], uses = resolved([a_finding()], a_waiver())

    assert (one.verdict, one.waiver, one.reason) == (Verdict.WAIVED, "w", "churn has no owner")
    assert (uses["w"].state, uses["w"].waived, uses["w"].days_left) == (
        WaiverState.IN_FORCE,
        1,
        40,
    )


@pytest.mark.parametrize("verdict", ["pass", "skip", "unknown", "error"])
def test_nothing_but_a_violation_is_waived(a_finding, verdict):
    """A waiver must not hide that a registry was silent, or that a policy broke."""
    finding = a_finding(verdict=Verdict(verdict))

    assert resolved([finding], a_waiver())[0] == (finding,)


def test_another_policy_and_another_subject_are_not_covered(a_finding):
    """What is not named stays active."""
    findings = (a_finding("model-without-card"), a_finding(subject="fraud"))

    assert resolved(findings, a_waiver())[0] == findings


@pytest.mark.parametrize(
    ("now", "verdict"),
    [
        ("2026-11-19T23:59:59", "fail"),
        ("2026-11-20T00:00:00", "waived"),
        ("2026-11-21T23:59:59.999999", "waived"),
        ("2026-11-22T00:00:00", "fail"),
    ],
)
def test_the_first_and_the_last_day_count_in_utc(a_finding, now, verdict):
    """`approved_at` and `expires` are days, both included."""
    waiver = a_waiver(approved_at=date(2026, 11, 20), expires=date(2026, 11, 21))

    assert resolved([a_finding()], waiver, now=utc(now))[0][0].verdict == verdict


def test_after_its_end_the_violation_is_active_and_says_so(a_finding):
    """Nobody has to guess why a gate that passed yesterday fails today."""
    waiver = a_waiver(expires=date(2026, 11, 20))
    [one], uses = resolved([a_finding()], waiver)

    assert (one.verdict, one.waiver) == (Verdict.FAIL, None)
    assert one.reason == "churn has no owner; waiver w lapsed on 2026-11-20"
    assert (uses["w"].state, uses["w"].days_left) == (WaiverState.LAPSED, -1)
    assert uses["w"].lapsed == (one.fingerprint,)


def test_a_renewal_beside_the_lapsed_one_holds(a_finding):
    """The lapsed waiver does not speak while another covers the violation."""
    lapsed, renewed = a_waiver("a", expires=date(2026, 11, 20)), a_waiver("b")
    [one], uses = resolved([a_finding()], lapsed, renewed)

    assert (one.verdict, one.waiver) == (Verdict.WAIVED, "b")
    assert (uses["a"].state, uses["a"].lapsed) == (WaiverState.LAPSED, ())


def test_of_two_that_cover_it_the_one_that_lasts_longest_speaks(a_finding):
    """The shorter one is no reason for alarm when it ends, and is not stale either."""
    short, long = a_waiver("a", expires=date(2026, 12, 20)), a_waiver("b")
    [one], uses = resolved([a_finding()], short, long)

    assert one.waiver == "b"
    assert (uses["a"].state, uses["a"].waived) == (WaiverState.IN_FORCE, 0)


@pytest.mark.parametrize(
    ("changes", "state"),
    [
        ({"expires": date(2026, 12, 5)}, WaiverState.ENDING),
        ({"expires": date(2026, 12, 6)}, WaiverState.IN_FORCE),
        ({"expires": date(2026, 11, 21)}, WaiverState.ENDING),
        ({"approved_at": date(2026, 11, 22)}, WaiverState.NOT_YET),
        ({"subject": "fraud"}, WaiverState.STALE),
        ({"policy": "model-without-ownr"}, WaiverState.STALE),
    ],
)
def test_each_waiver_has_a_state(a_finding, changes, state):
    """Ending soon is within 14 days, today included."""
    assert resolved([a_finding()], a_waiver(**changes))[1]["w"].state is state


@pytest.mark.parametrize("verdict", ["unknown", "error"])
def test_a_question_without_an_answer_keeps_a_waiver_from_being_stale(a_finding, verdict):
    """While nobody can tell whether the violation stands, nobody is told to remove it."""
    broken = a_finding(subject="*" if verdict == "error" else "churn", verdict=Verdict(verdict))

    assert resolved([broken], a_waiver())[1]["w"].state is WaiverState.IN_FORCE


def test_a_gate_of_one_model_does_not_call_the_others_waivers_stale(a_finding):
    """It did not look at their subjects; one that names no policy is told all the same."""
    waivers = [a_waiver("a"), a_waiver("b", subject="fraud"), a_waiver("c", policy="gone")]
    resolver = Resolver(waivers, now=NOW)
    resolver.resolve([a_finding()])

    assert [use.waiver.id for use in resolver.uses((), complete=False)] == ["a", "c"]


def test_a_finding_that_two_targets_share_is_counted_once(a_finding):
    """Two versions share the violations of their model."""
    resolver = Resolver([a_waiver()], now=NOW)
    resolver.resolve([a_finding()])
    resolver.resolve([a_finding()])

    assert [use.waived for use in resolver.uses((), complete=False)] == [1]

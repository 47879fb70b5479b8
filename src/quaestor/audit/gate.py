"""From findings to a decision and an exit code. A certain violation outranks what is missing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import chain
from typing import Literal

from quaestor.core.finding import Finding
from quaestor.core.run_summary import Decision, Outcome, worst_first
from quaestor.core.verdict import Severity, Verdict

_JUDGED = (Verdict.PASS, Verdict.FAIL, Verdict.WAIVED)
_OPEN = (Verdict.UNKNOWN, Verdict.ERROR)
_WORST_VERDICT_FIRST = ("fail", "error", "unknown", "waived", "pass", "skip")
_WORST_FIRST = (1, 3, 4, 0)  # exit codes: what is certain, what is missing, nothing, a pass


def decide(
    findings: Sequence[Finding],
    *,
    fail_on: Severity,
    on_missing: Literal["fail", "warn"] = "fail",
    blind_spots: int = 0,
    only_blocking_fails: bool = True,
) -> Decision:
    """Decide what findings come to: the first of these that holds.

    1. failed (1): a policy failed whose severity is at or above `fail_on`, and the violation is
       not known from before (`Finding.known`);
    2. incomplete (3): a blocking policy at or above `fail_on` answered unknown or error, there
       is a blind spot, or no policy gave a verdict and some answered unknown or error, whatever
       their weight; with `on_missing="warn"` it is said, and does not count;
    3. nothing evaluated (4): no finding is a pass, a violation or waived;
    4. passed (0).

    Args:
        findings: All of them, the clean ones included.
        fail_on: From which severity on a violation fails.
        on_missing: "fail" closes the gate on missing evidence; "warn" lets it pass.
        blind_spots: How many things that matter here could not be looked at.
        only_blocking_fails: True for the CI gate, which only policies with `gate: {ci: block}`
            can close; False for the scheduled audit, which any policy can.
    """
    weighty = [one for one in findings if one.severity.reaches(fail_on)]
    failing = _of(weighty, (Verdict.FAIL,), only_blocking=only_blocking_fails)
    evaluated = any(one.verdict in _JUDGED for one in findings)
    unanswered = _of(weighty if evaluated else findings, _OPEN, only_blocking=evaluated)
    incomplete = bool(unanswered) or blind_spots > 0
    relaxed = incomplete and on_missing == "warn" and not failing and evaluated
    if failing:
        outcome = Outcome.FAILED
    elif incomplete and (relaxed or on_missing == "fail"):
        outcome = Outcome.INCOMPLETE
    else:
        outcome = Outcome.PASSED if evaluated else Outcome.NOTHING_EVALUATED
    code = 0 if relaxed else outcome.exit_code
    return Decision(outcome, code, failing, unanswered, relaxed)


def combine(decisions: Sequence[Decision]) -> Decision:
    """Decide about several targets at once: the worst of them, by exit code 1, 3, 4, 0.

    Each target is decided on its own, so that one that was evaluated never covers for one that
    was not. Findings that several targets share stand in the result once; one that is violated
    for any of them is violated. No target at all is nothing evaluated.
    """
    if not decisions:
        return decide((), fail_on=Severity.LOW)
    worst = min(decisions, key=lambda one: (_WORST_FIRST.index(one.exit_code), not one.relaxed))
    failing = {_key(one): one for each in decisions for one in each.failing}
    unanswered = {_key(one): one for each in decisions for one in each.unanswered}
    return Decision(
        worst.verdict,
        worst.exit_code,
        tuple(worst_first(list(failing.values()))),
        tuple(worst_first([one for key, one in unanswered.items() if key not in failing])),
        worst.relaxed,
    )


def merged(groups: Iterable[Sequence[Finding]]) -> tuple[Finding, ...]:
    """Return every finding of several targets once: two versions share those of their model."""
    worst: dict[str, Finding] = {}
    for one in chain(*groups):
        other = worst.get(one.fingerprint)
        if other is None or _badness(one) < _badness(other):
            worst[one.fingerprint] = one
    return tuple(worst.values())


def _badness(one: Finding) -> int:
    return _WORST_VERDICT_FIRST.index(one.verdict.value)


def _key(one: Finding) -> tuple[str, str]:
    return one.policy, one.fingerprint


def _of(
    findings: Sequence[Finding], verdicts: Sequence[Verdict], *, only_blocking: bool
) -> tuple[Finding, ...]:
    return tuple(
        worst_first(
            [
                one
                for one in findings
                if one.verdict in verdicts
                and one.known is None
                and (one.blocking or not only_blocking)
            ]
        )
    )

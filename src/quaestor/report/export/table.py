"""For people: the verdict in one sentence, then what to mend, worst first."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import timedelta

from quaestor.core.blind_spot import BlindSpot
from quaestor.core.finding import Finding
from quaestor.core.money import amount_text
from quaestor.core.run_summary import Outcome, RunSummary
from quaestor.core.text import printable
from quaestor.core.verdict import Verdict

_INDENT = "      "


def render(summary: RunSummary) -> str:
    """Return the whole result as plain text, at most one screen where little is wrong."""
    closing = {(one.fingerprint, one.policy) for one in summary.decision.failing}
    failed = summary.ordered(Verdict.FAIL)
    lines = [headline(summary), ""]
    for spot in summary.blind_spots:
        period = f", {printable(spot.period)}" if spot.period else ""
        lines += [f"BLIND {printable(spot.source)}: {printable(spot.scope)}{period}"]
        lines += _details([printable(spot.reason), _hidden(spot), _fix(spot.fix)])
    for one in summary.decision.failing:
        lines += _entry("FAIL ", one, summary.currency)
    for one in summary.ordered(Verdict.UNKNOWN, Verdict.ERROR):
        lines += _entry("OPEN ", one, summary.currency)
    for one in failed:
        if (one.fingerprint, one.policy) not in closing:
            lines += _entry("warn ", one, summary.currency)
    for one in summary.ordered(Verdict.WAIVED):
        lines += _entry("waived", one, summary.currency)
    if lines[-1]:
        lines.append("")
    if summary.left_out:
        names = ", ".join(map(printable, summary.left_out))
        lines.append(f"left out, as asked: {names}")
    return "\n".join([*lines, _count_line(summary), _evidence_line(summary)]) + "\n"


def headline(summary: RunSummary) -> str:
    """Return the verdict as one sentence."""
    about = ", ".join(printable(target) for target in summary.targets)
    if about and summary.environment:
        about = f"{about} in {printable(summary.environment)}"
    failing = len(summary.decision.failing)
    match summary.decision.verdict:
        case Outcome.PASSED:
            said = "may run" if about else "passed"
            why = f"nothing at or above {summary.fail_on} is wrong"
            if out := len(summary.left_out):
                why += f", {_counted(out, 'policy', 'policies')} left out"
        case Outcome.FAILED:
            said = "may not run" if about else "failed"
            broken = _counted(failing, "rule is broken", "rules are broken")
            why = f"{broken} at or above {summary.fail_on}"
        case Outcome.INCOMPLETE:
            said = "cannot be cleared" if about else "is incomplete"
            if summary.decision.relaxed:
                said = "may run, on incomplete evidence" if about else "passed, incomplete"
            why = _missing(summary)
        case Outcome.NOTHING_EVALUATED:
            said = "was not evaluated" if about else "evaluated nothing"
            why = "no policy gave a verdict"
    return f"{about or 'The ' + summary.kind} {said}: {why}."


def _missing(summary: RunSummary) -> str:
    parts = []
    if unanswered := len(summary.decision.unanswered):
        parts.append(_counted(unanswered, "rule has", "rules have") + " no answer")
    if blind := len(summary.blind_spots):
        parts.append(_counted(blind, "blind spot hides", "blind spots hide") + " evidence")
    return " and ".join(parts)


def _entry(mark: str, one: Finding, currency: str) -> Iterator[str]:
    subject = printable(one.subject)
    yield f"{mark} {one.severity}  {printable(one.policy)}  {subject}"
    money = None
    if one.at_stake_per_month is not None:
        money = f"at stake: {amount_text(one.at_stake_per_month, printable(currency))} a month"
    waiver = f"waiver: {printable(one.waiver)}" if one.waiver else None
    reason = printable(one.reason or one.title)
    yield from _details([reason, money, waiver, _fix(one.remedy)])


def _details(texts: Iterable[str | None]) -> Iterator[str]:
    for text in texts:
        if text:
            yield _INDENT + text


def _hidden(spot: BlindSpot) -> str | None:
    if spot.amount is None:
        return None
    return f"money: {amount_text(spot.amount, spot.currency and printable(spot.currency))}"


def _fix(text: str | None) -> str | None:
    return f"fix: {printable(' '.join(text.split()))}" if text else None


def _count_line(summary: RunSummary) -> str:
    words = {
        "pass": "passed",
        "fail": "failed",
        "unknown": "unknown",
        "error": "error",
        "waived": "waived",
        "skip": "skipped",
    }
    counts = summary.counts()
    return ", ".join(f"{counts[key]:,} {word}" for key, word in words.items())


def _evidence_line(summary: RunSummary) -> str:
    if summary.evidence_at is None:
        return "evidence: of unknown age"
    age = summary.audited_at - summary.evidence_at
    told = f"{_age(age)} ago" if age >= timedelta(0) else "ahead of this run's clock"
    return f"evidence: collected {summary.evidence_at:%Y-%m-%d %H:%M} UTC, {told}"


def _age(age: timedelta) -> str:
    minutes = int(age.total_seconds() // 60)
    if minutes < 120:
        return _counted(minutes, "minute", "minutes")
    if minutes < 48 * 60:
        return f"{minutes // 60} hours"
    return f"{minutes // (24 * 60)} days"


def _counted(count: int, one: str, many: str) -> str:
    return f"{count:,} {one if count == 1 else many}"

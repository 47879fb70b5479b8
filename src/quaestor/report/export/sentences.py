"""What every format for people says in the same words: verdict, money, waivers, evidence.

Names in them are printable and no more: each format escapes what its readers would act on.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from decimal import Decimal

from quaestor.core.blind_spot import BlindSpot
from quaestor.core.finding import Finding
from quaestor.core.money import amount_text
from quaestor.core.run_summary import BudgetOutlook, Outcome, PricedChange, RunSummary
from quaestor.core.text import brief_digests, printable
from quaestor.core.waivers import WaiverState, WaiverUse
from quaestor.core.words import plural

_WORDS = {
    "pass": "passed",
    "fail": "failed",
    "unknown": "unknown",
    "error": "error",
    "waived": "waived",
    "skip": "skipped",
}


_NAMED = 8  # of a list in a sentence; `--format json` has them all


def headline(summary: RunSummary) -> str:
    """Return the verdict as one sentence."""
    about = _first(summary.targets)
    if about and summary.environment:
        about = f"{about} in {printable(summary.environment)}"
    if about and summary.tier is not None:
        about = f"{about}, taken for risk tier {summary.tier},"
    match summary.decision.verdict:
        case Outcome.PASSED:
            said = "may run" if about else "passed"
            why = _passed(summary)
        case Outcome.FAILED:
            said = "may not run" if about else "failed"
            broken = _rules(summary.decision.failing, "rule is broken", "rules are broken")
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


def _passed(summary: RunSummary) -> str:
    """Return why it passed; a broken rule that stops nothing is not left out."""
    at = f"at or above {summary.fail_on}"
    if known := len(summary.known()):
        why = f"nothing new {at} is wrong, {known:,} known before"
    elif told := summary.told():
        broken = _rules(told, "rule is broken", "rules are broken")
        why = f"nothing that stops it is wrong; {broken} {at}"
    else:
        why = f"nothing {at} is wrong"
    if out := len(summary.left_out):
        why += f", {plural(out, 'policy', 'policies')} left out"
    return why


def closing_title(summary: RunSummary) -> str:
    """Return the heading over what fails; with a baseline it is what is new."""
    closes = "fails the audit" if summary.kind == "audit" else "closes the gate"
    return f"New, and {closes}" if summary.known() else f"What {closes}"


def count_line(summary: RunSummary) -> str:
    """Return how many findings gave each verdict."""
    counts = summary.counts()
    line = ", ".join(f"{counts[key]:,} {word}" for key, word in _WORDS.items())
    known = len(summary.known())
    return f"{line}; {known:,} of the failed known before" if known else line


def evidence_line(summary: RunSummary) -> str:
    """Return how old the evidence is."""
    if summary.evidence_at is None:
        return "evidence: of unknown age"
    age = summary.audited_at - summary.evidence_at
    told = f"{_age(age)} ago" if age >= timedelta(0) else "ahead of this run's clock"
    return f"evidence: collected {summary.evidence_at:%Y-%m-%d %H:%M} UTC, {told}"


def reason_of(one: Finding) -> str:
    """Return why a finding is what it is."""
    return printable(one.reason or one.title)


def brief_reason_of(one: Finding) -> str:
    """Return why a finding is what it is, of each digest twelve digits; JSON has them whole."""
    return brief_digests(reason_of(one))


def stake_of(one: Finding, summary: RunSummary) -> str | None:
    """Return the money behind a finding; None where it is not known."""
    if one.at_stake_per_month is None:
        return None
    return f"{amount_text(one.at_stake_per_month, printable(summary.currency))} a month"


def blind_line(spot: BlindSpot) -> str:
    """Return what could not be seen, and why."""
    period = f", {printable(spot.period)}" if spot.period else ""
    return f"{printable(spot.source)}: {printable(spot.scope)}{period}: {printable(spot.reason)}"


def change_lines(change: PricedChange) -> Iterator[str]:
    """Yield what a deploy changes of its cost, and what that does to each budget."""
    name = printable(change.deployment)
    if change.change is None:
        because = f" ({printable(change.unknown_because)})" if change.unknown_because else ""
        yield f"{name}: the change of its cost is unknown{because}"
    else:
        currency = printable(change.currency)
        now = "new" if change.is_new else f"{amount_text(change.cost_now, currency)} now"
        then = f"{amount_text(change.cost_then, currency)}; {printable(change.basis)}"
        yield f"{name}: {signed(change.change, currency)} a month ({now}, then {then})"
    for budget in change.budgets:
        yield _budget(budget, change)


def advice_line(summary: RunSummary) -> str | None:
    """Return what there is to save, and what became of advice; None where there never was any."""
    one = summary.advice
    if one is None:
        return None
    currency = printable(summary.currency)
    lasting = amount_text(one.saving_per_month - one.ending_per_month, currency)
    line = f"{one.open:,} open, {lasting} a month"
    if one.ending_per_month:
        ending = amount_text(one.ending_per_month, currency)
        line += f", and {ending} a month while jobs run that may end by themselves"
    if one.unpriced:
        line += f", {one.unpriced:,} whose saving is not known"
    if one.dismissed:
        line += f", {one.dismissed:,} dismissed"
    changes = ("new", "taken", "gone", "reopened")
    since = [f"{count:,} {word}" for word in changes if (count := getattr(one, word))]
    if since:
        line += f"; since the audit before: {', '.join(since)}"
    if one.realised_per_month is None:
        return line
    realised = amount_text(one.realised_per_month, currency)
    return f"{line}; what was taken saves {realised} a month on the bill"


def waiver_lines(summary: RunSummary) -> Iterator[str]:
    """Yield what there is to do about waivers: lapsed, ending, stale, not yet in force."""
    wanted = (WaiverState.LAPSED, WaiverState.ENDING, WaiverState.STALE, WaiverState.NOT_YET)
    for state in wanted:
        for use in summary.waivers_in(state):
            yield f"{printable(use.waiver.id)} {_waiver(use)}"


def left_out_line(summary: RunSummary) -> str:
    """Return which policies were not asked: the first of them, and how many more."""
    return _first(summary.left_out)


def signed(amount: Decimal, currency: str) -> str:
    """Show a change of money with its sign.

    >>> signed(Decimal("12.5"), "USD"), signed(Decimal("-3"), "USD"), signed(Decimal(0), "USD")
    ('+12.50 USD', '-3.00 USD', '0.00 USD')
    """
    return f"{'+' if amount > 0 else ''}{amount_text(amount, currency)}"


def _waiver(use: WaiverUse) -> str:
    waiver = use.waiver
    about = f"{printable(waiver.policy)} on {printable(waiver.subject)}"
    match use.state:
        case WaiverState.LAPSED:
            active = plural(len(use.lapsed), "violation is active", "violations are active")
            again = f": {active} again" if use.lapsed else ""
            return f"lapsed on {waiver.expires}{again} ({about})"
        case WaiverState.ENDING:
            left = "today" if use.days_left == 0 else f"in {plural(use.days_left, 'day', 'days')}"
            return f"ends {left}, on {waiver.expires} ({about})"
        case WaiverState.STALE:
            return f"is stale: {printable(use.note) or 'it matches nothing'} ({about})"
        case _:
            return f"is not yet in force, but from {waiver.approved_at} on ({about})"


def _budget(budget: BudgetOutlook, change: PricedChange) -> str:
    currency = printable(change.currency)
    limit = amount_text(budget.amount, currency)
    told = f"budget {printable(budget.budget)}, {limit} a month"
    if budget.exceeded is None:
        return f"{told}: whether the change fits is unknown"
    then = amount_text(budget.with_change, currency)
    word = "exceeded" if budget.exceeded else "kept"
    return f"{told}: {word}, {then} with the change"


def _missing(summary: RunSummary) -> str:
    parts = []
    if unanswered := summary.decision.unanswered:
        parts.append(_rules(unanswered, "rule has no answer", "rules have no answer"))
    if blind := len(summary.blind_spots):
        parts.append(plural(blind, "blind spot hides", "blind spots hide") + " evidence")
    return " and ".join(parts)


def _first(names: Sequence[str]) -> str:
    """Name the first of a list, and count the others."""
    shown = ", ".join(map(printable, names[:_NAMED]))
    more = len(names) - _NAMED
    return f"{shown} and {more:,} more" if more > 0 else shown


def _rules(findings: Sequence[Finding], one: str, many: str) -> str:
    """Count rules, and how often each way where one meets several subjects."""
    rules = len({finding.policy for finding in findings})
    times = f" ({len(findings):,} times)" if len(findings) > rules else ""
    return f"{plural(rules, one, many)}{times}"


def _age(age: timedelta) -> str:
    minutes = int(age.total_seconds() // 60)
    if minutes < 120:
        return plural(minutes, "minute", "minutes")
    if minutes < 48 * 60:
        return f"{minutes // 60} hours"
    return f"{minutes // (24 * 60)} days"

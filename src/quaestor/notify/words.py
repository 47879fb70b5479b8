"""What every kind of message says in the same words.

Names in them are printable, and broken where a reader's program would make a mention or a link of
them; markup is each kind's own part.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal

from quaestor.core.money import amount_text
from quaestor.core.text import brief_digests, printable
from quaestor.core.words import month, plural
from quaestor.notify.message import Blind, Message, Month, NewFinding

# What chats and mail programs make mentions, links and commands of, wherever it stands.
_ACTING = re.compile(r"(?<=@)|(?<=:)(?=//)|(?<=www)(?=\.)|(?<=<)(?=[!@#])", re.I)
_SAID = {
    "passed": "passed",
    "failed": "failed",
    "incomplete": "is incomplete",
    "nothing-evaluated": "evaluated nothing",
}


@dataclass(frozen=True)
class Figure:
    """One key figure: what it is, its value, and what to read it by."""

    label: str
    value: str
    note: str = ""


@dataclass(frozen=True)
class Told:
    """One violation, in the pieces that a message sets apart. Its texts are hostile."""

    severity: str
    title: str
    subject: str
    reason: str
    remedy: str
    stake: str


def title(message: Message) -> str:
    """Return the verdict in a few words, none of them from outside."""
    return f"Quaestor: the audit {_SAID[message.run.verdict]}"


def subject(message: Message) -> str:
    """Return one line for those who read no further: the verdict, what is new, the month's cost."""
    parts = [f"audit {_SAID[message.run.verdict]}"]
    if message.new:
        parts.append(f"{plural(message.new, 'new violation')}")
    if message.month is not None:
        parts.append(f"{_money(message.month.cost, message.month)} in {month(message.month.month)}")
    return ", ".join(parts)


def sentence(message: Message) -> str:
    """Return what the verdict rests on, and what changed, in a sentence or two."""
    run = message.run
    said = [_rests_on(message)]
    if run.previous_audited_at is None:
        said.append("This is the first audit.")
    else:
        before = _before(run.previous_audited_at, run.audited_at)
        since = f"the audit of {before}"
        if run.previous_verdict != run.verdict:
            said.append(f"The one before, of {before}, {_SAID[run.previous_verdict or 'passed']}.")
            since = "then"
        changed = [f"{message.new:,} new" if message.new else "", _gone(message.gone)]
        said.append(f"Since {since}: {', '.join(filter(None, changed)) or 'no other violations'}.")
    return " ".join(said)


def figures(message: Message) -> list[Figure]:
    """Return the key figures, the money first; what is not known says so."""
    found = _of_month(message.month) if message.month is not None else []
    found.append(_saving(message))
    if message.budgets.budgets:
        found.append(_budgets(message))
    found.append(_violations(message))
    blind = message.blind_spots
    note = "what they hide is in no figure" if blind else "everything configured could be read"
    found.append(Figure("Blind spots", f"{blind:,}" if blind else "none", note))
    return found


def heading(message: Message) -> str | None:
    """Return what stands over the violations that are named; None where there is none."""
    named = len(message.worst_new)
    if not named:
        return None
    kind = "violations" if message.run.is_first else "new violations"
    return (
        f"The worst {named:,} of {message.new:,} {kind}"
        if message.new > named
        else plural(message.new, kind.removesuffix("s"))
    )


def told(finding: NewFinding, message: Message) -> Told:
    """Return a violation in pieces."""
    currency = message.month.currency if message.month is not None else ""
    stake = finding.at_stake_per_month
    return Told(
        severity=finding.severity,
        title=inert(finding.title),
        subject=inert(finding.subject),
        reason=inert(brief_digests(finding.reason or finding.title)),
        remedy=inert(finding.remedy or ""),
        stake="at stake: unknown"
        if stake is None
        else f"at stake: {amount_text(stake, currency)} a month",
    )


def blind(spot: Blind) -> str:
    """Return a blind spot in a sentence."""
    place = ", ".join(inert(part) for part in (spot.source, spot.scope, spot.period) if part)
    hidden = ""
    if spot.amount is not None:
        hidden = f" ({amount_text(spot.amount, inert(spot.currency or 'of no named currency'))})"
    return f"{place}: {inert(spot.reason)}{hidden}"


def inert(text: str) -> str:
    r"""Show a text from outside on one line, so that nothing in it becomes a mention or a link.

    >>> inert("a\n b"), inert("@here") == "@here", inert("https://x").replace(chr(0x200B), "~")
    ('a b', False, 'https:~//x')
    """
    return _ACTING.sub("\u200b", printable(" ".join(text.split())))


def footer(message: Message) -> str:
    """Return when it was audited, and by what."""
    run = message.run
    return f"Audited {run.audited_at:%Y-%m-%d %H:%M} UTC by Quaestor {run.quaestor_version}"


def percent(ratio: float | None, *, signed: bool = False) -> str:
    """Show a ratio as percent.

    >>> percent(0.1234), percent(-0.2, signed=True), percent(0.2, signed=True), percent(None)
    ('12.3 %', '-20.0 %', '+20.0 %', 'unknown')
    """
    if ratio is None:
        return "unknown"
    value = (Decimal(str(ratio)) * 100).quantize(Decimal("0.1"), rounding=ROUND_HALF_UP)
    return f"{'+' if signed and value > 0 else ''}{value:,} %"


def _rests_on(message: Message) -> str:
    run = message.run
    at = "of critical severity" if run.fail_on == "critical" else f"at or above {run.fail_on}"
    if run.verdict == "failed":
        return f"{plural(run.failing, 'violation')} {at}."
    if run.verdict == "incomplete":
        hidden = (
            f"{plural(run.unanswered, 'question')} without an answer, "
            f"{plural(message.blind_spots, 'blind spot')}"
        )
        return f"Nothing is wrong {at}, as far as could be seen: {hidden}."
    if run.verdict == "nothing-evaluated":
        return "No policy gave a verdict."
    return f"No violation {at}."


def _before(then: datetime, now: datetime) -> str:
    """Return the day of the audit before, with the hour if this one is of the same day."""
    return f"{then:%Y-%m-%d %H:%M} UTC" if then.date() == now.date() else f"{then:%Y-%m-%d}"


def _gone(count: int) -> str:
    return f"{count:,} no longer there" if count else ""


def _of_month(one: Month) -> list[Figure]:
    label = f"Cost of {month(one.month)}"
    if not one.is_complete:
        label += f", {plural(one.days, 'day')}"
    span = "the month" if one.is_complete else "the same days of the month"
    if one.change_ratio is None:
        note = f"change against {span} before: unknown"
    else:
        note = f"{percent(one.change_ratio, signed=True)} against {span} before"
    nobody = f"{_money(one.unattributed, one)} reaches neither model nor team"
    return [
        Figure(label, _money(one.cost, one), note),
        Figure("Reaches a model", percent(one.model_ratio), nobody),
    ]


def _saving(message: Message) -> Figure:
    advice = message.advice
    if not advice.open:
        return Figure("Advised saving", "none", "no advice is open")
    currency = message.month.currency if message.month is not None else None
    notes = [f"{advice.open:,} open {'piece' if advice.open == 1 else 'pieces'} of advice"]
    if advice.ending_per_month:
        ending = amount_text(advice.ending_per_month, currency)
        notes.append(f"{ending} more while jobs run that may end by themselves")
    if advice.unpriced:
        notes.append(f"{advice.unpriced:,} without a known price")
    value = amount_text(advice.saving_per_month, currency)
    return Figure("Advised saving a month", value, "; ".join(notes))


def _budgets(message: Message) -> Figure:
    one = message.budgets
    notes = [f"{one.expected_over:,} more expected to be" if one.expected_over else ""]
    notes.append(f"{one.unknown:,} not known" if one.unknown else "")
    value = f"{one.exceeded:,} of {one.budgets:,}" if one.exceeded else f"none of {one.budgets:,}"
    return Figure("Budgets above their amount", value, ", ".join(filter(None, notes)))


def _violations(message: Message) -> Figure:
    run = message.run
    at = run.fail_on if run.fail_on == "critical" else f"{run.fail_on} and above"
    note = f"{run.failing:,} {at}"
    if not run.is_first:
        note += f"; {message.new:,} new, {message.gone:,} gone"
    return Figure("Violations", f"{run.violations:,}", note)


def _money(amount: Decimal | None, one: Month) -> str:
    return amount_text(amount, one.currency)

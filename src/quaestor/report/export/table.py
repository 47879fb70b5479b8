"""For people: the verdict in one sentence, then what to mend, worst first."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from quaestor.core.blind_spot import BlindSpot
from quaestor.core.finding import Finding
from quaestor.core.money import amount_text
from quaestor.core.rule import Basis, Rule
from quaestor.core.run_summary import RunSummary
from quaestor.core.text import json_value, printable
from quaestor.report.export.sentences import (
    advice_line,
    brief_reason_of,
    change_lines,
    count_line,
    evidence_line,
    headline,
    left_out_line,
    stake_of,
    waiver_lines,
)
from quaestor.report.export.standing import Standing, by_standing, commands_of, rules_by_id

_INDENT = "      "
_MARKS = {
    Standing.FAILING: "FAIL ",
    Standing.OPEN: "OPEN ",
    Standing.UNANSWERED: "open ",
    Standing.WARNING: "warn ",
    Standing.KNOWN: "known",
    Standing.WAIVED: "waived",
}
_EXPLAINED = (Standing.FAILING, Standing.OPEN, Standing.UNANSWERED, Standing.WARNING)
# What a CI runner reads as a command: at the start of a line (GitHub), or anywhere in it.
_COMMAND = re.compile(r"^(\s*)(?=::)|(?<=#)(?=#(?:\[|vso\[|teamcity\[))")


def render(summary: RunSummary) -> str:
    """Return the whole result as plain text, at most one screen where little is wrong."""
    rules = rules_by_id(summary)
    lines = [headline(summary), ""]
    for spot in summary.blind_spots:
        lines += _blind_spot(spot)
    found = by_standing(summary)
    for standing, mark in _MARKS.items():
        for one in found[standing]:
            rule = rules.get(one.policy)
            lines += _entry(mark, one, summary)
            if summary.bases is not None and standing in _EXPLAINED:
                basis = summary.bases.get(one.fingerprint, Basis())
                lines += _explained(one, rule, basis, summary)
    if lines[-1]:
        lines.append("")
    for change in summary.priced:
        lines += (f"cost: {line}" for line in change_lines(change))
    lines += (f"waiver: {line}" for line in waiver_lines(summary))
    if advice := advice_line(summary):
        lines.append(f"advice: {advice}")
    if summary.left_out:
        lines.append(f"left out, as asked: {left_out_line(summary)}")
    lines += [count_line(summary), evidence_line(summary)]
    return "\n".join(map(inert, lines)) + "\n"


def inert(line: str) -> str:
    r"""Keep a name in a line from being a command to the runner of a CI job.

    >>> inert("  ::error::gone"), inert("a ##[error]gone"), inert("a::b")
    ('  \\::error::gone', 'a #\\#[error]gone', 'a::b')
    """
    return _COMMAND.sub(lambda match: f"{match[1] or ''}\\", line)


def _blind_spot(spot: BlindSpot) -> Iterator[str]:
    period = f", {printable(spot.period)}" if spot.period else ""
    yield f"BLIND {printable(spot.source)}: {printable(spot.scope)}{period}"
    yield from _details([printable(spot.reason), _hidden(spot), _fix(spot.fix)])


def _entry(mark: str, one: Finding, summary: RunSummary) -> Iterator[str]:
    subject = printable(one.subject)
    yield f"{mark} {one.severity}  {printable(one.policy)}  {subject}"
    stake = stake_of(one, summary)
    texts = [
        brief_reason_of(one),
        f"at stake: {stake}" if stake else None,
        f"waiver: {printable(one.waiver)}" if one.waiver else None,
        f"known: {printable(one.known)}" if one.known else None,
        _fix(one.remedy),
    ]
    yield from _details(texts)


def _explained(one: Finding, rule: Rule | None, basis: Basis, summary: RunSummary) -> Iterator[str]:
    """Yield what a verdict rests on: the rule as it was asked, the values, the rows, the way out.

    What is not known is not written; unknown values are.
    """
    if rule is not None:
        yield from _rule(one, rule, summary)
    for name, value in one.evidence.items():
        yield f"{_INDENT}evidence: {printable(name)} = {_value(value)}"
    if basis.collected_at is not None:
        read = f"{basis.collected_at:%Y-%m-%d %H:%M} UTC"
        yield f"{_INDENT}source: {printable(one.source)}, read {read}"
    if place := summary.places.get(("registry.model", one.model or "")):
        yield f"{_INDENT}stated in: {printable(place)}"
    for row in basis.registered:
        facts = (f"{name} {value}" for name, value in row.items() if value is not None)
        yield f"{_INDENT}registered: {printable(', '.join(facts))}"
    if basis.about is not None:
        money = amount_text(basis.figure, printable(summary.currency))
        yield f"{_INDENT}money: {printable(basis.about)}, {money}"
    for row in basis.files:
        digest = printable(row["sha256"])[:12]
        counted = "" if row["charges"] is None else f"{row['charges']:,} charges, "
        yield f"{_INDENT}landed: {printable(row['file'])} ({counted}sha256 {digest}…)"
    for registry, command in commands_of(one, rule, summary):
        yield from _block(f"do ({printable(registry)}):", command)


def _rule(one: Finding, rule: Rule, summary: RunSummary) -> Iterator[str]:
    """Yield the rule's SQL with its parameters in it; those that differ by an unknown tier after.

    A model of no tier counts as tier 1, as policies have it.
    """
    tier = summary.tier or (one.evidence["risk_tier"] or 1 if "risk_tier" in one.evidence else None)
    for key, text in rule.bound(summary.audited_at, tier):
        yield from _block(f"{key}:", text)
    for name, value in rule.params.items():
        if tier is None and isinstance(value, Mapping):
            each = ", ".join(f"{printable(it)} in tier {number}" for number, it in value.items())
            yield f"{_INDENT}${name}: {each}"


def _value(value: Any) -> str:
    """Return a value of evidence: texts as they are, None as unknown, the rest as JSON."""
    shown = json_value(value)
    if shown is None:
        return "unknown"
    return printable(shown if isinstance(shown, str) else json.dumps(shown, ensure_ascii=False))


def _block(label: str, text: str) -> Iterator[str]:
    lines = [printable(line) for line in text.strip().splitlines()]
    if len(lines) == 1:
        yield f"{_INDENT}{label} {lines[0]}"
        return
    yield f"{_INDENT}{label}"
    yield from (f"{_INDENT}  {line}".rstrip() for line in lines)


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

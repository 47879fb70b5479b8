"""For CI servers: JUnit's XML, one suite per kind of subject, a case per policy and subject.

A violation that closes the gate is a failure; one that is only said passes, with its reason as
output. What nobody can answer is an error; what is waived, known before or not asked is skipped.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from xml.sax.saxutils import escape, quoteattr

from quaestor.core.blind_spot import BlindSpot
from quaestor.core.finding import Finding
from quaestor.core.rule import Rule
from quaestor.core.run_summary import RunSummary
from quaestor.core.text import printable
from quaestor.core.words import cut
from quaestor.report.export.sentences import (
    blind_line,
    change_lines,
    evidence_line,
    headline,
    reason_of,
    stake_of,
    waiver_lines,
)
from quaestor.report.export.standing import Standing, rules_by_id, standings

_Case = tuple[Finding, Standing]
_LONGEST = 500  # characters of a message; the whole text stands below it
_ERRORS = (Standing.OPEN, Standing.UNANSWERED)
_SKIPPED = (Standing.SKIPPED, Standing.WAIVED, Standing.KNOWN)


def render(summary: RunSummary) -> str:
    """Return one XML document; any name gives well-formed XML."""
    rules = rules_by_id(summary)
    suites: dict[str, list[_Case]] = {}
    for one, standing in standings(summary):
        suites.setdefault(kind_of(one, rules.get(one.policy)), []).append((one, standing))
    judged = [case for kind in sorted(suites) for case in suites[kind]]
    blind = len(summary.blind_spots)
    head = _counts(judged, extra_errors=blind)
    name = quoteattr(f"quaestor {summary.kind}")
    lines = ['<?xml version="1.0" encoding="UTF-8"?>', f"<testsuites name={name} {head}>"]
    for kind in sorted(suites):
        lines += _suite(kind, suites[kind], summary)
    if summary.blind_spots:
        lines += _blind_spots(summary.blind_spots, summary)
    return "\n".join([*lines, "</testsuites>"]) + "\n"


def kind_of(one: Finding, rule: Rule | None) -> str:
    """Return what kind of thing a finding is about: "model", "deployment", "budget".

    A policy that is all SQL names no table; its subjects are told by their names.
    """
    if rule is not None and rule.subject is not None:
        return rule.subject.rpartition(".")[2]
    if one.model is not None and one.subject == one.model:
        return "model"
    if one.model is not None and one.subject.startswith(f"{one.model}:"):
        return "model_version"
    return "other"


def _counts(cases: Sequence[_Case], *, extra_errors: int = 0) -> str:
    failures = sum(standing is Standing.FAILING for _, standing in cases)
    errors = sum(standing in _ERRORS for _, standing in cases) + extra_errors
    skipped = sum(standing in _SKIPPED for _, standing in cases)
    tests = len(cases) + extra_errors
    return f'tests="{tests}" failures="{failures}" errors="{errors}" skipped="{skipped}"'


def _suite(kind: str, cases: Sequence[_Case], summary: RunSummary) -> Iterator[str]:
    yield f"  <testsuite name={quoteattr(kind)} {_counts(cases)} {_time(summary)}>"
    yield from _properties(summary)
    for one, standing in cases:
        yield from _case(one, standing, summary)
    yield "  </testsuite>"


def _blind_spots(spots: Sequence[BlindSpot], summary: RunSummary) -> Iterator[str]:
    counts = f'tests="{len(spots)}" failures="0" errors="{len(spots)}" skipped="0"'
    yield f'  <testsuite name="blind_spot" {counts} {_time(summary)}>'
    for spot in spots:
        yield f"    <testcase classname={_attribute(spot.source)} name={_attribute(spot.scope)}>"
        yield _element("error", "blind-spot", printable(spot.reason), blind_line(spot))
        yield "    </testcase>"
    yield "  </testsuite>"


def _time(summary: RunSummary) -> str:
    return f'timestamp="{summary.audited_at.isoformat(timespec="seconds")}"'


def _properties(summary: RunSummary) -> Iterator[str]:
    facts = [("verdict", headline(summary)), ("evidence", evidence_line(summary))]
    facts += [("cost", line) for change in summary.priced for line in change_lines(change)]
    facts += [("waiver", line) for line in waiver_lines(summary)]
    yield "    <properties>"
    for name, value in facts:
        yield f'      <property name="{name}" value={_attribute(value)}/>'
    yield "    </properties>"


def _case(one: Finding, standing: Standing, summary: RunSummary) -> Iterator[str]:
    name = f"{one.subject} in {one.source}" if one.source else one.subject
    head = f"    <testcase classname={_attribute(one.policy)} name={_attribute(name)}"
    if standing is Standing.PASSED:
        yield f"{head}/>"
        return
    yield f"{head}>"
    if standing is Standing.FAILING:
        yield _element("failure", one.severity.value, reason_of(one), _whole(one, summary))
    elif standing in _ERRORS:
        yield _element("error", one.verdict.value, reason_of(one), _whole(one, summary))
    elif standing in _SKIPPED:
        yield f"      <skipped message={_attribute(_excuse(one))}/>"
    else:
        yield f"      <system-out>{escape(_whole(one, summary))}</system-out>"
    yield "    </testcase>"


def _element(name: str, kind: str, message: str, text: str) -> str:
    return f'      <{name} type="{kind}" message={_attribute(message)}>{escape(text)}</{name}>'


def _excuse(one: Finding) -> str:
    if one.waiver:
        return f"waived by {one.waiver}: {one.reason or one.title}"
    if one.known:
        return f"known before, {one.known}: {one.reason or one.title}"
    return one.reason or one.verdict.value


def _whole(one: Finding, summary: RunSummary) -> str:
    stake = stake_of(one, summary)
    parts = [
        reason_of(one),
        f"at stake: {stake}" if stake else None,
        f"fix: {printable(' '.join(one.remedy.split()))}" if one.remedy else None,
        f"finding: {one.fingerprint}",
    ]
    return "\n".join(part for part in parts if part)


def _attribute(text: str) -> str:
    return quoteattr(cut(printable(text), _LONGEST))

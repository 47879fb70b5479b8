"""For a pull request's comment: verdict, new findings, change of cost, waivers about to end.

The first line is a hidden marker, so that the next run finds its comment again and edits it. It
names the kind of run and the environment, never a target: `churn:7` becomes `churn:8`, and the
comment stays the same. The whole is short enough for GitHub, whatever names are in it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from quaestor.core.finding import Finding
from quaestor.core.run_summary import RunSummary
from quaestor.report.export.markup import code, escaped
from quaestor.report.export.sentences import (
    advice_line,
    blind_line,
    brief_reason_of,
    change_lines,
    closing_title,
    count_line,
    evidence_line,
    headline,
    left_out_line,
    stake_of,
    waiver_lines,
)
from quaestor.report.export.standing import Standing, by_standing

LONGEST = 60_000  # bytes; GitHub takes 65,536 characters
_ROWS = dict.fromkeys(Standing, 5) | {Standing.FAILING: 15}
_LINES = 5
_TITLES = {
    Standing.OPEN: "Without an answer",
    Standing.WARNING: "Said, and no more",
    Standing.KNOWN: "Known before",
    Standing.WAIVED: "Waived",
}
_OPENED = (Standing.FAILING, Standing.OPEN)


def render(summary: RunSummary) -> str:
    """Return the comment; its size is bounded."""
    return "\n".join([marker(summary), *document(summary, _ROWS, _LINES)]) + "\n"


def marker(summary: RunSummary) -> str:
    """Return the hidden line by which a comment is found again.

    The environment is one of ours or nothing, so that no name stands in it.
    """
    return f"<!-- quaestor:{summary.kind}:{summary.environment or 'all'} -->"


def document(summary: RunSummary, rows: Mapping[Standing, int], lines: int) -> Iterator[str]:
    """Yield the lines of a comment or job summary.

    Args:
        summary: The gate or audit.
        rows: How many findings of each standing are listed.
        lines: How many lines there are about cost, waivers and blind spots each.
    """
    yield f"## Quaestor {summary.kind}: {summary.decision.verdict}"
    yield from ("", escaped(headline(summary), 500))
    found = by_standing(summary)
    for standing, title in {Standing.FAILING: closing_title(summary), **_TITLES}.items():
        if found[standing]:
            yield from _section(title, found[standing], standing, rows[standing], summary)
    costs = [line for change in summary.priced for line in change_lines(change)]
    yield from _list("Change of cost", costs, lines)
    yield from _list("Waivers", waiver_lines(summary), lines)
    if advice := advice_line(summary):
        yield from _list("Advice", [advice], lines)
    yield from _list("Blind spots", map(blind_line, summary.blind_spots), lines)
    if summary.left_out:
        yield from ("", f"Left out, as asked: {escaped(left_out_line(summary), 500)}.")
    unanswered = len(found[Standing.UNANSWERED])
    more = f" {unanswered:,} questions without an answer do not count here." if unanswered else ""
    yield from ("", f"{escaped(count_line(summary), 500)}.{more}")
    yield f"{escaped(evidence_line(summary), 200)}. Quaestor {escaped(summary.version, 40)}."


def _section(
    title: str, findings: Sequence[Finding], standing: Standing, rows: int, summary: RunSummary
) -> Iterator[str]:
    heading = f"{title} ({len(findings):,})"
    if standing in _OPENED:
        yield from ("", f"### {heading}", "")
    else:
        yield from ("", f"<details><summary>{heading}</summary>", "")
    yield "| Severity | Rule | Subject | Why | At stake a month | What to do |"
    yield "|---|---|---|---|--:|---|"
    yield from (_row(one, summary) for one in findings[:rows])
    if len(findings) > rows:
        yield from ("", f"{len(findings) - rows:,} more; the other formats list them all.")
    if standing not in _OPENED:
        yield from ("", "</details>")


def _row(one: Finding, summary: RunSummary) -> str:
    why = brief_reason_of(one)
    if one.waiver:
        why = f"{why}; waiver {one.waiver}"
    if one.known:
        why = f"{why}; {one.known}"
    stake = stake_of(one, summary) or "unknown"
    todo = " ".join((one.remedy or "").split())
    cells = (
        one.severity.value,
        code(one.policy, 120),
        code(one.subject, 200),
        escaped(why, 600),
        escaped(stake.removesuffix(" a month"), 60),
        escaped(todo, 300),
    )
    return f"| {' | '.join(cells)} |"


def _list(title: str, lines: Iterable[str], most: int) -> Iterator[str]:
    told = list(lines)
    if not told:
        return
    yield from ("", f"### {title}", "")
    yield from (f"- {escaped(line, 400)}" for line in told[:most])
    if len(told) > most:
        yield f"- {len(told) - most:,} more"

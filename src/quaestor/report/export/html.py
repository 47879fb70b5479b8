"""For browsers and mail: one self-contained page, in the frame and style of the reports.

No script, no network; its Content-Security-Policy allows its own style sheet and nothing else.
It is read where CI keeps files, whose viewers shut scripts out, and lists hundreds of rows at most.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from quaestor.core.finding import Finding
from quaestor.core.run_summary import RunSummary
from quaestor.core.shipped import shipped
from quaestor.report.export.sentences import (
    advice_line,
    change_lines,
    closing_title,
    count_line,
    evidence_line,
    headline,
    waiver_lines,
)
from quaestor.report.export.standing import Standing, by_standing, commands_of, rules_by_id
from quaestor.report.html import environment_of, styling

_GROUPS = {
    Standing.OPEN: "Without an answer",
    Standing.WARNING: "Violated, and only said",
    Standing.KNOWN: "Known before",
    Standing.WAIVED: "Waived",
    Standing.UNANSWERED: "Without an answer that would count",
    Standing.PASSED: "Kept",
}


_MOST = 100  # findings of each group; the other formats list them all


def render(summary: RunSummary) -> str:
    """Return the page; of each group the hundred worst findings are listed, rule by rule."""
    facts = {"currency": summary.currency, "now": summary.audited_at, "version": summary.version}
    place = shipped("reports")
    found = by_standing(summary)
    groups = {Standing.FAILING: closing_title(summary), **_GROUPS}
    template = environment_of([Path(__file__).parent, place], facts).get_template("gate.html.j2")
    return template.render(
        **facts,
        **styling(place, is_scripted=False),
        summary=summary,
        headline=headline(summary),
        counts=count_line(summary),
        evidence=evidence_line(summary),
        advice=advice_line(summary),
        figures=[(len(found[standing]), groups[standing]) for standing in list(groups)[:5]],
        groups=[
            (standing.value, title, len(found[standing]), _by_rule(found[standing], summary))
            for standing, title in groups.items()
            if found[standing]
        ],
        changes=[(change, list(change_lines(change))) for change in summary.priced],
        waivers=list(waiver_lines(summary)),
    )


def _by_rule(
    findings: Sequence[Finding], summary: RunSummary
) -> list[tuple[list[Finding], list[tuple[str, str]]]]:
    """Return the worst findings, those of one rule together, with the commands that mend them."""
    rules = rules_by_id(summary)
    groups: dict[str, list[Finding]] = {}
    for one in findings[:_MOST]:
        groups.setdefault(one.policy, []).append(one)
    return [
        (group, commands_of(group[0], rules.get(policy), summary))
        for policy, group in groups.items()
    ]

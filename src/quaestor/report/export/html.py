"""For browsers and mail: one self-contained page, in the frame and style of the reports.

No script, no network; its Content-Security-Policy allows its own style sheet and nothing else.
"""

from __future__ import annotations

from pathlib import Path

from quaestor.core.run_summary import RunSummary
from quaestor.core.shipped import shipped
from quaestor.report.export.sentences import (
    change_lines,
    count_line,
    evidence_line,
    headline,
    waiver_lines,
)
from quaestor.report.export.standing import Standing, by_standing, commands_of, rules_by_id
from quaestor.report.html import environment_of, styling

_GROUPS = {
    Standing.FAILING: "What closes the gate",
    Standing.OPEN: "Without an answer",
    Standing.WARNING: "Violated, and only said",
    Standing.KNOWN: "Known before",
    Standing.WAIVED: "Waived",
    Standing.UNANSWERED: "Without an answer that would count",
    Standing.PASSED: "Kept",
}


def render(summary: RunSummary) -> str:
    """Return the page; of each group the hundred worst findings are listed."""
    facts = {"currency": summary.currency, "now": summary.audited_at, "version": summary.version}
    place = shipped("reports")
    found = by_standing(summary)
    rules = rules_by_id(summary)
    shown = {Standing.FAILING, Standing.OPEN}
    told = [one for standing in shown for one in found[standing]]
    template = environment_of([Path(__file__).parent, place], facts).get_template("gate.html.j2")
    return template.render(
        **facts,
        **styling(place),
        summary=summary,
        headline=headline(summary),
        counts=count_line(summary),
        evidence=evidence_line(summary),
        figures=[(len(found[standing]), _GROUPS[standing]) for standing in list(_GROUPS)[:5]],
        groups=[
            (standing.value, title, found[standing])
            for standing, title in _GROUPS.items()
            if found[standing]
        ],
        changes=[(change, list(change_lines(change))) for change in summary.priced],
        waivers=list(waiver_lines(summary)),
        commands={
            one.fingerprint: commands_of(one, rules.get(one.policy), summary) for one in told
        },
    )

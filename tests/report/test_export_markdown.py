"""The comment on a pull request, and the job summary: read as GitHub's renderer reads them."""

from __future__ import annotations

import re
from decimal import Decimal
from html.parser import HTMLParser

import pytest
from markdown_it import MarkdownIt
from msgspec import structs

from builders.gates import a_budget, a_change, a_waiver_use
from quaestor.core.run_summary import AdviceCount, Outcome
from quaestor.core.verdict import Verdict
from quaestor.report.export import formatted

OURS = {"h2", "h3", "p", "ul", "li", "table", "thead", "tbody", "tr", "th", "td", "code"}
OURS |= {"details", "summary"}
# What GitHub and GitLab act on in rendered text outside of code.
MENTION = re.compile(r"@\w|#\d|\bGH-\d|!\d|~\w|https?://\w|\bwww\.\w|^/\w", re.MULTILINE)


class Page(HTMLParser):
    """What a renderer makes of it: the elements, and the text outside of code."""

    def __init__(self, markdown: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.comments: list[str] = []
        self.cells: list[str] = []
        self._inside: list[str] = []
        self.prose = ""
        self.feed(MarkdownIt("commonmark", {"html": True}).enable("table").render(markdown))

    def handle_starttag(self, tag, attrs):  # noqa: ARG002 - HTMLParser's signature
        self.tags.add(tag)
        self._inside.append(tag)
        if tag == "td":
            self.cells.append("")

    def handle_endtag(self, tag):
        while self._inside and self._inside.pop() != tag:
            pass

    def handle_comment(self, data):
        self.comments.append(data.strip())

    def handle_data(self, data):
        if "td" in self._inside:
            self.cells[-1] += data
        if "code" not in self._inside:
            self.prose += data


@pytest.mark.parametrize("name", ["markdown", "github-summary"])
def test_hostile_names_are_text(a_full_gate, hostile, name):
    """No element of theirs, no mention, no reference, no address, no quick action, no row."""
    page = Page(formatted(name, a_full_gate(hostile)))

    assert page.tags <= OURS
    assert MENTION.search(page.prose) is None
    assert len(page.cells) % 6 == 0
    assert page.comments == (["quaestor:gate:all"] if name == "markdown" else [])


def test_a_name_reads_as_itself(a_finding, a_gate):
    """What is escaped is escaped for the renderer, not for the reader."""
    page = Page(formatted("markdown", a_gate([a_finding(subject="a|b*c`<d>@e")])))

    assert page.cells[2] == "a|b*c`<d>@e"


def test_the_comment_says_verdict_findings_cost_and_waivers(a_full_gate):
    """Marker first, then the sentence, then what to mend, in one screen."""
    lines = formatted("markdown", a_full_gate(environment="production")).splitlines()

    assert lines[0] == "<!-- quaestor:gate:production -->"
    assert lines[1:4] == [
        "## Quaestor gate: failed",
        "",
        "churn in production may not run: 1 rule is broken at or above high.",
    ]
    headings = [line for line in lines if line.startswith(("### ", "<details>"))]
    assert headings == [
        "### New, and closes the gate (1)",
        "### Without an answer (2)",
        "<details><summary>Said, and no more (1)</summary>",
        "<details><summary>Known before (1)</summary>",
        "<details><summary>Waived (1)</summary>",
        "### Change of cost",
        "### Waivers",
        "### Blind spots",
    ]


def test_cost_and_waivers_are_whole_sentences(a_gate):
    """As a reviewer reads them."""
    gate = a_gate(
        [],
        Outcome.PASSED,
        priced=(a_change(budgets=(a_budget(),)), a_change(change=None, unknown_because="no price")),
        waivers=(a_waiver_use(),),
    )
    prose = Page(formatted("markdown", gate)).prose.replace("\u200b", "")

    assert (
        "prod/Deployment/churn: +400.00 USD a month (800.00 USD now, then 1,200.00 USD; "
        "2 x g5.xlarge)"
    ) in prose
    assert "budget search, 3,000.00 USD a month: exceeded, 3,200.00 USD with the change" in prose
    assert "prod/Deployment/churn: the change of its cost is unknown (no price)" in prose
    assert "W-7 ends in 3 days, on 2026-11-24 (model-without-owner on churn)" in prose


def test_the_marker_stays_while_targets_and_versions_change(a_gate):
    """Else every push would leave one more comment."""
    first, second = (
        formatted("markdown", a_gate([], targets=(target,), environment="staging")).splitlines()[0]
        for target in ("churn:7", "churn:8")
    )

    assert first == second == "<!-- quaestor:gate:staging -->"


def test_the_worst_are_listed_and_the_rest_is_counted(a_finding, a_gate):
    """Fifteen in a comment, three hundred in a job summary."""
    gate = a_gate([a_finding(f"rule-{n:03}") for n in range(400)])
    comment, page = formatted("markdown", gate), formatted("github-summary", gate)

    assert "385 more; the other formats list them all." in comment
    assert "100 more; the other formats list them all." in page
    assert (len(Page(comment).cells), len(Page(page).cells)) == (15 * 6, 300 * 6)


def test_what_is_let_off_is_said_with_its_reason(a_finding, a_gate):
    """Waiver and baseline stand beside the reason."""
    gate = a_gate(
        [
            a_finding("let-off", verdict=Verdict.WAIVED, waiver="W-7"),
            a_finding("old", known="in the baseline since 2026-11-01"),
        ],
        Outcome.PASSED,
    )
    cells = Page(formatted("markdown", gate)).cells

    assert [cell for cell in cells if "churn has no owner;" in cell] == [
        "churn has no owner; in the baseline since 2026-11-01",
        "churn has no owner; waiver W-7",
    ]


@pytest.mark.parametrize(
    ("kind", "known", "heading"),
    [
        ("gate", None, "### What closes the gate (1)"),
        ("gate", "in the baseline", "### New, and closes the gate (1)"),
        ("audit", None, "### What fails the audit (1)"),
    ],
)
def test_the_heading_says_what_fails_and_whether_it_is_new(a_finding, a_gate, kind, known, heading):
    """With a baseline or a difference, what fails is what was not there before."""
    findings = [a_finding(), *([a_finding("old", known=known)] if known else [])]

    assert heading in formatted("markdown", a_gate(findings, kind=kind)).splitlines()


def test_an_audit_says_what_there_is_to_save(a_gate):
    """In the words of the table; nothing where nobody was ever advised of anything."""
    advised = structs.replace(
        a_gate([]), advice=AdviceCount(open=12, saving_per_month=Decimal(3210))
    )

    said = formatted("markdown", advised)
    assert "12 open, 3,210.00 USD a month" in said
    assert "dvice" not in formatted("markdown", a_gate([]))

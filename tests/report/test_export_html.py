"""The gate's page: whole in itself, and dead."""

from __future__ import annotations

import base64
import hashlib
import re
from decimal import Decimal
from html.parser import HTMLParser

import pytest
from msgspec import structs

from builders.gates import a_budget, a_change, a_rule, a_waiver_use
from quaestor.core.run_summary import AdviceCount, Outcome
from quaestor.core.verdict import Verdict
from quaestor.report.export import formatted

ACTIVE = {"script", "iframe", "object", "embed", "form", "input", "img", "base", "audio", "video"}


class Page(HTMLParser):
    """A page as a browser takes it apart."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.text += data

    def said(self) -> str:
        return " ".join(self.text.split())


@pytest.fixture
def page():
    """Render as HTML and take it apart."""
    return lambda gate: Page(formatted("html", gate))


def test_the_page_loads_and_runs_nothing(a_full_gate, hostile, page):
    """No script, no handler, no address outside; the style sheet is allowed by its hash."""
    gate = a_full_gate(hostile)
    text = formatted("html", gate)
    shown = page(gate)
    policies = [named["content"] for _, named in shown.elements if "http-equiv" in named]
    style = text.partition("<style>")[2].partition("</style>")[0]
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    links = [named.get("href") or named.get("src") or "" for _, named in shown.elements]

    assert {tag for tag, _ in shown.elements} & ACTIVE == set()
    assert [key for _, named in shown.elements for key in named if key.startswith("on")] == []
    assert [link for link in links if link and not link.startswith(("#", "data:image/svg"))] == []
    assert policies == [
        (
            f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:; base-uri 'none'; "
            "form-action 'none'"
        )
    ]
    assert re.findall(r"@import|url\(", style) == []


def test_the_page_says_verdict_findings_cost_and_waivers(a_finding, a_gate, page):
    """In words, with the remedy and the command of the registry that the model is in."""
    gate = a_gate(
        [a_finding(), a_finding("old", known="in the baseline since 2026-11-01")],
        rules=(a_rule(),),
        registries={"registry": "mlflow"},
        priced=(a_change(budgets=(a_budget(),)),),
        waivers=(a_waiver_use(),),
    )
    said = page(gate).said()

    for expected in (
        "churn:7 may not run: 1 rule is broken at or above high.",
        "New, and closes the gate",
        "mlflow: set-tag MODEL gov.owner",
        "in the baseline since 2026-11-01",
        "budget search, 3,000.00 USD a month: exceeded, 3,200.00 USD with the change",
        "W-7 ends in 3 days, on 2026-11-24 (model-without-owner on churn)",
        "collected 2026-11-21 01:00 UTC, 5 hours ago",
    ):
        assert expected in said
    assert "model-gov: add" not in said


def test_every_section_can_be_reached_from_the_contents(a_full_gate, page):
    """Each link of the page leads somewhere in it."""
    elements = page(a_full_gate()).elements
    ids = {named["id"] for _, named in elements if "id" in named}
    targets = {(named.get("href") or "")[1:] for tag, named in elements if tag == "a"}

    assert targets - {""} <= ids
    assert {"failing", "open", "known", "waived", "passed", "cost", "waivers"} <= targets


def test_unknown_money_reads_unknown(a_finding, a_gate, page):
    """Never zero, never empty."""
    gate = a_gate(
        [a_finding(at_stake_per_month=None)],
        priced=(a_change(cost_then=None, change=None, unknown_because="no price is known"),),
    )
    said = page(gate).said()

    assert "no price is known" in said
    assert said.count("unknown") >= 3


def test_a_page_of_passes_is_no_empty_page(a_finding, a_gate, page):
    """What was kept is listed, folded away."""
    shown = page(a_gate([a_finding(verdict=Verdict.PASS)], Outcome.PASSED))

    assert "1 rule kept" in shown.said()
    assert ("details", {}) in shown.elements


def test_an_audit_says_what_there_is_to_save(a_gate, page):
    """In the words of the table; nothing where nobody was ever advised of anything."""
    advised = structs.replace(
        a_gate([]), advice=AdviceCount(open=12, saving_per_month=Decimal(3210))
    )

    said = page(advised).said()
    assert "12 open, 3,210.00 USD a month" in said
    assert "Advice:" not in page(a_gate([])).said()

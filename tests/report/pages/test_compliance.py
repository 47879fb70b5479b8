"""What an auditor reads of rules and findings, and how much of it at a time."""

from __future__ import annotations

import csv

import pytest

from quaestor.report.html import render

DIGEST = "sha256:4fd2334b5f3b441060bf90c4c59f507ef6108d51d1f09ae7e71008b0b64468a8"


@pytest.fixture
def a_page(an_estate, tmp_path, now, read_page):
    """Render the page of an estate that was audited."""

    def build():
        (path,) = render(
            an_estate.settle(), ["compliance"], tmp_path, now=now, progress=lambda _: None
        )
        return read_page(path)

    an_estate.run("now", now, 1)
    return build


def test_a_digest_is_short_and_whole_on_hover(an_estate, a_page):
    """A sentence is read; who compares digests finds all digits where it stands."""
    an_estate.finding("not-approved", "churn:7", "fail", reason=f"it runs {DIGEST}, not approved")

    page = a_page()

    assert "it runs sha256:4fd2334b5f3b… , not approved" in page.text
    assert ("span", {"class": "digest", "title": DIGEST}) in page.tags
    assert DIGEST not in page.text


@pytest.mark.real
def test_a_saved_table_has_every_digit(an_estate, a_page, visit, tmp_path):
    """The file is for programs: what a cell shortens is whole in it, and found by the search."""
    for number in range(9):
        digest = DIGEST if number == 4 else DIGEST[::-1].removesuffix(":652ahs")
        an_estate.finding("not-approved", f"churn:{number}", "fail", reason=f"it runs {digest}")
    a_page()
    opened, noted = visit(tmp_path / "compliance.html")
    findings = opened.locator("#findings")

    with opened.expect_download() as caught:
        findings.get_by_role("button", name="CSV").click()
    saved = caught.value.path().read_text(encoding="utf-8-sig")
    findings.get_by_role("searchbox").fill(DIGEST)

    assert f"it runs {DIGEST}" in [cell for row in csv.reader(saved.splitlines()) for cell in row]
    assert findings.locator("tbody tr").count() == 1
    assert noted == []


def test_what_is_at_stake_is_said_where_it_is_listed(an_estate, a_page):
    """A director who holds it against a saving reads why the two are not of one kind."""
    an_estate.finding("budget-exceeded", "growth", "fail", at_stake="910")
    an_estate.warehouse.run(
        """update audit.finding set evidence = '{"at_stake_is": "the forecast beyond it"}'"""
    )

    page = a_page()

    assert "At stake a month is what the model cost in the latest whole month of" in page.text
    assert "at stake is the forecast beyond it" in page.text


@pytest.mark.real
def test_the_worst_rule_is_open_and_every_other_a_click_away(an_estate, a_page, visit, tmp_path):
    """A screen shows which rules are broken; nothing is gone, without the script neither."""
    for rank, severity in enumerate(("low", "critical", "high")):
        for number in range(3):
            name = f"m{rank}-{number}"
            an_estate.finding(
                f"rule-{severity}", name, "fail", severity=severity, reason=f"{name}!"
            )
    a_page()
    for script in (True, False):
        opened, noted = visit(tmp_path / "compliance.html", script=script)
        rules = opened.locator("#findings details.rule")

        assert rules.locator("> summary h3").all_inner_texts() == [
            *("The rule rule-critical is kept", "The rule rule-high is kept"),
            "The rule rule-low is kept",
        ]
        assert [rule.get_by_text("!").count() for rule in rules.all()] == [3, 3, 3]
        assert opened.get_by_text("m1-2!").is_visible()
        assert not opened.get_by_text("m2-2!").is_visible()
        rules.nth(1).locator("> summary").click()
        assert opened.get_by_text("m2-2!").is_visible()
        opened.emulate_media(media="print")
        assert opened.get_by_text("m0-2!").is_visible()
        assert rules.nth(2).locator("> summary").is_visible()
        assert noted == []

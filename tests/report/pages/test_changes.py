"""The page of changes: what is otherwise than at the audit before, and why."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from quaestor.report.chart_steps import steps_chart
from quaestor.report.format import MINUS
from quaestor.report.html import render


@pytest.fixture
def page(an_estate, now, tmp_path, read_page):
    """Render the page of an estate."""

    def rendered():
        [path] = render(an_estate.settle(), ["changes"], tmp_path, now=now, progress=lambda _: None)
        return read_page(path)

    return rendered


def test_effects_and_movers_add_up_on_the_page(pages, read_page):
    """What is read off the page sums to the change that it states, to the digit."""
    page = read_page(pages["changes"])

    assert page.totals["effects", "effect"] == Decimal("110.5")
    assert sum(page.sums["effects", "effect"]) == Decimal("110.5")


def test_what_was_restated_is_apart_from_what_changed(pages, read_page):
    """The audit before said 980; the same days cost 1,000 now; only the rest is a change."""
    text = read_page(pages["changes"]).text

    assert "110.50 EUR more" in text
    assert "Said on 20 Nov" in text
    assert "Restated since" in text
    assert "no change of the estate" in text


def test_a_rule_asked_once_makes_no_finding_new_or_mended(pages, read_page):
    """It is named apart, and so is that the rules and the configuration are others."""
    text = read_page(pages["changes"]).text

    assert "Under a new rule" in text
    assert "No longer asked" in text
    assert "Configuration quaestor.yaml changed" in text
    assert "parameters were" in text


def test_advice_that_was_taken_says_what_it_saves(pages, read_page):
    """With the interval that holds it."""
    text = read_page(pages["changes"]).text

    assert "What was taken or measured since saves 910.50 EUR a month on the bill." in text
    assert "840.00 to 990.00" in text


def test_without_an_audit_the_page_says_so(page):
    """Nothing audited is not nothing changed."""
    assert "Nothing has been audited yet" in page().text


def test_the_first_audit_has_nothing_to_be_compared_with(page, an_estate, now):
    """It says so, and claims no change."""
    an_estate.run("first", now, 0)
    an_estate.finding("model-without-owner", "churn", "fail", run="first")
    text = page().text

    assert "the first one" in text
    assert "Why the cost changed" not in text
    assert "new violation" not in text.lower().replace("new violations", "")


@pytest.mark.parametrize(
    ("restated", "unrated", "said"),
    [
        ("0", 0, "Nothing changed: as many days cost as much"),
        ("0", 3, "What is known of the cost did not change"),
        ("-40", 3, "Nothing changed but what the bill says."),
    ],
    ids=["nothing", "not all known", "restated"],
)
def test_without_an_effect_what_is_restated_or_unknown_is_said(
    page, an_estate, now, restated, unrated, said
):
    """The same amount twice is not the same bill: it may be restated, and not all of it known."""
    an_estate.run("first", now - timedelta(days=7), 0)
    an_estate.run("second", now, 0)
    days = dict.fromkeys(("before_first", "before_last", "after_first", "after_last"), now.date())
    costs = {"before_cost": Decimal(60), "after_cost": Decimal(60)}
    an_estate.insert(
        "audit.comparison",
        run_id="second",
        before_run_id="first",
        days=1,
        said_cost=Decimal(60) - Decimal(restated),
        restated=Decimal(restated),
        before_unrated=unrated,
        after_unrated=0,
        **days,
        **costs,
    )
    an_estate.insert(
        "audit.cost_change", run_id="second", scope="total", subject="total", change=0, **costs
    )
    text = page().text

    assert said in text
    assert ("Restated since" in text) == (restated != "0")
    assert ("3 charges have no exchange rate and are in no figure." in text) == bool(unrated)


def test_costs_that_cannot_be_compared_are_said_to_be(page, an_estate, now):
    """Unknown is not zero: the reason stands where the figure would."""
    an_estate.run("first", now - timedelta(days=7), 0)
    an_estate.run("second", now, 0)
    an_estate.insert(
        "audit.comparison",
        run_id="second",
        before_run_id="first",
        unknown_because="there is no bill",
    )
    text = page().text

    assert "cannot be compared : there is no bill." in text
    assert "Why the cost changed" not in text


def steps_of(*amounts):
    """Draw the steps between two totals."""
    after = sum(amounts, Decimal(1000))
    rows = [("before", Decimal(1000), True), *(("x", one, False) for one in amounts)]
    return steps_chart(
        [
            {"name": name, "amount": amount, "whole": whole}
            for name, amount, whole in (*rows, ("after", after, True))
        ],
        label="name",
        value="amount",
        is_total="whole",
        unit="EUR",
        key="k",
        title="Steps",
        description="Steps.",
    )


def test_steps_say_what_they_add_and_take_away():
    """With a sign, in a tooltip too; the legend names what is drawn and no more."""
    chart = steps_of(Decimal(40), Decimal("-15.5"))

    assert "<title>x: +40.00 EUR</title>" in chart.wide
    assert f"<title>x: {MINUS}15.50 EUR</title>" in chart.wide
    assert "<title>after: 1,024.50 EUR</title>" in chart.narrow
    assert [name for _, name in chart.legend] == ["More", "Less"]
    assert [name for _, name in steps_of(Decimal(1)).legend] == ["More"]


@pytest.mark.parametrize("amounts", [(), (Decimal(0),), (Decimal("-1000"), Decimal("1e15"))])
def test_steps_of_any_size_can_be_drawn(amounts):
    """None at all, none that changes anything, and some beyond all proportion."""
    assert "<svg" in steps_of(*amounts).narrow

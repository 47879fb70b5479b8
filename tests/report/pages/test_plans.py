"""What the cost page says of the days to come, of unusual days and of commitments."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest

from quaestor.report.chart_band import daily_band
from quaestor.report.html import render

FIRST = date(2026, 11, 1)


def band_of(*days, budget=None):
    """Draw days of (cost, expected, low, high)."""
    rows = [
        {
            "day": FIRST + timedelta(days=place),
            **dict(zip(("cost", "expected", "low", "high"), map(amount, day), strict=True)),
            "is_unusual": False,
        }
        for place, day in enumerate(days)
    ]
    return daily_band(
        rows, budget=amount(budget), unit="EUR", key="k", title="Days", description="Bars."
    )


def amount(text):
    return None if text is None else Decimal(text)


@pytest.mark.parametrize(
    "days",
    [
        [(None, None, None, None)],
        [("0", None, None, None)],
        [("-5", None, None, None), (None, "-4", "-6", "-2")],
        [("1", None, None, None), (None, "1", None, None)],
        [("1E-15", None, None, None)],
    ],
    ids=["nothing known", "nothing spent", "credits", "no interval", "next to nothing"],
)
def test_odd_days_still_make_a_chart(days):
    """No day breaks the chart, and none draws a coordinate that is no number."""
    chart = band_of(*days, budget="3")

    assert "NaN" not in chart.wide + chart.narrow
    assert "undefined" not in chart.wide + chart.narrow


def test_the_pointer_finds_day_amount_and_whether_it_is_billed():
    """A bar says which day it is, and if that day is over."""
    chart = band_of(("10", None, None, None), (None, "12.5", "10", "15"), budget="20")

    assert "<title>1 Nov 2026, billed: 10.00 EUR</title>" in chart.wide
    assert "<title>2 Nov 2026, expected: 12.50 EUR</title>" in chart.wide
    assert "<title>Budget: 20.00 EUR</title>" in chart.wide


def test_only_what_is_drawn_is_in_the_legend():
    """Without a budget and a day to come there is one colour, and one word for it."""
    assert [label for _, label in band_of(("10", None, None, None)).legend] == ["Billed"]


def test_a_page_without_plans_says_so(an_estate, tmp_path, now, read_page):
    """No forecast is not a forecast of nothing, and no unusual day is said to be none."""
    an_estate.cost(date(2026, 11, 3), "10")
    [path] = render(an_estate.settle(), ["cost"], tmp_path, now=now, progress=lambda _: None)
    page = read_page(path)

    assert "There is no forecast" in page.text
    assert "No day cost far more or less" in page.text
    assert "Commitments" not in page.text


def test_what_a_page_says_of_the_month(pages, read_page):
    """The sentence holds the figure, how sure it is, and how wrong it was before."""
    text = read_page(pages["cost"]).text

    assert "November 2026 is expected to come to 41,000.00 EUR" in text
    assert "between 40,600.00 and 41,400.00" in text
    assert "were wrong by 5.3" in text
    assert "1 day was" not in text
    assert "4 days were unusual; on 12 Nov 2026 churn cost 1,100.50 EUR" in text


def test_currencies_of_commitments_are_never_added(pages, read_page):
    """Each has its own sum."""
    text = read_page(pages["cost"]).text

    assert "310.00 CHF of 310.00 committed went unused" in text
    assert "79.50 USD of 900.00 committed went unused" in text

"""What a chart promises, whatever it is given."""

from __future__ import annotations

import re
from datetime import date, datetime
from decimal import Decimal

import pytest

from quaestor.core.shipped import shipped
from quaestor.report.chart_audits import audit_bars
from quaestor.report.chart_bars import lying_bars, upright_bars
from quaestor.report.chart_effects import signed_bars
from quaestor.report.chart_map import model_map
from quaestor.report.chart_trend import trend
from quaestor.report.charts import PALETTE

WORDS = {"key": "k", "title": "Cost", "description": "Bars."}


def bars_of(*amounts, label="churn"):
    """Draw lying bars, one for each amount."""
    rows = [{"name": label, "cost": amount} for amount in amounts]
    parts = [("cost", "", "blue")]
    return lying_bars(rows, parts, label="name", value="cost", unit="EUR", **WORDS)


def map_of(*rows):
    """Draw a model map of (model, cost, failed)."""
    return model_map(
        [{"model": m, "cost": Decimal(c), "failed": f, "colour": "red"} for m, c, f in rows],
        x_title="Cost",
        y_title="Rules",
        unit="EUR",
        legend=[],
        **WORDS,
    )


def test_every_colour_of_the_palette_has_its_dark_counterpart():
    """A chart colour that page.css does not know would stay light in the dark."""
    style = (shipped("reports") / "page.css").read_text(encoding="utf-8")

    missing = [
        name
        for name, value in PALETTE.items()
        if f'svg [fill="{value}"]' not in style or style.count(f"--{name}:") != 2
    ]

    assert missing == []


def test_a_chart_is_the_same_each_time():
    """No counter, clock or chance reaches the picture."""
    assert bars_of(Decimal(3), Decimal(1)) == bars_of(Decimal(3), Decimal(1))


def test_a_tooltip_names_bar_amount_and_unit():
    """The pointer finds the figure without a script."""
    assert "<title>churn: 1,234.50 EUR</title>" in bars_of(Decimal("1234.5")).wide


def test_a_hostile_label_is_text_in_the_picture():
    """An SVG inside a page could carry a script; a label cannot."""
    chart = bars_of(Decimal(1), label="</text><script>alert(1)</script>\u202e")

    assert "<script" not in chart.wide + chart.narrow
    assert "&lt;script&gt;" in chart.wide


@pytest.mark.parametrize(
    "amounts",
    [(None,), (Decimal(0),), (Decimal(-5), Decimal(5)), (Decimal(-5),), (Decimal("1E-15"),)],
    ids=["unknown", "nothing", "credit and cost", "credit only", "next to nothing"],
)
def test_odd_amounts_still_make_a_chart(amounts):
    """No amount breaks a chart, and none draws a coordinate that is no number."""
    chart = bars_of(*amounts)

    assert "NaN" not in chart.wide + chart.narrow
    assert "undefined" not in chart.wide + chart.narrow


def test_an_unknown_amount_is_written_as_unknown():
    """A bar of no length must not be read as nothing."""
    assert ">unknown</text>" in bars_of(None).wide


@pytest.mark.parametrize("months", [1, 2, 40])
def test_months_have_labels_that_do_not_meet(months):
    """The latest month is always named; on a telephone not each of forty is."""
    rows = [
        {"month": date(2023 + n // 12, n % 12 + 1, 1), "a": Decimal(n + 1)} for n in range(months)
    ]

    chart = upright_bars(rows, [("a", "A", "blue")], label="month", unit="EUR", **WORDS)
    labels = re.findall(r">([A-Z][a-z]{2} \d\d)</text>", chart.narrow)

    assert labels[-1] == f"{rows[-1]['month']:%b %y}"
    assert len(labels) <= 6


def test_parts_that_no_row_has_leave_the_legend():
    """A legend entry without a bar makes people search."""
    rows = [{"month": date(2026, 1, 1), "a": Decimal(1), "b": None}]
    parts = [("a", "A", "blue"), ("b", "B", "red")]

    chart = upright_bars(rows, parts, label="month", unit="EUR", **WORDS)

    assert chart.legend == ((PALETTE["blue"], "A"),)


def test_the_map_writes_no_name_over_another():
    """Two models at one place: one is named, both have a point and a tooltip."""
    chart = map_of(("churn", 100, 2), ("fraud", 100, 2), ("cheap", 1, 0))

    assert len(re.findall(r"<title>(churn|fraud|cheap): ", chart.wide)) == 3
    assert len(re.findall(r">(churn|fraud)</text>", chart.wide)) == 1


def test_a_map_of_models_that_cost_nothing_can_be_drawn():
    """A cost of zero, or a credit, has its place at the left."""
    chart = map_of(("free", 0, 0), ("credited", -3, 1))

    assert "NaN" not in chart.wide + chart.narrow


def changes(*parts):
    """Draw signed bars of changes; each is (price effect, volume effect)."""
    rows = [{"what": "churn", "p": p, "v": v, "change": (p or 0) + (v or 0)} for p, v in parts]
    return signed_bars(
        rows,
        [("p", "Price", "purple"), ("v", "Volume", "blue")],
        label="what",
        value="change",
        unit="EUR",
        **WORDS,
    )


def test_effects_stand_on_the_side_of_their_sign():
    """What took from a cost lies left of zero, what added to it right, and each has its words."""
    chart = changes((Decimal(-2), Decimal(5)))
    price, volume = (
        re.search(
            rf'<path[^>]*d="M(-?[\d.]+),[^"]*h(-?[\d.]+)[^"]*"[^>]*><title>churn, {name}:',
            chart.wide,
        )
        for name in ("Price", "Volume")
    )

    assert float(price[1]) < float(volume[1])
    assert "<title>churn, Volume: 5.00 EUR</title>" in chart.wide
    assert ">+3.00</text>" in chart.wide


@pytest.mark.parametrize(
    "parts",
    [(None, None), (Decimal(0), Decimal(0)), (Decimal(-5), None), (Decimal("1E-15"), Decimal(3))],
    ids=["unknown", "nothing", "less only", "next to nothing"],
)
def test_odd_changes_still_make_a_chart(parts):
    """No change breaks a chart."""
    chart = changes(parts)

    assert "NaN" not in chart.wide + chart.narrow


def trend_of(*measures, names=("churn",)):
    """Draw a trend of one measure a month; None is not known."""
    rows = [
        {"model": name, "month": date(2026, place + 1, 1), "cost": measure}
        for name in names
        for place, measure in enumerate(measures)
    ]
    return trend(rows, series="model", month="month", value="cost", unit="EUR", **WORDS)


def test_a_month_that_is_not_known_leaves_a_gap():
    """Neither a point nor a line says what nobody knows."""
    chart = trend_of(Decimal(3), None, Decimal(4))

    assert re.findall(r"<title>churn, (\w+ 26): ", chart.wide) == ["Jan 26", "Mar 26"]
    assert "NaN" not in chart.wide + chart.narrow


def test_lines_after_the_sixth_are_not_drawn():
    """Six colours can be told apart; the table has the others."""
    chart = trend_of(Decimal(1), Decimal(2), names=[f"m{n}" for n in range(9)])

    assert [name for _, name in chart.legend] == [f"m{n}" for n in range(6)]
    assert len({colour for colour, _ in chart.legend}) == 6


def test_a_single_month_has_its_point():
    """A trend of one month is a point, and no broken scale."""
    assert "<title>churn, Jan 26: 3.00 EUR</title>" in trend_of(Decimal(3)).wide


def test_what_is_likely_and_what_is_allowed_are_drawn_over_the_bars():
    """Each with its words; a month that is over has no band."""
    rows = [
        {"month": date(2026, 10, 1), "a": Decimal(5), "low": None, "high": None},
        {"month": date(2026, 11, 1), "a": Decimal(4), "low": Decimal(3), "high": Decimal(6)},
    ]
    chart = upright_bars(
        rows,
        [("a", "A", "blue")],
        label="month",
        unit="EUR",
        band=("low", "high", "Four in five chances"),
        level=(Decimal(7), "Budget"),
        **WORDS,
    )

    assert [name for _, name in chart.legend] == ["A", "Four in five chances", "Budget"]
    assert "<title>Nov 26, four in five chances: 3.00 EUR to 6.00 EUR</title>" in chart.wide
    assert "Oct 26, four in five" not in chart.wide
    assert "<title>Budget: 7.00 EUR</title>" in chart.narrow


@pytest.mark.parametrize(
    ("amounts", "unit"),
    [(("10", "-300", "-50"), "EUR"), (("0.5", "1.2"), "%"), (("5", "7"), "EUR")],
    ids=["a loss", "more than all", "gains"],
)
def test_bars_of_audits_stay_in_their_drawing(amounts, unit):
    """Advice that was taken may have cost money, and credits leave models more than the whole."""
    rows = [
        {"audited_at": datetime(2026, 11, day), "value": Decimal(one)}
        for day, one in enumerate(amounts, 1)
    ]
    chart = audit_bars(rows, value="value", unit=unit, key="k", title="T", description="D")
    bars = re.findall(r'd="M[\d.]+,([\d.-]+)h[\d.]+v([\d.]+)h', str(chart.narrow))

    assert len(bars) == len(amounts)
    assert all(0 <= float(top) <= float(top) + float(high) <= 108 for top, high in bars)


@pytest.mark.parametrize(
    ("audits", "named"), [(1, ["1"]), (2, ["1", "2"]), (3, ["1", "2", "3"]), (4, ["4"])]
)
def test_few_audits_are_all_named_and_of_many_the_latest(audits, named):
    """Two bars without figures leave the reader to measure them; of forty only one has room."""
    rows = [
        {"audited_at": datetime(2026, 11, day), "value": Decimal(day)}
        for day in range(1, audits + 1)
    ]
    chart = audit_bars(rows, value="value", unit="", key="k", title="T", description="D")
    texts = re.findall(r">([\d.]+\.00)</text>", str(chart.narrow))

    assert texts == [f"{one}.00" for one in named]

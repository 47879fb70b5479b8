"""What every chart shares: palette, frame, axes, and the two sizes it is drawn in.

A chart is a Vega-Lite specification, rendered wide and, for telephones, narrow; the page shows
the one that fits. Amounts become floats here, for the length of a bar and nothing else: labels
and the table beside the chart are exact.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from markupsafe import Markup

from quaestor.report.format import plain_money, short_month
from quaestor.report.svg import render_svg

# Okabe and Ito's colours (jfly.uni-koeln.de/color), told apart with any colour vision. page.css
# holds the dark counterpart of each one here, so a colour added needs a line there.
PALETTE = {
    "blue": "#0072b2",
    "orange": "#e69f00",
    "green": "#009e73",
    "sky": "#56b4e9",
    "purple": "#cc79a7",
    "red": "#d55e00",
    "grey": "#b3bac5",
    "pale": "#dde2e8",
    "ink": "#1a1d23",
    "quiet": "#5d6675",
}
INK, QUIET, LINE, PAPER = PALETTE["ink"], PALETTE["quiet"], "#e3e6eb", "#ffffff"
WIDE, NARROW = 880, 340  # pixels
COMPACT = (  # 12.5k, 3M, 2bn; below a thousand the plain figure, never milli or micro
    "abs(datum.value) < 1000 ? format(datum.value, '~r') "
    ": replace(format(datum.value, '~s'), 'G', 'bn')"
)

Part = tuple[str, str, str]  # column, label, colour


@dataclass(frozen=True)
class Chart:
    """A chart, ready for the page.

    Args:
        key: Unique in the page.
        title: What it shows.
        description: What a reader who cannot see it should know.
        wide: The SVG for 600 px and more.
        narrow: The SVG for less.
        legend: Colour and label of each series; empty for one series.
    """

    key: str
    title: str
    description: str
    wide: Markup
    narrow: Markup
    legend: tuple[tuple[str, str], ...]


def drawn(
    specification: Callable[[int], Mapping[str, Any]],
    *,
    key: str,
    title: str,
    description: str,
    legend: Sequence[Part] = (),
) -> Chart:
    """Render a chart in both sizes.

    Args:
        specification: Width in pixels -> Vega-Lite.
        key: Letters, digits and hyphens, unique in the page.
        title: What the chart shows.
        description: The same for who cannot see it.
        legend: Column, label and colour of each series.
    """
    return Chart(
        key=key,
        title=title,
        description=description,
        wide=render_svg(specification(WIDE), f"{key}-w"),
        narrow=render_svg(specification(NARROW), f"{key}-n"),
        legend=tuple((PALETTE[colour], label) for _, label, colour in legend),
    )


def frame(
    width: int, height: int, padding: Mapping[str, int], values: Sequence[Mapping[str, Any]]
) -> dict[str, Any]:
    """Return the part of a specification that sets every size and the data.

    Args:
        width: Of the whole picture, in pixels.
        height: Of the whole picture, in pixels.
        padding: Pixels for axes and labels: left, right, top, bottom.
        values: The data, one mapping per mark.
    """
    return {
        "autosize": {"type": "none"},
        "background": None,
        "padding": dict(padding),
        "width": width - padding["left"] - padding["right"],
        "height": height - padding["top"] - padding["bottom"],
        "data": {"values": list(values)},
        "config": {"font": "sans-serif", "view": {"stroke": None}},
    }


def axis(**more: Any) -> dict[str, Any]:
    """Return a quiet axis: hairline grid, no line of its own, labels that are never dropped."""
    return {
        "title": None,
        "domain": False,
        "ticks": False,
        "gridColor": LINE,
        "labelColor": QUIET,
        "labelFontSize": 12,
        "labelPadding": 8,
        "labelLimit": 0,
        "labelOverlap": False,
        "labelFlush": False,
        "labelBound": False,
        "labelAngle": 0,
        **more,
    }


def words(
    values: Sequence[Mapping[str, Any]],
    text: str,
    encoding: Mapping[str, Any],
    **mark: Any,
) -> dict[str, Any]:
    """Return a layer that writes the column `text` of each value."""
    return {
        "data": {"values": list(values)},
        "mark": {"type": "text", "baseline": "middle", "fontSize": 12, **mark},
        "encoding": {
            **encoding,
            "text": {"field": text, "type": "nominal"},
            "description": {"value": "-"},
        },
    }


def label_of(value: Any) -> str:
    """Name a row: months short, what has no name in brackets.

    >>> label_of(date(2026, 11, 1)), label_of("churn"), label_of(None)
    ('Nov 26', 'churn', '(none)')
    """
    if isinstance(value, date):
        return short_month(value)
    return "(none)" if value is None else str(value)


def value_of(amount: Decimal | float | None, unit: str) -> str:
    """Show an amount or a measure in a tooltip or at a bar's end.

    >>> value_of(Decimal("1200.5"), "EUR"), value_of(7.5, "hours"), value_of(None, "EUR")
    ('1,200.50 EUR', '7.5 hours', 'unknown')
    """
    if amount is None:
        return "unknown"
    if isinstance(amount, Decimal):
        return f"{plain_money(amount)} {unit}".rstrip()
    if isinstance(amount, int):
        return f"{amount:,} {unit}".rstrip()
    return f"{amount:,.1f} {unit}".rstrip()

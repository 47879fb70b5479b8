"""A figure over audits: one small bar per audit, so that several trends fit beside each other."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from quaestor.report.charts import (
    COMPACT,
    INK,
    NARROW,
    PALETTE,
    PAPER,
    Chart,
    axis,
    frame,
    value_of,
    words,
)
from quaestor.report.format import day, plain_percent
from quaestor.report.svg import render_svg

_PADDING = {"left": 44, "right": 4, "top": 18, "bottom": 24}
_PERCENT = "format(datum.value, '.0%')"
_ALL_NAMED = 3  # bars: that many amounts fit beside each other


def audit_bars(
    rows: Sequence[Mapping[str, Any]],
    *,
    value: str,
    unit: str,
    key: str,
    title: str,
    description: str,
) -> Chart:
    """Draw one bar per audit; what is unknown leaves a gap. Of many only the latest is named.

    Args:
        rows: One per audit, oldest first, with `audited_at`.
        value: The column that is drawn.
        unit: Of its values; `%` for a ratio in [0, 1].
        key: Letters, digits and hyphens, unique in the page.
        title: What the chart shows.
        description: The same for who cannot see it.

    Returns:
        A chart of one size, which fits a telephone.
    """
    names = [day(row["audited_at"]).rpartition(" ")[0] for row in rows]
    bars = [
        {
            "place": place,
            "amount": float(row[value]),
            "colour": PALETTE["blue" if place == len(rows) - 1 else "sky"],
            "tip": f"{day(row['audited_at'])}: {_said(row[value], unit)}",
            "said": _said(row[value], "%" if unit == "%" else ""),
        }
        for place, row in enumerate(rows)
        if row[value] is not None
    ]
    drawing = render_svg(_specification(names, bars, unit), key)
    return Chart(key, title, description, wide=drawing, narrow=drawing, legend=())


def _scale(amounts: Sequence[float], unit: str) -> dict[str, Any]:
    """Return where the axis begins and ends: at zero, unless advice cost what it was to save."""
    if any(amount < 0 for amount in amounts):
        return {"zero": True}
    return {"domain": [0, max(1.0, *amounts)]} if unit == "%" and amounts else {"domainMin": 0}


def _said(value: Decimal | float, unit: str) -> str:
    return plain_percent(value) if unit == "%" else value_of(value, unit)


def _specification(
    names: Sequence[str], bars: Sequence[Mapping[str, Any]], unit: str
) -> dict[str, Any]:
    inner = NARROW - _PADDING["left"] - _PADDING["right"]
    x = {
        "field": "place",
        "type": "ordinal",
        "scale": {"domain": list(range(len(names)))},
        "axis": axis(
            values=[*range(len(names))] if len(names) <= _ALL_NAMED else [0, len(names) - 1],
            grid=False,
            labelExpr=f"{json.dumps(names)}[datum.value]",
        ),
    }
    label = _PERCENT if unit == "%" else COMPACT
    y = {
        "field": "amount",
        "type": "quantitative",
        "scale": _scale([bar["amount"] for bar in bars], unit),
        "axis": axis(tickCount=3, labelExpr=label),
    }
    mark = {"type": "bar", "stroke": PAPER, "strokeWidth": 0.75}
    layer: dict[str, Any] = {
        "mark": {**mark, "size": min(40.0, round(inner / max(len(names), 1) * 0.7, 2))},
        "encoding": {
            "x": x,
            "y": y,
            "color": {"field": "colour", "type": "nominal", "scale": None},
            "description": {"field": "tip", "type": "nominal"},
        },
    }
    told = [bar for bar in bars if len(names) <= _ALL_NAMED or bar["place"] == len(names) - 1]
    named = words(told, "said", {"x": x, "y": y}, align="center", dy=-9, color=INK)
    if not any(bar["amount"] for bar in bars):  # nothing is a line at the bottom, not in the middle
        y = {**y, "scale": {"domain": [0, 1]}, "axis": axis(values=[0])}
        layer["encoding"]["y"] = y
    return {**frame(NARROW, 150, _PADDING, bars), "layer": [layer, named]}

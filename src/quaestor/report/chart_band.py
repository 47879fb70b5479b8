"""Days gone and days to come: what each cost, what is expected, and how sure that is."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from quaestor.report.charts import (
    COMPACT,
    PALETTE,
    WIDE,
    Chart,
    Part,
    axis,
    drawn,
    frame,
    value_of,
)
from quaestor.report.format import day as named_day

_PADDING = {"left": 52, "right": 4, "top": 10, "bottom": 28}
_PARTS: tuple[Part, ...] = (
    ("cost", "Billed", "blue"),
    ("unusual", "Billed, unusual", "red"),
    ("expected", "Expected", "sky"),
    ("band", "80 % of days lie in here", "grey"),
    ("budget", "Budget, by the day", "orange"),
)


def daily_band(
    rows: Sequence[Mapping[str, Any]],
    *,
    budget: Decimal | None,
    unit: str,
    **words_about: str,
) -> Chart:
    """Draw one bar per day, billed or expected, with a band of what is likely over those ahead.

    Args:
        rows: One per day, in order: `day`, `cost` (None: not billed yet), `expected`, `low`,
            `high` (None where not forecast) and `is_unusual`.
        budget: What a day may cost; None: no budget is for everything.
        unit: Of the amounts.
        words_about: `key`, `title` and `description`, as `drawn` takes them.
    """
    bars = [one for place, row in enumerate(rows) if (one := _bar(place, row, unit))]
    band = [
        {"place": place, "low": float(row["low"]), "high": float(row["high"])}
        for place, row in enumerate(rows)
        if row["cost"] is None and row["low"] is not None and row["high"] is not None
    ]
    shown = {one["part"] for one in bars} | ({"band"} if band else set())
    shown |= {"budget"} if budget is not None else set()
    days = [row["day"] for row in rows]
    line = None if budget is None else (float(budget), value_of(budget, unit))

    def specification(width: int) -> dict[str, Any]:
        return _days(width, days, bars, band, line)

    legend = [part for part in _PARTS if part[0] in shown]
    return drawn(specification, legend=legend, **words_about)


def _bar(place: int, row: Mapping[str, Any], unit: str) -> dict[str, Any] | None:
    """Return the bar of a day; None for a day that nothing is known of."""
    part = "expected" if row["cost"] is None else "unusual" if row["is_unusual"] else "cost"
    amount = row["expected"] if row["cost"] is None else row["cost"]
    if amount is None:
        return None
    label, colour = next((label, colour) for name, label, colour in _PARTS if name == part)
    return {
        "place": place,
        "amount": float(amount),
        "colour": PALETTE[colour],
        "part": part,
        "tip": f"{named_day(row['day'])}, {label.lower()}: {value_of(amount, unit)}",
    }


def _days(
    width: int,
    days: Sequence[date],
    bars: Sequence[Mapping[str, Any]],
    band: Sequence[Mapping[str, Any]],
    budget: tuple[float, str] | None,
) -> dict[str, Any]:
    inner = width - _PADDING["left"] - _PADDING["right"]
    x = {
        "field": "place",
        "type": "quantitative",
        "scale": {"domain": [-0.6, len(days) - 0.4], "nice": False},
        "axis": _day_axis(days, width == WIDE),
    }
    y = {"type": "quantitative", "axis": axis(tickCount=5, labelExpr=COMPACT)}
    layers: list[dict[str, Any]] = [
        {
            "mark": {"type": "bar", "size": round(inner / len(days) * 0.78, 2)},
            "encoding": {
                "x": x,
                "y": {**y, "field": "amount", "stack": None},
                "color": {"field": "colour", "type": "nominal", "scale": None},
                "description": {"field": "tip", "type": "nominal"},
            },
        }
    ]
    if band:
        layers.append(_likely(band, x, y))
    if budget is not None:
        layers.append(_level(budget, x, y, len(days)))
    return {**frame(width, 300 if width == WIDE else 230, _PADDING, bars), "layer": layers}


def _likely(
    band: Sequence[Mapping[str, Any]], x: Mapping[str, Any], y: Mapping[str, Any]
) -> dict[str, Any]:
    """Return what is likely of the days ahead, as an area over their bars."""
    return {
        "data": {"values": list(band)},
        "mark": {"type": "area", "color": PALETTE["grey"], "opacity": 0.6},
        "encoding": {
            "x": x,
            "y": {**y, "field": "low"},
            "y2": {"field": "high"},
            "description": {"value": "-"},
        },
    }


def _level(
    budget: tuple[float, str], x: Mapping[str, Any], y: Mapping[str, Any], days: int
) -> dict[str, Any]:
    """Return a line across all days, drawn as a thin bar: the style sheet knows fills."""
    value = {"from": -0.6, "to": days - 0.4, "level": budget[0], "tip": f"Budget: {budget[1]}"}
    return {
        "data": {"values": [value]},
        "mark": {"type": "rect", "color": PALETTE["orange"], "height": 2},
        "encoding": {
            "x": {**x, "field": "from"},
            "x2": {"field": "to"},
            "y": {**y, "field": "level"},
            "description": {"field": "tip", "type": "nominal"},
        },
    }


def _day_axis(days: Sequence[date], is_wide: bool) -> dict[str, Any]:
    """Label the first of each month, and where there is room its middle."""
    wanted = (1, 15) if is_wide else (1,)
    places = [place for place, day in enumerate(days) if day.day in wanted] or [0]
    names = [named_day(day).rpartition(" ")[0] for day in days]
    return axis(values=places, grid=False, labelExpr=f"{json.dumps(names)}[datum.value]")

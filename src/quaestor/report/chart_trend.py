"""How measures moved from month to month: one line each, with a point per month."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from quaestor.report.charts import (
    COMPACT,
    PALETTE,
    PAPER,
    WIDE,
    Chart,
    Part,
    axis,
    drawn,
    frame,
    label_of,
    value_of,
)
from quaestor.report.format import short

# Six lines can be told apart; more are a knot.
COLOURS = ("blue", "orange", "green", "purple", "red", "sky")
_POINT = {"type": "circle", "size": 70, "opacity": 1, "stroke": PAPER, "strokeWidth": 1}
_PADDING = {"left": 52, "right": 12, "top": 10, "bottom": 28}


def trend(
    rows: Sequence[Mapping[str, Any]],
    *,
    series: str,
    month: str,
    value: str,
    unit: str,
    **words_about: str,
) -> Chart:
    """Draw a line per series; a month that nothing is known of leaves a gap.

    Args:
        rows: One per series and month; series after the sixth are not drawn.
        series: The column that names a line.
        month: The column of the month.
        value: The column of the measure; None is not known.
        unit: Of the measure.
        words_about: `key`, `title` and `description`, as `drawn` takes them.
    """
    names = list(dict.fromkeys(label_of(row[series]) for row in rows))
    colours = dict(zip(names, COLOURS, strict=False))
    months = sorted({row[month] for row in rows})
    known = {(label_of(row[series]), row[month]): row[value] for row in rows}
    values = [
        {
            "place": place,
            "amount": None if (amount := known.get((name, one))) is None else float(amount),
            "name": name,
            "colour": PALETTE[colour],
            "tip": f"{short(name, 120)}, {label_of(one)}: {value_of(amount, unit)}",
        }
        for name, colour in colours.items()
        for place, one in enumerate(months)
    ]
    legend: list[Part] = [("", short(name, 40), colour) for name, colour in colours.items()]

    def specification(width: int) -> dict[str, Any]:
        return _lines(width, [label_of(one) for one in months], values)

    return drawn(specification, legend=legend, **words_about)


def _lines(
    width: int, months: Sequence[str], values: Sequence[Mapping[str, Any]]
) -> dict[str, Any]:
    inner = width - _PADDING["left"] - _PADDING["right"]
    step = -(-len(months) * 52 // inner)  # so many months share one label
    wanted = [place for place in range(len(months)) if (len(months) - 1 - place) % step == 0]
    x = {
        "field": "place",
        "type": "quantitative",
        "scale": {"domain": [-0.25, max(len(months) - 0.75, 0.25)], "nice": False},
        "axis": axis(values=wanted, grid=False, labelExpr=f"{json.dumps(months)}[datum.value]"),
    }
    y = {
        "field": "amount",
        "type": "quantitative",
        "scale": {"zero": True},
        "axis": axis(tickCount=5, labelExpr=COMPACT),
    }
    at = {"x": x, "y": y, "color": {"field": "colour", "type": "nominal", "scale": None}}
    detail = {"field": "name", "type": "nominal"}
    lines = {
        "mark": {"type": "line", "strokeWidth": 2, "invalid": "break-paths-show-domains"},
        "encoding": {**at, "detail": detail, "description": {"value": "-"}},
    }
    points = {
        "transform": [{"filter": "isValid(datum.amount)"}],
        "mark": _POINT,
        "encoding": {**at, "description": {"field": "tip", "type": "nominal"}},
    }
    height = 260 if width == WIDE else 220
    return {**frame(width, height, _PADDING, values), "layer": [lines, points]}

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
        rows: One per series and month. The series keep their order, and those after the sixth
            are not drawn.
        series: The column that names a line.
        month: The column of the month.
        value: The column of the measure; None is not known.
        unit: Of the measure.
        words_about: `key`, `title` and `description`, as `drawn` takes them.
    """
    names = list(dict.fromkeys(label_of(row[series]) for row in rows))[: len(COLOURS)]
    colours = dict(zip(names, COLOURS, strict=False))
    months = sorted({row[month] for row in rows})
    places = {one: place for place, one in enumerate(months)}
    known = {(label_of(row[series]), row[month]): row[value] for row in rows}
    values = [
        {
            "place": places[one],
            "amount": None if (amount := known.get((name, one))) is None else float(amount),
            "name": name,
            "colour": PALETTE[colours[name]],
            "tip": f"{short(name, 120)}, {label_of(one)}: {value_of(amount, unit)}",
        }
        for name in names
        for one in months
    ]
    legend: list[Part] = [("", short(name, 40), colours[name]) for name in names]

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
    colour = {"field": "colour", "type": "nominal", "scale": None}
    return {
        **frame(width, 260 if width == WIDE else 220, _PADDING, values),
        "layer": [
            {
                "mark": {"type": "line", "strokeWidth": 2, "invalid": "break-paths-show-domains"},
                "encoding": {
                    "x": x,
                    "y": y,
                    "color": colour,
                    "detail": {"field": "name", "type": "nominal"},
                    "description": {"value": "-"},
                },
            },
            {
                "transform": [{"filter": "isValid(datum.amount)"}],
                "mark": {
                    "type": "circle",
                    "size": 70,
                    "opacity": 1,
                    "stroke": PAPER,
                    "strokeWidth": 1,
                },
                "encoding": {
                    "x": x,
                    "y": y,
                    "color": colour,
                    "description": {"field": "tip", "type": "nominal"},
                },
            },
        ],
    }

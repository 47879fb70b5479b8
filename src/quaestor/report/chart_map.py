"""The model map: what each model costs against how many rules it breaks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import sqrt
from typing import Any

from quaestor.core.words import plural
from quaestor.report.charts import (
    COMPACT,
    INK,
    PALETTE,
    PAPER,
    QUIET,
    WIDE,
    Chart,
    Part,
    axis,
    drawn,
    frame,
    value_of,
    words,
)
from quaestor.report.format import short

_PADDING = {"left": 40, "right": 16, "top": 34, "bottom": 50}
_POINT = {"type": "circle", "size": 120, "opacity": 0.9, "stroke": PAPER, "strokeWidth": 1}
_LETTER = 6.6  # pixels a letter of 12 px takes, on the wide side of what fonts do


def model_map(
    rows: Sequence[Mapping[str, Any]],
    *,
    x_title: str,
    y_title: str,
    unit: str,
    legend: Sequence[Part],
    **words_about: str,
) -> Chart:
    """Draw one point per model; expensive and ungoverned is the top right.

    The scale of cost is a square root, so that cheap models do not lie on one heap. Names are
    written where there is room, the most expensive and most ungoverned first.

    Args:
        rows: With `model`, `cost` (never None), `failed` (a count) and `colour` (a name of the
            palette).
        x_title: Of the cost axis, with its unit.
        y_title: Of the rules axis.
        unit: Of the cost.
        legend: What the colours mean: "", label, colour.
        words_about: `key`, `title` and `description`, as `drawn` takes them.
    """
    points = [
        {
            "model": row["model"],
            "x": max(0.0, float(row["cost"])),
            "y": row["failed"],
            "colour": PALETTE[row["colour"]],
            "tip": f"{short(row['model'], 120)}: {value_of(row['cost'], unit)} a month, "
            f"{plural(row['failed'], 'broken rule')}",
        }
        for row in rows
    ]

    def specification(width: int) -> dict[str, Any]:
        return _map(width, points, x_title, y_title)

    return drawn(specification, legend=legend, **words_about)


def _map(
    width: int, points: Sequence[Mapping[str, Any]], x_title: str, y_title: str
) -> dict[str, Any]:
    height = 400 if width == WIDE else 330
    inner = (
        width - _PADDING["left"] - _PADDING["right"],
        height - _PADDING["top"] - _PADDING["bottom"],
    )
    right = (max(point["x"] for point in points) or 1.0) * 1.1
    top = max(3, *(point["y"] for point in points)) + 0.7
    x = {"type": "quantitative", "scale": {"type": "sqrt", "domain": [0, right], "nice": False}}
    y = {"type": "quantitative", "scale": {"domain": [-0.5, top], "nice": False}}
    axes = {
        "x": _cost_axis(x_title, 6 if width == WIDE else 4),
        "y": axis(values=_whole_steps(top), format="d"),
    }
    dots = {
        "x": {**x, "field": "x"},
        "y": {**y, "field": "y"},
        "color": {"field": "colour", "type": "nominal", "scale": None},
        "description": {"field": "tip", "type": "nominal"},
    }
    pixels = {"type": "quantitative", "scale": None}
    at = {"x": {**pixels, "field": "px"}, "y": {**pixels, "field": "py"}}
    names = _named(points, right, top, inner, 26 if width == WIDE else 14)
    return {
        **frame(width, height, _PADDING, points),
        "layer": [
            _corner(x, y, right, top, axes),
            _note("expensive and ungoverned", inner[0] - 8, 14, "right", PALETTE["red"]),
            _note(y_title, 8 - _PADDING["left"], -18, "left", QUIET),
            {"mark": _POINT, "encoding": dots},
            words(names, "name", at, align="left", color=INK),
        ],
    }


def _cost_axis(title: str, ticks: int) -> dict[str, Any]:
    return axis(
        grid=False,
        tickCount=ticks,
        labelExpr=COMPACT,
        title=title,
        titleColor=QUIET,
        titleFontWeight="normal",
        titleFontSize=12,
        titlePadding=10,
    )


def _whole_steps(top: float) -> list[int]:
    step = next(size for size in (1, 2, 5, 10, 20, 50, 100, 1000) if top / size <= 8)
    return list(range(0, int(top) + 1, step))


def _corner(
    x: Mapping[str, Any],
    y: Mapping[str, Any],
    right: float,
    top: float,
    axes: Mapping[str, Any],
) -> dict[str, Any]:
    """Shade the top right quarter; this layer carries the axes."""
    corner = {"x": right / 4, "x2": right, "y": top / 2, "y2": top}  # half of a square root
    return {
        "data": {"values": [corner]},
        "mark": {"type": "rect", "color": PALETTE["red"], "opacity": 0.07},
        "encoding": {
            "x": {**x, "field": "x", "axis": axes["x"]},
            "x2": {"field": "x2"},
            "y": {**y, "field": "y", "axis": axes["y"]},
            "y2": {"field": "y2"},
            "description": {"value": "-"},
        },
    }


def _note(text: str, x: float, y: float, align: str, colour: str) -> dict[str, Any]:
    place = {"x": {"value": x}, "y": {"value": y}}
    return words([{"note": text}], "note", place, align=align, color=colour)


def _named(
    points: Sequence[Mapping[str, Any]],
    right: float,
    top: float,
    inner: tuple[int, int],
    room: int,
) -> list[dict[str, Any]]:
    """Choose which names are written, and where: no name over another name or a point."""
    places = [
        (sqrt(point["x"] / right) * inner[0], (1 - (point["y"] + 0.5) / (top + 0.5)) * inner[1])
        for point in points
    ]
    taken = [(px - 6, py - 6, px + 6, py + 6) for px, py in places]
    taken.append((inner[0] - 170, 4, inner[0], 24))  # the words in the corner
    order = sorted(range(len(points)), key=lambda i: (-places[i][0] * (points[i]["y"] + 0.5), i))
    named: list[dict[str, Any]] = []
    for i in order:
        px, py = places[i]
        name = short(points[i]["model"], room)
        length = len(name) * _LETTER
        left = px + 10 if px + 10 + length <= inner[0] else px - 10 - length
        box = (left, py - 8, left + length, py + 8)
        if left < 0 or any(_meet(box, other) for other in taken):
            continue
        taken.append(box)
        named.append({"name": name, "px": round(left, 2), "py": round(py, 2)})
    return named


def _meet(a: tuple[float, ...], b: tuple[float, ...]) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]

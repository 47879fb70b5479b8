"""Bars: upright by month, and lying for a ranking. Never a pie."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

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
    label_of,
    value_of,
    words,
)
from quaestor.report.format import short

_BAR = {"type": "bar", "stroke": PAPER, "strokeWidth": 0.75}


def upright_bars(
    rows: Sequence[Mapping[str, Any]],
    parts: Sequence[Part],
    *,
    label: str,
    unit: str,
    band: tuple[str, str, str] | None = None,
    level: tuple[Decimal, str] | None = None,
    **words_about: str,
) -> Chart:
    """Draw one upright bar per row in their order, split into parts from bottom to top.

    Args:
        rows: One per bar. A part that is None or zero is not drawn.
        parts: Column, label and colour of each part, the lowest first; parts that no row has
            leave the legend too.
        label: The column that names a bar; a date is a month.
        unit: Of the amounts.
        band: Columns of the lowest and highest that a bar's top may be, and what that is called.
        level: An amount that no bar should be above, and what it is called.
        words_about: `key`, `title` and `description`, as `drawn` takes them.
    """
    used = [part for part in parts if any(row[part[0]] for row in rows)]
    values = _segments(rows, used, label, unit)
    names = [label_of(row[label]) for row in rows]
    ranges = [] if band is None else _ranges(rows, band, label, unit)
    legend = used[::-1]
    if band is not None and ranges:
        legend.append(("", band[2], "quiet"))
    if level is not None:
        legend.append(("", level[1], "ink"))

    def specification(width: int) -> dict[str, Any]:
        drawing = _upright(width, names, values)
        over = [_whiskers(ranges)] if ranges else []
        if level is not None:
            over.append(_line(level, unit))
        return _layered(drawing, over) if over else drawing

    return drawn(specification, legend=legend, **words_about)


def _ranges(
    rows: Sequence[Mapping[str, Any]], band: tuple[str, str, str], label: str, unit: str
) -> list[dict[str, Any]]:
    low, high, name = band
    return [
        {
            "place": place,
            "low": float(row[low]),
            "high": float(row[high]),
            "tip": f"{label_of(row[label])}, {name.lower()}: {value_of(row[low], unit)} to "
            f"{value_of(row[high], unit)}",
        }
        for place, row in enumerate(rows)
        if row[low] is not None and row[high] is not None
    ]


def _layered(bars: dict[str, Any], over: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return a chart of bars with layers over it that share its axes."""
    own = {key: bars.pop(key) for key in ("mark", "encoding")}
    axes = {name: own["encoding"][name] for name in ("x", "y")}
    layers = [
        {
            **layer,
            "encoding": {
                name: {**axes[name], "stack": None, **part}
                if name in axes and "value" not in part
                else part
                for name, part in layer["encoding"].items()
            },
        }
        for layer in over
    ]
    return {**bars, "layer": [own, *layers]}


def _whiskers(ranges: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return a thin upright bar from the lowest to the highest that is likely."""
    return {
        "data": {"values": list(ranges)},
        "mark": {"type": "bar", "size": 5, "color": QUIET},
        "encoding": {
            "x": {"field": "place"},
            "y": {"field": "low"},
            "y2": {"field": "high"},
            "description": {"field": "tip", "type": "nominal"},
        },
    }


def _line(level: tuple[Decimal, str], unit: str) -> dict[str, Any]:
    """Return a line across all bars, drawn as a thin bar: the style sheet knows fills."""
    value = {"level": float(level[0]), "tip": f"{level[1]}: {value_of(level[0], unit)}"}
    return {
        "data": {"values": [value]},
        "mark": {"type": "rect", "color": INK, "height": 2},
        "encoding": {
            "x": {"value": 0},
            "x2": {"value": "width"},
            "y": {"field": "level"},
            "description": {"field": "tip", "type": "nominal"},
        },
    }


def lying_bars(
    rows: Sequence[Mapping[str, Any]],
    parts: Sequence[Part],
    *,
    label: str,
    value: str,
    unit: str,
    **words_about: str,
) -> Chart:
    """Draw one lying bar per row in their order, its value written at its end.

    Args:
        rows: One per bar. A part that is None or zero is not drawn.
        parts: Column, label and colour of each part, from left to right; a part without a
            label has no place in the legend.
        label: The column that names a bar.
        value: The column that is written at its end.
        unit: Of the amounts.
        words_about: `key`, `title` and `description`, as `drawn` takes them.
    """
    used = [part for part in parts if any(row[part[0]] for row in rows)]
    values = _segments(rows, used, label, unit)
    ends = [
        {
            "y": place,
            "end": sum(max(0.0, float(row[column] or 0)) for column, _, _ in parts),
            "name": label_of(row[label]),
            "value": value_of(row[value], ""),
        }
        for place, row in enumerate(rows)
    ]

    def specification(width: int) -> dict[str, Any]:
        return _lying(width, ends, values)

    legend = [part for part in used if part[1]]
    return drawn(specification, legend=legend, **words_about)


def _segments(
    rows: Sequence[Mapping[str, Any]], parts: Sequence[Part], label: str, unit: str
) -> list[dict[str, Any]]:
    return [
        {
            "place": place,
            "amount": float(row[column]),
            "rank": rank,
            "colour": PALETTE[colour],
            "tip": _tip(label_of(row[label]), name, value_of(row[column], unit)),
        }
        for place, row in enumerate(rows)
        for rank, (column, name, colour) in enumerate(parts)
        if row[column]
    ]


def _tip(label: str, part: str, value: str) -> str:
    return f"{short(label, 120)}{', ' if part else ''}{part}: {value}"


def _upright(
    width: int, names: Sequence[str], values: Sequence[Mapping[str, Any]]
) -> dict[str, Any]:
    padding = {"left": 52, "right": 4, "top": 10, "bottom": 28}
    inner = width - padding["left"] - padding["right"]
    step = -(-len(names) * 52 // inner)  # so many bars share one label
    wanted = [place for place in range(len(names)) if (len(names) - 1 - place) % step == 0]
    months = axis(values=wanted, grid=False, labelExpr=f"{json.dumps(names)}[datum.value]")
    return {
        **frame(width, 300 if width == WIDE else 230, padding, values),
        "mark": {**_BAR, "size": min(72.0, inner / len(names) * 0.62)},
        "encoding": {
            "x": {
                "field": "place",
                "type": "ordinal",
                "scale": {"domain": list(range(len(names)))},
                "axis": months,
            },
            "y": {
                "field": "amount",
                "type": "quantitative",
                "stack": "zero",
                "axis": axis(tickCount=5, labelExpr=COMPACT),
            },
            "order": {"field": "rank", "type": "quantitative"},
            "color": {"field": "colour", "type": "nominal", "scale": None},
            "description": {"field": "tip", "type": "nominal"},
        },
    }


def _lying(
    width: int, ends: Sequence[Mapping[str, Any]], values: Sequence[Mapping[str, Any]]
) -> dict[str, Any]:
    """Set names beside the bars where there is room, and above them where there is not."""
    wide = width == WIDE
    row, left, room = (30, 220, 30) if wide else (46, 0, 46)
    bar_drop, name_rise = (0, 0) if wide else (9, -9)
    padding = {"left": left, "right": 100 if wide else 86, "top": 0, "bottom": 0}
    names = [{**end, "name": short(end["name"], room)} for end in ends]
    bands = {"domain": list(range(len(ends))), "paddingInner": 0, "paddingOuter": 0}
    y = {"field": "place", "type": "ordinal", "axis": None, "scale": bands}
    x = {"type": "quantitative", "axis": None, "scale": {"zero": True}}
    place = {**y, "field": "y"}
    bars = {
        "mark": {**_BAR, "height": 19 if wide else 15, "yOffset": bar_drop},
        "encoding": {
            "y": y,
            "x": {**x, "field": "amount", "stack": "zero"},
            "order": {"field": "rank", "type": "quantitative"},
            "color": {"field": "colour", "type": "nominal", "scale": None},
            "description": {"field": "tip", "type": "nominal"},
        },
    }
    start = {"y": place, "x": {"value": -left}}
    end = {"y": place, "x": {**x, "field": "end"}}
    return {
        **frame(width, row * len(ends), padding, values),
        "layer": [
            bars,
            words(names, "name", start, align="left", dy=name_rise, color=INK),
            words(names, "value", end, align="left", dx=8, dy=bar_drop, color=QUIET),
        ],
    }

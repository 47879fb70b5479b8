"""Why amounts changed: one lying bar per change, of signed parts that add up to it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from quaestor.report.charts import (
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
_MARK = {"type": "tick", "orient": "vertical", "color": INK, "opacity": 1, "thickness": 3}


def signed_bars(
    rows: Sequence[Mapping[str, Any]],
    parts: Sequence[Part],
    *,
    label: str,
    value: str,
    unit: str,
    **words_about: str,
) -> Chart:
    """Draw one lying bar per change: what added to it to the right of zero, what took to the left.

    A mark stands where the parts together end, which is the change.

    Args:
        rows: One per change, in order. A part that is None or zero is not drawn.
        parts: Column, label and colour of each part; those that no row has leave the legend.
        label: The column that names a bar.
        value: The column of the change; it is written beside the bar, with its sign.
        unit: Of the amounts.
        words_about: `key`, `title` and `description`, as `drawn` takes them.
    """
    used = [part for part in parts if any(row[part[0]] for row in rows)]
    values = [
        {
            "place": place,
            "amount": float(row[column]),
            "rank": rank,
            "colour": PALETTE[colour],
            "tip": _tip(row[label], name, row[column], unit),
        }
        for place, row in enumerate(rows)
        for rank, (column, name, colour) in enumerate(used)
        if row[column]
    ]
    ends = [_end(place, row[label], row[value], unit) for place, row in enumerate(rows)]

    def specification(width: int) -> dict[str, Any]:
        return _signed(width, values, ends)

    return drawn(specification, legend=[*used, ("", "All of it", "ink")], **words_about)


def _end(place: int, name: Any, change: Decimal, unit: str) -> dict[str, Any]:
    return {
        "place": place,
        "amount": float(change),
        "name": label_of(name),
        "value": ("+" if change > 0 else "") + value_of(change, ""),
        "tip": _tip(name, "all of it", change, unit),
    }


def _tip(name: Any, part: str, amount: Decimal, unit: str) -> str:
    return f"{short(label_of(name), 120)}, {part}: {value_of(amount, unit)}"


def _signed(
    width: int, values: Sequence[Mapping[str, Any]], ends: Sequence[Mapping[str, Any]]
) -> dict[str, Any]:
    """Set names beside the bars where there is room, and above them where there is not."""
    wide = width == WIDE
    row, left, room = (30, 270, 38) if wide else (46, 0, 34)
    drop, rise = (0, 0) if wide else (9, -9)
    padding = {"left": left, "right": 100 if wide else 0, "top": 0, "bottom": 0}
    bands = {"domain": list(range(len(ends))), "paddingInner": 0, "paddingOuter": 0}
    y = {"field": "place", "type": "ordinal", "axis": None, "scale": bands}
    zero = axis(values=[0], grid=True, gridColor=PALETTE["grey"], labels=False)
    x = {"type": "quantitative", "axis": zero, "scale": {"domain": _domain(values, ends)}}
    tip = {"field": "tip", "type": "nominal"}
    names = [{**end, "name": short(end["name"], room)} for end in ends]
    bars = {
        "mark": {**_BAR, "height": 19 if wide else 15, "yOffset": drop},
        "encoding": {
            "y": y,
            "x": {**x, "field": "amount", "stack": "zero"},
            "order": {"field": "rank", "type": "quantitative"},
            "color": {"field": "colour", "type": "nominal", "scale": None},
            "description": tip,
        },
    }
    marks = {
        "data": {"values": list(ends)},
        "mark": {**_MARK, "size": 25 if wide else 21, "yOffset": drop},
        "encoding": {"y": y, "x": {**x, "field": "amount"}, "description": tip},
    }
    start = {"y": y, "x": {"value": -left}}
    end = {"y": y, "x": {"value": width - left}}
    return {
        **frame(width, row * len(ends), padding, values),
        "layer": [
            bars,
            marks,
            words(names, "name", start, align="left", dy=rise, color=INK),
            words(names, "value", end, align="right", dy=rise, color=QUIET),
        ],
    }


def _domain(values: Sequence[Mapping[str, Any]], ends: Sequence[Mapping[str, Any]]) -> list[float]:
    """Return from where to where bars reach, and zero."""
    sums = {True: [0.0] * len(ends), False: [0.0] * len(ends)}
    for value in values:
        sums[value["amount"] > 0][value["place"]] += value["amount"]
    reach = [*sums[True], *sums[False], *(end["amount"] for end in ends)]
    low, high = min(reach), max(reach)
    return [low * 1.02, high * 1.02] if low < high else [-1.0, 1.0]

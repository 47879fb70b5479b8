"""Steps from one total to another: what made the difference, each beginning where one ended."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from itertools import pairwise
from typing import Any

from quaestor.report.charts import (
    INK,
    LINE,
    PALETTE,
    PAPER,
    QUIET,
    WIDE,
    Chart,
    drawn,
    frame,
    label_of,
    value_of,
    words,
)
from quaestor.report.format import plain_money, short

_MORE, _LESS, _TOTAL = "orange", "green", "blue"


def steps_chart(
    rows: Sequence[Mapping[str, Any]],
    *,
    label: str,
    value: str,
    is_total: str,
    unit: str,
    **words_about: str,
) -> Chart:
    """Draw one line per row: totals as marks, and between them what was added or taken away.

    The axis begins near the totals and not at zero, or steps of a few percent could not be seen;
    so a total is a mark and no bar, whose length would mislead.

    Args:
        rows: In order; each total is the one before and the steps between.
        label: The column that names a row.
        value: The column with the amount, exact.
        is_total: The column that says whether it is a total.
        unit: Of the amounts.
        words_about: `key`, `title` and `description`, as `drawn` takes them.
    """
    values = _values(rows, label, value, is_total, unit)

    def specification(width: int) -> dict[str, Any]:
        return _steps(width, values)

    legend = [("", name, colour) for name, colour in (("More", _MORE), ("Less", _LESS))]
    used = {one["colour"] for one in values}
    shown = [one for one in legend if PALETTE[one[2]] in used]
    return drawn(specification, legend=shown, **words_about)


def _values(
    rows: Sequence[Mapping[str, Any]], label: str, value: str, is_total: str, unit: str
) -> list[dict[str, Any]]:
    """Return where each row begins and ends, and what is written beside it."""
    level = Decimal(0)
    values = []
    for place, row in enumerate(rows):
        amount = row[value]
        before = amount if row[is_total] else level
        level = amount if row[is_total] else level + amount
        low, high = sorted((before, level))
        colour = _TOTAL if row[is_total] else _MORE if amount > 0 else _LESS
        sign = "+" if not row[is_total] and amount > 0 else ""
        values.append(
            {
                "y": place,
                "from": float(low),
                "to": float(high),
                "level": float(level),
                "name": label_of(row[label]),
                "value": f"{sign}{plain_money(amount)}",
                "is_total": bool(row[is_total]),
                "colour": PALETTE[colour],
                "tip": f"{label_of(row[label])}: {sign}{value_of(amount, unit)}",
            }
        )
    return values


def _steps(width: int, values: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Set names beside the marks where there is room, and above them where there is not."""
    wide = width == WIDE
    row, left, drop = (34, 220, 0) if wide else (52, 0, 9)
    padding = {"left": left, "right": 110 if wide else 92, "top": 0, "bottom": 0}
    low = min((one["from"] for one in values), default=0.0)
    high = max((one["to"] for one in values), default=0.0)
    room = (high - low) * 0.04 or 1.0
    bands = {"domain": list(range(len(values))), "paddingInner": 0, "paddingOuter": 0}
    y = {"field": "y", "type": "ordinal", "axis": None, "scale": bands}
    x = {
        "type": "quantitative",
        "axis": None,
        "scale": {"zero": False, "nice": False, "domain": [low - room, high + room]},
    }
    return {
        **frame(width, row * len(values), padding, values),
        "layer": [
            _hairlines(values, y, x, drop),
            *_marks(y, x, drop, thick=19 if wide else 15, more=6 if wide else 0),
            *_texts(values, y, x, left=left, wide=wide, drop=drop),
        ],
    }


def _hairlines(
    values: Sequence[Mapping[str, Any]], y: Mapping[str, Any], x: Mapping[str, Any], drop: int
) -> dict[str, Any]:
    """Join where one row ends to where the next begins."""
    return {
        "data": {"values": _joins(values)},
        "mark": {"type": "rule", "stroke": LINE, "yOffset": drop, "y2Offset": drop},
        "encoding": {
            "y": y,
            "y2": {"field": "next"},
            "x": {**x, "field": "level"},
            "description": {"value": "-"},
        },
    }


def _marks(
    y: Mapping[str, Any], x: Mapping[str, Any], drop: int, *, thick: int, more: int
) -> list[dict[str, Any]]:
    """Draw steps as bars and totals as marks that are a little higher."""
    seen = {
        "color": {"field": "colour", "type": "nominal", "scale": None},
        "description": {"field": "tip", "type": "nominal"},
    }
    bar = {"type": "bar", "height": thick, "yOffset": drop, "stroke": PAPER, "strokeWidth": 0.75}
    tick = {"type": "tick", "thickness": 4, "height": thick + more, "yOffset": drop}
    return [
        {
            "transform": [{"filter": "!datum.is_total"}],
            "mark": bar,
            "encoding": {"y": y, "x": {**x, "field": "from"}, "x2": {"field": "to"}, **seen},
        },
        {
            "transform": [{"filter": "datum.is_total"}],
            "mark": tick,
            "encoding": {"y": y, "x": {**x, "field": "to"}, **seen},
        },
    ]


def _texts(
    values: Sequence[Mapping[str, Any]],
    y: Mapping[str, Any],
    x: Mapping[str, Any],
    *,
    left: int,
    wide: bool,
    drop: int,
) -> list[dict[str, Any]]:
    """Write the name of each row, and its amount at its end."""
    names = [{**one, "name": short(one["name"], 30 if wide else 46)} for one in values]
    start = {"y": y, "x": {"value": -left}}
    end = {"y": y, "x": {**x, "field": "to"}}
    return [
        words(names, "name", start, align="left", dy=0 if wide else -12, color=INK),
        words(names, "value", end, align="left", dx=10, dy=drop, color=QUIET),
    ]


def _joins(values: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return the hairlines from where one row ends to where the next begins."""
    return [
        {"y": one["y"], "next": following["y"], "level": one["level"]}
        for one, following in pairwise(values)
    ]

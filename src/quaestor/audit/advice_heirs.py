"""What counts in the place of advice that is dismissed.

The ledger knows of no dismissals: of alternatives it counts the best. Where that one is turned
down, the next best about the same thing counts, or what is advised on its parts. Rather too little
is promised than a saving twice: what only the ledger could weigh anew stays uncounted.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from decimal import ROUND_FLOOR, Decimal
from typing import Any

from quaestor.core.run_summary import OPEN

Row = dict[str, Any]
_CENTS = Decimal("0.0001")  # a part of a saving is an estimate


def with_heirs(rows: Sequence[Row]) -> list[Row]:
    """Return rows of advice that is given, each heir of a dismissed one counted in its place.

    Args:
        rows: With `state` and the columns of `ledger.recommendation`.
    """
    behind: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        if row["instead_of"] and row["state"] in OPEN and (row["saving_per_month"] or 0) > 0:
            behind[row["instead_of"]].append(row)
    counted: dict[str, Row] = {}
    for row in rows:
        if row["state"] == "dismissed" and (row["counted_saving_per_month"] or 0) > 0:
            for heir, saving in _heirs(row, behind[row["recommendation"]]):
                told = {"counted_saving_per_month": saving, "instead_of": None}
                counted[heir["recommendation"]] = {**heir, **told, "counts_because": "best"}
    return [counted.get(row["recommendation"], row) for row in rows]


def _heirs(dismissed: Row, behind: Sequence[Row]) -> Iterator[tuple[Row, Decimal]]:
    """Yield what counts instead, with how much of its saving does.

    Alternatives of one thing before its parts: the parts stand behind the thing's best.
    """
    # As much of it as of the dismissed: the rest strands commitments, or is more than the whole.
    ratio = dismissed["counted_saving_per_month"] / dismissed["saving_per_month"]
    same = [row for row in behind if row["counts_because"] == "alternative"]
    parts = [
        row
        for row in behind
        if row["counts_because"] == "inside"
        and row["inside"] is not None
        and row["inside"] == dismissed["saves_on"]
    ]
    left = dismissed["cost_per_month"]
    chosen = [max(same, key=_size)] if same else _best_of_each(parts)
    for row in chosen:
        saving: Decimal = row["saving_per_month"]
        if left is None or saving <= left:
            left = None if left is None else left - saving
            yield row, (saving * ratio).quantize(_CENTS, ROUND_FLOOR)


def _best_of_each(parts: Sequence[Row]) -> list[Row]:
    """Return the best advice on each part, the largest saving first."""
    best: dict[str, Row] = {}
    for row in sorted(parts, key=_size):
        best[row["saves_on"] or row["recommendation"]] = row
    return sorted(best.values(), key=_size, reverse=True)


def _size(row: Mapping[str, Any]) -> tuple[Decimal, str]:
    return row["saving_per_month"], row["recommendation"]

"""Rows of advice as people and programs read them, and the line that says what counts."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from quaestor.cli.advice_rows import COLUMNS, STATES, Advice, Row
from quaestor.cli.output import table
from quaestor.core.money import amount_text
from quaestor.core.run_summary import OPEN
from quaestor.core.text import guarded, json_value, printable

FORMATS = ("table", "json", "csv", "markdown")
_LEAST = 60  # characters of what to do, in a table on a terminal, however narrow that is
_WORDS = {
    "alternative": "in whose place another counts",
    "inside": "inside a larger thing that counts",
    "unpriced": "whose saving is not known",
}


def shown(name: str, advice: Advice, rows: Sequence[Row], *, width: int | None = None) -> str:
    """Return the rows in a format.

    Args:
        name: One of FORMATS.
        advice: All there is, for the sums.
        rows: What was asked for.
        width: Of the terminal that a table is for; None: it is for none.
    """
    if name == "json":
        from quaestor.report.export.json import dump

        value = {
            "schema_version": "1",
            "currency": advice.currency,
            "totals": totals(rows),
            "looked_at": advice.looked_at,
            "advice": rows,
        }
        return dump(json_value(value))
    if name == "csv":
        return _as_csv(rows)
    if name == "markdown":
        return _as_markdown(advice, rows)
    return _as_table(advice, rows, width)


def totals(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return what open advice comes to, and what of it does not count and why."""
    standing = [row for row in rows if row["state"] in OPEN]
    return {
        "open": len(standing),
        "saving_per_month": _sum(standing, "counted_saving_per_month"),
        "ending_per_month": _sum(
            [row for row in standing if row["may_end"]], "counted_saving_per_month"
        ),
        "not_counted": {
            why: {
                "advice": len(of),
                "saving_per_month": None if why == "unpriced" else _sum(of, "saving_per_month"),
            }
            for why in sorted({row["counts_because"] for row in standing} - {"best"})
            if (of := [row for row in standing if row["counts_because"] == why])
        },
        "stranded_per_month": _sum(standing, "stranded_per_month"),
        **{state: sum(row["state"] == state for row in rows) for state in STATES[2:]},
        "realised_per_month": _sum(
            [row for row in rows if row["state"] == "taken"], "realised_per_month"
        ),
    }


def total_lines(advice: Advice, rows: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Yield what counts of the rows, what does not, and what was looked at."""
    sums = totals(rows)
    lasting = sums["saving_per_month"] - sums["ending_per_month"]
    line = f"{sums['open']:,} open: {_money(lasting, advice)} a month"
    if sums["ending_per_month"]:
        ending = _money(sums["ending_per_month"], advice)
        line += f", and {ending} a month while jobs run that may end by themselves"
    apart = [
        f"{of['advice']:,} {_WORDS.get(why, why)}"
        + (f" ({_money(of['saving_per_month'], advice)})" if why != "unpriced" else "")
        for why, of in sums["not_counted"].items()
    ]
    if apart:
        line += f"; not counted: {', '.join(apart)}"
    yield line
    if sums["stranded_per_month"]:
        stranded = _money(sums["stranded_per_month"], advice)
        yield f"{stranded} a month of commitments would then stand unused, and is taken off"
    known = [row for row in rows if row["realised_per_month"] is not None]
    if sums["taken"]:
        yield (
            f"{sums['taken']:,} taken: {len(known):,} measured on the bill, "
            f"{_money(sums['realised_per_month'], advice)} a month"
        )
    counts = [f"{count:,} {answer}" for answer, count in advice.looked_at.items()]
    objects = sum(advice.looked_at.values())
    yield f"looked at: {objects:,} ({', '.join(counts)})" if counts else "Nothing was looked at."


def to_do(row: Mapping[str, Any]) -> str:
    """Return what is advised, in a few words."""
    if row["action"] is None:
        return ""
    change = " -> ".join(str(row[name]) for name in ("current", "proposed") if row[name])
    return f"{row['action']}: {change}" if change else str(row["action"])


def _as_table(advice: Advice, rows: Sequence[Row], width: int | None) -> str:
    lines = list(total_lines(advice, rows))
    standing = sum(row["state"] in OPEN for row in advice.rows)
    if standing and not rows:
        lines.insert(
            0, f"Nothing fits what was asked for; without it, {standing:,} would be listed."
        )
    if rows:
        cells = [_cells(row) for row in rows]
        if width is not None:
            cells = _fitted(cells, width)
        lines = [table(cells, right=["saving a month"]), "", *lines]
    return "\n".join(lines)


def _cells(row: Mapping[str, Any]) -> Row:
    """Return a row of the table: with the reason where there is nothing to do or it is over."""
    standing = row["state"] in OPEN
    what = to_do(row) if standing else row["state_reason"] or row["reason"] or to_do(row)
    counted = row["counts_because"]
    return {
        "saving a month": "" if row["action"] is None else _saving(row),
        "kind": row["kind"],
        "name": row["name"],
        "what to do": printable(" ".join(what.split())),
        "confidence": row["confidence"],
        "state": row["state"],
        "counts": "" if not standing else {"best": "yes"}.get(counted, counted),
        "id": row["id"],
    }


def _saving(row: Mapping[str, Any]) -> str:
    """Return what advice saves: taken, what it was measured to, where it was."""
    if row["state"] == "taken" and row["realised_per_month"] is not None:
        low, high = amount_text(row["realised_low"]), amount_text(row["realised_high"])
        return f"{amount_text(row['realised_per_month'])} ({low} to {high})"
    return amount_text(row["saving_per_month"])


def _as_csv(rows: Sequence[Mapping[str, Any]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for row in rows:
        cells = (json_value(row[name]) for name in COLUMNS)
        writer.writerow([None if cell is None else guarded(printable(cell)) for cell in cells])
    return text.getvalue()


def _as_markdown(advice: Advice, rows: Sequence[Mapping[str, Any]]) -> str:
    from quaestor.report.export.markup import code, escaped

    lines = ["| Saving a month | Kind | Name | What to do | Confidence | State | Counts | ID |"]
    lines.append("|--:|---|---|---|---|---|---|---|")
    for row in rows:
        saving, kind, name, what, confidence, state, counts, number = _cells(row).values()
        cells = (
            escaped(saving, 100),
            code(kind, 200),
            escaped(name, 500),
            escaped(what, 500),
            confidence or "",
            state,
            counts or "",
            code(number, 100),
        )
        lines.append(f"| {' | '.join(cells)} |")
    told = [f"- {escaped(line, 500)}" for line in total_lines(advice, rows)]
    return "\n".join([*(lines if rows else []), "", *told]).lstrip("\n")


def _sum(rows: Sequence[Mapping[str, Any]], name: str) -> Decimal:
    return sum((row[name] for row in rows if row[name] is not None), Decimal(0))


def _money(amount: Decimal, advice: Advice) -> str:
    return amount_text(amount, advice.currency)


def _fitted(cells: Sequence[Row], width: int) -> list[Row]:
    """Cut what is to be done to what is left of a line, and to no less than a few words."""
    others = table([{**row, "what to do": ""} for row in cells]).splitlines()[1]
    most = max(_LEAST, width - len(others) + len("what to do"))
    return [{**row, "what to do": _cut(row["what to do"], most)} for row in cells]


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"

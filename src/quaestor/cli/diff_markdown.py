"""What changed between two audits as Markdown, for a chat or a pull request."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from quaestor.audit.changes import Changes
from quaestor.cli.diff_shown import (
    advice_cells,
    cost_sentence,
    counts,
    mover,
    notes,
    signed,
    steps,
)
from quaestor.core.money import amount_text
from quaestor.report.export.markup import code, escaped

_MOST = 10
_RIGHT = ("before", "now", "change")


def as_markdown(found: Changes) -> str:
    """Return the sentence, the way from one cost to the other, and the largest changes."""
    return "\n".join(_lines(found)) + "\n"


def _lines(found: Changes) -> Iterator[str]:
    one, other = found.before, found.after
    yield f"### Changes from {one.audited_at:%Y-%m-%d %H:%M} to {other.audited_at:%Y-%m-%d %H:%M}"
    yield ""
    yield escaped(_capital(cost_sentence(found)), 500)
    if found.cost.rows:
        yield from _cost_tables(found)
    yield ""
    yield from (f"- {escaped(line, 500)}" for line in notes(found))
    told = ", ".join(f"{count:,} {change}" for change, count in counts(found.findings).items())
    yield ""
    yield f"**Findings:** {told or 'none changed'}"
    yield from _table(
        [
            {
                "change": row["change"],
                "severity": row["severity"],
                "rule": row["policy"],
                "subject": row["subject"],
                "since": f"{row['first_seen']:%Y-%m-%d}",
            }
            for row in found.findings[:_MOST]
        ],
        right=(),
        names=("rule", "subject"),
    )
    told = ", ".join(f"{count:,} {change}" for change, count in counts(found.advice).items())
    yield ""
    yield f"**Advice:** {told or 'none changed'}"
    yield from _table(
        [advice_cells(row) for row in found.advice[:_MOST]],
        right=("a month", "realised"),
        names=("kind", "id"),
    )


def _cost_tables(found: Changes) -> Iterator[str]:
    currency = found.cost.facts["currency"] or "cost"
    yield from _table(
        [
            {"what": what, currency: amount_text(amount) if total else signed(amount)}
            for what, amount, total in steps(found)
        ],
        right=(currency,),
    )
    moved = [row for row in found.cost.of("model", "no model") if row["change"]]
    moved.sort(key=lambda row: -abs(row["change"]))
    yield from _table([mover(row, "model") for row in moved[:_MOST]])


def _table(
    rows: Sequence[Mapping[str, str]], *, right: Sequence[str] = _RIGHT, names: Sequence[str] = ()
) -> Iterator[str]:
    """Yield a table after an empty line; nothing where there is no row."""
    if not rows:
        return
    heads = list(rows[0])
    yield ""
    yield f"| {' | '.join(escaped(_capital(head), 40) for head in heads)} |"
    yield f"|{'|'.join('--:' if head in right else '---' for head in heads)}|"
    for row in rows:
        cells = [code(row[head], 300) if head in names else escaped(row[head], 300) for head in row]
        yield f"| {' | '.join(cells)} |"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]

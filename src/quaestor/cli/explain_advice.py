"""Advice in words: what to do, what it saves and how that was worked out, what became of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from quaestor.cli.explain_rows import pairs
from quaestor.cli.output import table
from quaestor.core.money import amount_text, exact_text
from quaestor.core.text import printable

if TYPE_CHECKING:
    from quaestor.report.explain_advice import AdviceBehind

Row = Mapping[str, Any]
_BASES = {
    "bill": "what the bill says of the thing itself",
    "effective rate": "a part of the thing, at what the bill says that it costs",
    "list": "list prices; what the bill has is not known",
}
_COUNTS = {
    "best": "all of it counts towards the total",
    "alternative": "it does not count: {instead_of} counts in its place",
    "inside": "it does not count: {instead_of} is about a larger thing that holds it",
    "unpriced": "its saving is not known, so that it is in no sum",
}


def advice_lines(one: AdviceBehind, currency: str | None, about: str | None) -> Iterator[str]:
    """Yield everything behind one piece of advice.

    Args:
        one: The advice.
        currency: The reporting currency.
        about: The sentence of its kind; None: there is no such kind any more.
    """
    yield from pairs(_known(_what(one.said, about)))
    if one.said["action"] is not None:
        yield from ("", "What it saves", "")
        yield from pairs(_known(_saving(one.said, currency)))
    if one.said["evidence"]:
        yield from ("", "Evidence", "")
        evidence: Row = one.said["evidence"]
        yield from pairs({key: "unknown" if it is None else it for key, it in evidence.items()})
    yield from _others(one.others)
    yield from _backtest(one)
    yield from _history(one, currency)
    yield from _bill(one, currency)


def _what(said: Row, about: str | None) -> dict[str, Any]:
    answer = None if said["answer"] == "advise" else said["answer"]
    return {
        "id": said["recommendation"],
        "kind": f"{said['kind']}: {about}" if about else said["kind"],
        "subject": said["subject"],
        "name": said["name"],
        "answer": answer or ("advise" if said["answer"] else "not looked at any more"),
        "because": said["reason"],
        "action": said["action"],
        "current": said["current"],
        "proposed": said["proposed"],
        "confidence": said["confidence"],
        "risk": said["risk"],
        "command": said["command"],
        "team": said["team"],
        "model": ":".join(filter(None, (said["model"], said["model_version"]))) or None,
        "environment": said["environment"],
        "source": said["source"],
        "resource": said["resource_id"],
    }


def _saving(said: Row, currency: str | None) -> dict[str, Any]:
    ratio = said["committed_ratio"]
    counts = _COUNTS.get(said["counts_because"] or "")
    stranded = said["stranded_per_month"]
    return {
        "it costs": _month(said["cost_per_month"], currency),
        "it would save": _month(said["saving_per_month"], currency),
        "on the basis of": _BASES.get(said["saving_basis"] or "", said["saving_basis"]),
        "committed": f"{ratio:.0%} of its cost is covered by commitments" if ratio else None,
        "then unused": _month(stranded, currency) + " of commitments, taken off"
        if stranded
        else None,
        "counts": counts and counts.format(instead_of=said["instead_of"]),
        "in the total": None
        if said["counted_saving_per_month"] is None
        else _month(said["counted_saving_per_month"], currency),
    }


def _others(others: Sequence[Row]) -> Iterator[str]:
    if not others:
        return
    yield from ("", "Other advice about the same money", "")
    yield table(
        [
            {
                "saving a month": amount_text(row["saving_per_month"]),
                "kind": row["kind"],
                "name": row["name"],
                "action": row["action"],
                "counts": row["counts_because"],
                "id": row["recommendation"],
            }
            for row in others
        ],
        right=["saving a month"],
    )


def _backtest(one: AdviceBehind) -> Iterator[str]:
    for row in one.backtest:
        yield from ("", f"Replayed on days that it was not made from: {printable(row['what'])}", "")
        yield from pairs(_known({key: it for key, it in row.items() if key != "what"}))


def _history(one: AdviceBehind, currency: str | None) -> Iterator[str]:
    if not one.states:
        if one.said["action"] is not None:
            yield from ("", "No audit has recorded it yet.")
        return
    yield from ("", "What became of it, by the audits", "")
    yield table(
        [
            {
                "audited": f"{row['audited_at']:%Y-%m-%d %H:%M}",
                "state": row["state"],
                "because": row["state_reason"],
                "saving a month": amount_text(row["saving_per_month"]),
            }
            for row in one.states
        ],
        right=["saving a month"],
    )
    said = one.said
    if said["realised_per_month"] is not None:
        low, high = amount_text(said["realised_low"]), amount_text(said["realised_high"])
        yield ""
        yield (
            f"It saves {_month(said['realised_per_month'], currency)} on the bill, {low} to {high} "
            f"with 80 % confidence: {printable(said['realised_how'])}."
        )
    elif said["realised_how"]:
        yield from ("", f"What it saves on the bill is {printable(said['realised_how'])}.")


def _bill(one: AdviceBehind, currency: str | None) -> Iterator[str]:
    rate = one.rate
    if rate is None:
        if one.said["resource_id"]:
            yield from ("", "The bill has no charge of this resource in its last days.")
        return
    cost = rate["effective_cost"]
    spent = "unknown" if cost is None else f"{exact_text(cost)} {currency or ''}".rstrip()
    yield from ("", "What its resource costs on the bill", "")
    yield from pairs(
        _known(
            {
                "days": f"{rate['first_day']} to {rate['last_day']}, {rate['days']} with charges; "
                f"looked at up to {rate['until']}",
                "effective cost": spent,
                "a month of 730 h": _month(rate["cost_per_month"], currency),
                "committed": f"{rate['committed_ratio']:.0%}" if rate["committed_ratio"] else None,
            }
        )
    )
    if one.charges:
        yield ""
        shown = [{**row, "effective_cost": _exact(row["effective_cost"])} for row in one.charges]
        blank = {name for name in shown[0] if all(row[name] is None for row in shown)}
        yield table(
            [{name: it for name, it in row.items() if name not in blank} for row in shown],
            right=["effective_cost", "charges"],
        )
    if one.files:
        yield from ("", "From these landed files", "")
        yield table(list(one.files), right=["charges"])


def _month(amount: Any, currency: str | None) -> str:
    return "unknown" if amount is None else f"{amount_text(amount, currency)} a month"


def _exact(amount: Any) -> str:
    return "unknown" if amount is None else exact_text(amount)


def _known(values: Row) -> dict[str, Any]:
    return {key: value for key, value in values.items() if value is not None}

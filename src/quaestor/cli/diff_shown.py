"""What changed between two audits, as people and programs read it."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from quaestor.audit.changes import EFFECTS, Changes, Row
from quaestor.cli.output import table
from quaestor.core.money import amount_text
from quaestor.core.text import guarded, json_value, printable
from quaestor.report.format import total

_MOST = 10  # rows of each table for people; csv and json have all
_CUT = 48  # characters of a name in a table
SCOPES = (("model", "no model"), ("team", "no team"), ("service", "no service"))
COLUMNS = (
    "section", "change", "scope", "name", "source", "model", "team", "severity", "before", "after",
    "amount", *(f"{name}_effect" for name in EFFECTS), "restated", "low", "high", "currency",
    "reason", "since", "id",
)  # fmt: skip


def shown(name: str, found: Changes) -> str:
    """Return what changed in a format: table, json, markdown or csv."""
    if name == "json":
        from quaestor.report.export.json import dump

        return dump(json_value(as_dict(found)))
    if name == "csv":
        return _as_csv(found)
    if name == "markdown":
        from quaestor.cli.diff_markdown import as_markdown

        return as_markdown(found)
    return "\n".join(_lines(found))


def as_dict(found: Changes) -> Row:
    """Return all of it for programs; a version of its own says how it is laid out."""
    return {
        "schema_version": "1",
        "before": _run(found.before),
        "after": _run(found.after),
        "cost": {**found.cost.facts, "rows": found.cost.rows},
        "findings": {"counts": counts(found.findings), "rows": found.findings},
        "advice": {"sums": advice_sums(found.advice), "rows": found.advice},
        "blind_spots": found.blind_spots,
        "rules": found.rules,
        "same_configuration": found.same_configuration,
        "figures": {
            name: {"before": one, "after": other} for name, (one, other) in found.figures.items()
        },
    }


def counts(rows: Sequence[Row]) -> dict[str, int]:
    """Return how many rows each change has, in their order."""
    return dict(Counter(row["change"] for row in rows))


def advice_sums(rows: Sequence[Row]) -> dict[str, Row]:
    """Return how much advice changed how, what it saves, and what was measured of it."""
    return {
        change: {
            "advice": len(of),
            "saving_per_month": total(of, "saving_per_month"),
            "realised_per_month": total(of, "realised_per_month"),
        }
        for change in dict.fromkeys(row["change"] for row in rows)
        if (of := [row for row in rows if row["change"] == change])
    }


def signed(amount: Decimal | None) -> str:
    """Show a change, with its sign.

    >>> signed(Decimal("1200.5")), signed(Decimal("-3")), signed(Decimal(0)), signed(None)
    ('+1,200.50', '-3.00', '0.00', 'unknown')
    """
    return f"{'+' if amount is not None and amount > 0 else ''}{amount_text(amount)}"


def steps(found: Changes) -> Iterator[tuple[str, Decimal | None, bool]]:
    """Yield the way from what was said by then to the cost of now: what, how much, is it a total.

    Effects of nothing are left out.
    """
    facts, whole = found.cost.facts, found.cost.rows[0]
    if facts["restated"]:
        yield f"said on {found.before.audited_at:%Y-%m-%d}", facts["said_cost"], True
        yield "restated since", facts["restated"], False
    yield f"{facts['days']} days to {facts['before_last']}", facts["before_cost"], True
    for name in EFFECTS:
        if whole[f"{name}_effect"]:
            yield _EFFECT_NAMES.get(name, name), whole[f"{name}_effect"], False
    yield f"{facts['days']} days to {facts['after_last']}", facts["after_cost"], True


_EFFECT_NAMES = {"unmeasured": "without a quantity"}


def cost_sentence(found: Changes) -> str:
    """Return in one sentence what the windows cost."""
    facts = found.cost.facts
    if facts["unknown_because"]:
        return f"cost: not comparable: {facts['unknown_because']}"
    before, after = facts["before_cost"], facts["after_cost"]
    if before is None or after is None:
        return "cost: unknown: no charge of one of the windows has an exchange rate"
    change = after - before
    ratio = f" ({float(change / before):+.1%})" if before > 0 else ""
    more = f"{amount_text(abs(change))}{ratio} {'more' if change > 0 else 'less'} than"
    return (
        f"cost: {amount_text(after, facts['currency'])} in the {facts['days']} days to "
        f"{facts['after_last']}, {more if change else 'as much as'} in those to "
        f"{facts['before_last']}"
    )


def notes(found: Changes) -> Iterator[str]:
    """Yield what a reader has to know so as not to take one thing for another."""
    facts = found.cost.facts
    if facts["overlap_days"]:
        yield f"{facts['overlap_days']} of the {facts['days']} days are in both windows"
    if not facts["unknown_because"] and facts["restated"] is None:
        yield "what the first audit said of these days is not known, so nothing is called restated"
    said = facts["after_said_cost"]
    if said is not None and said != facts["after_cost"]:
        more = signed(facts["after_cost"] - said)
        yield f"the later window was restated too since its audit: {more}"
    unrated = (facts["before_unrated"] or 0) + (facts["after_unrated"] or 0)
    if unrated:
        yield f"{unrated:,} charges have no exchange rate and are in no figure"
    if found.before.version != found.after.version:
        yield f"Quaestor {found.before.version} audited before, {found.after.version} now"
    if found.same_configuration is False:
        yield "the configuration is another one: some changes may be of rules, not of the estate"
    if found.rules:
        said = ", ".join(f"{count} {change}" for change, count in counts(found.rules).items())
        yield f"rules: {said}"


def _lines(found: Changes) -> Iterator[str]:
    for which, run in (("from", found.before), ("to", found.after)):
        yield f"{which:4} {run.audited_at:%Y-%m-%d %H:%M} UTC  {run.id}"
    yield ""
    yield cost_sentence(found)
    if found.cost.rows:
        yield from _cost_lines(found)
    yield from (f"note: {line}" for line in notes(found))
    yield from _finding_lines(found)
    yield from _advice_lines(found)
    yield from _spot_lines(found)


def _cost_lines(found: Changes) -> Iterator[str]:
    currency = found.cost.facts["currency"] or "cost"
    way = [
        {"": what, currency: amount_text(amount) if is_total else signed(amount)}
        for what, amount, is_total in steps(found)
    ]
    yield ""
    yield table(way, right=[currency])
    for scopes in SCOPES:
        moved = [row for row in found.cost.of(*scopes) if row["change"] or row["change"] is None]
        if moved:
            moved.sort(key=lambda row: (row["change"] is None, -abs(row["change"] or 0)))
            yield ""
            yield table(
                [mover(row, scopes[0]) for row in moved[:_MOST]],
                right=["before", "now", "change"],
            )
            yield from _more(len(moved))
    yield ""


def mover(row: Mapping[str, Any], heading: str) -> dict[str, str]:
    """Return a row of the largest changes, in words."""
    parts = [(row[f"{name}_effect"], name) for name in EFFECTS if row[f"{name}_effect"]]
    parts.sort(key=lambda part: -abs(part[0]))
    return {
        heading: _short(row["subject"]),
        "before": amount_text(row["before_cost"]),
        "now": amount_text(row["after_cost"]),
        "change": signed(row["change"]),
        "by": ", ".join(f"{_EFFECT_NAMES.get(name, name)} {signed(part)}" for part, name in parts),
        "changed most": _short(row["resource_id"] or row["sku_id"] or row["service"] or ""),
    }


def _finding_lines(found: Changes) -> Iterator[str]:
    rows = found.findings
    yield ""
    told = ", ".join(f"{count:,} {change}" for change, count in counts(rows).items())
    yield f"findings: {told or 'none changed'}"
    if rows:
        yield ""
        yield table([_finding(row) for row in rows[: 2 * _MOST]])
        yield from _more(len(rows), 2 * _MOST)


def _finding(row: Mapping[str, Any]) -> dict[str, str]:
    return {
        "change": row["change"] + (", rule changed" if row["rule_changed"] else ""),
        "severity": row["severity"]
        if row["change"] != "severity"
        else f"{row['severity_before']} -> {row['severity']}",
        "policy": row["policy"],
        "subject": _short(row["subject"]),
        "since": f"{row['first_seen']:%Y-%m-%d}",
        "id": row["fingerprint"][:12],
    }


def _advice_lines(found: Changes) -> Iterator[str]:
    yield ""
    told = [
        f"{of['advice']:,} {change} ({_worth(change, of)})"
        for change, of in advice_sums(found.advice).items()
    ]
    yield f"advice: {', '.join(told) or 'none changed'}"
    if found.advice:
        yield ""
        yield table(
            [advice_cells(row) for row in found.advice[:_MOST]], right=["a month", "realised"]
        )
        yield from _more(len(found.advice))


def _worth(change: str, of: Mapping[str, Any]) -> str:
    if change in ("taken", "measured"):
        known = of["realised_per_month"]
        return f"{amount_text(known)} a month realised" if known is not None else "not measured yet"
    return f"{amount_text(of['saving_per_month'])} a month"


def advice_cells(row: Mapping[str, Any]) -> dict[str, str]:
    """Return a row of advice; what was realised has the interval that holds it 80 of 100 times."""
    realised = ""
    if row["change"] in ("taken", "measured"):
        realised = "not known yet"
        if row["realised_per_month"] is not None:
            low, high = amount_text(row["realised_low"]), amount_text(row["realised_high"])
            realised = f"{amount_text(row['realised_per_month'])} ({low} to {high})"
    return {
        "change": row["change"],
        "a month": amount_text(row["saving_per_month"]),
        "realised": realised,
        "kind": row["kind"],
        "name": _short(row["name"]),
        "id": row["recommendation"],
    }


def _spot_lines(found: Changes) -> Iterator[str]:
    if found.blind_spots is None:
        yield "\nblind spots: not comparable: one of the audits kept none"
        return
    for row in found.blind_spots:
        yield f"\nblind spot {row['change']}: {printable(row['source'])}, {printable(row['scope'])}"
        yield f"  {printable(row['reason'])}"


def _as_csv(found: Changes) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    writer.writeheader()
    for row in _flat(found):
        cells = {name: json_value(value) for name, value in row.items()}
        writer.writerow({k: None if v is None else guarded(printable(v)) for k, v in cells.items()})
    return text.getvalue()


def _flat(found: Changes) -> Iterator[Row]:
    """Yield a row for everything that changed, with some of COLUMNS."""
    currency = found.cost.facts["currency"]
    for row in found.cost.rows:
        effects = {f"{name}_effect": row[f"{name}_effect"] for name in EFFECTS}
        yield {
            "section": "cost",
            "scope": row["scope"],
            "name": row["subject"],
            "before": row["before_cost"],
            "after": row["after_cost"],
            "amount": row["change"],
            **effects,
            "restated": row["restated"],
            "currency": currency,
        }
    for row in found.findings:
        yield {**_flat_finding(row), "currency": currency}
    for row in found.advice:
        yield {**_flat_advice(row), "currency": currency}
    for row in found.blind_spots or ():
        yield {"section": "blind spot", "change": row["change"], "source": row["source"],
               "name": row["scope"], "reason": row["reason"]}  # fmt: skip
    for row in found.rules:
        yield {"section": "rule", "change": row["change"], "name": row["policy"],
               "before": row["severity_before"], "after": row["severity_now"]}  # fmt: skip


def _flat_finding(row: Mapping[str, Any]) -> Row:
    return {
        "section": "finding",
        **{name: row[name] for name in ("change", "source", "model", "severity", "reason")},
        "scope": row["policy"],
        "name": row["subject"],
        "before": row["verdict_before"],
        "after": row["verdict_now"],
        "amount": row["at_stake_per_month"],
        "since": row["first_seen"],
        "id": row["fingerprint"],
    }


def _flat_advice(row: Mapping[str, Any]) -> Row:
    return {
        "section": "advice",
        **{name: row[name] for name in ("change", "model", "team", "name")},
        "scope": row["kind"],
        "before": row["saving_per_month"],
        "after": row["realised_per_month"],
        "low": row["realised_low"],
        "high": row["realised_high"],
        "reason": row["state_reason"] or row["realised_how"],
        "since": row["state_since"],
        "id": row["recommendation"],
    }


def _run(run: Any) -> Row:
    return {"run_id": run.id, "audited_at": run.audited_at, "quaestor_version": run.version}


def _more(count: int, most: int = _MOST) -> Iterator[str]:
    if count > most:
        yield f"... and {count - most:,} more"


def _short(name: str) -> str:
    clean = printable(name)
    return clean if len(clean) <= _CUT else f"…{clean[1 - _CUT :]}"

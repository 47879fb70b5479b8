"""For programs: every finding and the decision, as `gate.schema.json` promises."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from quaestor.core.money import exact_text
from quaestor.core.text import json_value
from quaestor.report.export.standing import Standing, standings

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime
    from decimal import Decimal

    from quaestor.core.blind_spot import BlindSpot
    from quaestor.core.finding import Finding
    from quaestor.core.rule import Basis, Rule
    from quaestor.core.run_summary import AdviceCount, PricedChange, RunSummary
    from quaestor.core.waivers import WaiverUse

SCHEMA_VERSION = "1"
SCHEMA_FILE = Path(__file__).with_name("gate.schema.json")


def render(summary: RunSummary) -> str:
    """Return one JSON object. Money is text with every digit, times are ISO 8601 UTC."""
    decision = summary.decision
    return dump(
        {
            "schema_version": SCHEMA_VERSION,
            "tool": {"name": "quaestor", "version": summary.version},
            "kind": summary.kind,
            "targets": list(summary.targets),
            "environment": summary.environment,
            "tier": summary.tier,
            "verdict": decision.verdict.value,
            "exit_code": decision.exit_code,
            "relaxed": decision.relaxed,
            "fail_on": summary.fail_on.value,
            "audited_at": _time(summary.audited_at),
            "evidence_at": _time(summary.evidence_at),
            "evidence_age_hours": _age_hours(summary),
            "currency": summary.currency,
            "left_out": list(summary.left_out),
            "counts": summary.counts(),
            "failing": [one.fingerprint for one in decision.failing],
            "unanswered": [one.fingerprint for one in decision.unanswered],
            "known": [one.fingerprint for one in summary.known()],
            "blind_spots": [_blind_spot(spot) for spot in summary.blind_spots],
            "cost_changes": [_change(change) for change in summary.priced],
            "waivers": [_waiver(use) for use in summary.waivers],
            "advice": _advice(summary.advice),
            "rules": [_rule(rule) for rule in summary.rules],
            "findings": [_finding(one, standing, summary) for one, standing in standings(summary)],
        }
    )


def dump(value: Any) -> str:
    r"""Return JSON that is also harmless on a terminal and inside a web page.

    Everything outside ASCII and the three characters that open markup are escaped; a parser
    gives back the same text.

    >>> print(dump({"name": "<b>\x9b"}))
    {
      "name": "\u003cb\u003e\u009b"
    }
    <BLANKLINE>
    """
    return _inert(json.dumps(value, indent=2, ensure_ascii=True, allow_nan=False)) + "\n"


def dump_lines(values: Iterable[Any]) -> str:
    r"""Return a JSON array with one value a line, as harmless as `dump` and far faster.

    >>> print(dump_lines([{"a": 1}, {"a": "<"}]))
    [
    {"a": 1},
    {"a": "\u003c"}
    ]
    <BLANKLINE>
    """
    lines = (_inert(json.dumps(value, ensure_ascii=True, allow_nan=False)) for value in values)
    return "[\n" + ",\n".join(lines) + "\n]\n"


def _inert(text: str) -> str:
    for character in "<>&":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text


def _finding(one: Finding, standing: Standing, summary: RunSummary) -> dict[str, Any]:
    basis = (summary.bases or {}).get(one.fingerprint)
    explained = {} if basis is None else {"basis": _basis(basis)}
    return {
        "policy": one.policy,
        "title": one.title,
        "family": one.family,
        "source": one.source,
        "subject": one.subject,
        "model": one.model,
        "severity": one.severity.value,
        "verdict": one.verdict.value,
        "standing": standing.value,
        "blocking": one.blocking,
        "reason": one.reason,
        "why": one.why,
        "remedy": one.remedy,
        "at_stake_per_month": _money(one.at_stake_per_month),
        "evidence": json_value(one.evidence),
        "fingerprint": one.fingerprint,
        "waiver": one.waiver,
        "known": one.known,
        "first_seen": _time(one.first_seen),
        **explained,
    }


def _basis(basis: Basis) -> dict[str, Any]:
    return {
        "registered": json_value(basis.registered),
        "money": None
        if basis.about is None
        else {"about": basis.about, "amount": _money(basis.figure)},
        "files": json_value(basis.files),
        "collected_at": _time(basis.collected_at),
    }


def _rule(rule: Rule) -> dict[str, Any]:
    return {
        "policy": rule.id,
        "title": rule.title,
        "family": rule.family,
        "severity": rule.severity.value,
        "blocking": rule.blocking,
        "subject": rule.subject,
        "source": rule.source,
        "why": rule.why,
        "remedy": rule.remedy,
        "commands": [{"registry": registry, "run": run} for registry, run in rule.commands],
        "frameworks": [{"name": name, "reference": ref} for name, ref in rule.frameworks],
        "sql": dict(rule.texts),
        "params": json_value(rule.params),
    }


def _change(change: PricedChange) -> dict[str, Any]:
    return {
        "target": change.target,
        "deployment": change.deployment,
        "model": change.model,
        "cost_now_per_month": _money(change.cost_now),
        "cost_then_per_month": _money(change.cost_then),
        "change_per_month": _money(change.change),
        "currency": change.currency,
        "is_new": change.is_new,
        "basis": change.basis,
        "unknown_because": change.unknown_because,
        "budgets": [
            {
                "budget": budget.budget,
                "amount": _money(budget.amount),
                "expected": _money(budget.expected),
                "with_change": _money(budget.with_change),
                "exceeded": budget.exceeded,
            }
            for budget in change.budgets
        ],
    }


def _waiver(use: WaiverUse) -> dict[str, Any]:
    waiver = use.waiver
    return {
        "id": waiver.id,
        "state": use.state.value,
        "policy": waiver.policy,
        "subject": waiver.subject,
        "reason": waiver.reason,
        "ticket": waiver.ticket,
        "requested_by": waiver.requested_by,
        "approved_by": waiver.approved_by,
        "approved_at": waiver.approved_at.isoformat(),
        "expires": waiver.expires.isoformat(),
        "compensating_control": waiver.compensating_control,
        "place": waiver.place,
        "days_left": use.days_left,
        "waived": use.waived,
        "lapsed": list(use.lapsed),
        "note": use.note,
    }


def _advice(advice: AdviceCount | None) -> dict[str, Any] | None:
    return None if advice is None else json_value(advice)


def _blind_spot(spot: BlindSpot) -> dict[str, Any]:
    return {
        "source": spot.source,
        "scope": spot.scope,
        "period": spot.period,
        "reason": spot.reason,
        "fix": spot.fix,
        "rows": spot.rows,
        "amount": _money(spot.amount),
        "currency": spot.currency,
    }


def _money(amount: Decimal | None) -> str | None:
    return None if amount is None else exact_text(amount)


def _age_hours(summary: RunSummary) -> float | None:
    """Return how old the oldest evidence is; negative where a clock is wrong."""
    if summary.evidence_at is None:
        return None
    return round((summary.audited_at - summary.evidence_at).total_seconds() / 3600, 2)


def _time(moment: datetime | None) -> str | None:
    return None if moment is None else f"{moment.isoformat(timespec='seconds')}Z"

"""For programs: every finding and the decision, as `gate.schema.json` promises."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from quaestor.core.money import exact_text
from quaestor.core.run_summary import worst_first
from quaestor.core.text import json_value

if TYPE_CHECKING:
    from datetime import datetime

    from quaestor.core.blind_spot import BlindSpot
    from quaestor.core.finding import Finding
    from quaestor.core.run_summary import RunSummary

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
            "verdict": decision.verdict.value,
            "exit_code": decision.exit_code,
            "relaxed": decision.relaxed,
            "fail_on": summary.fail_on.value,
            "audited_at": _time(summary.audited_at),
            "evidence_at": _time(summary.evidence_at),
            "currency": summary.currency,
            "left_out": list(summary.left_out),
            "counts": summary.counts(),
            "failing": [one.fingerprint for one in decision.failing],
            "unanswered": [one.fingerprint for one in decision.unanswered],
            "blind_spots": [_blind_spot(spot) for spot in summary.blind_spots],
            "findings": [_finding(one) for one in worst_first(summary.findings)],
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
    text = json.dumps(value, indent=2, ensure_ascii=True, allow_nan=False)
    for character in "<>&":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text + "\n"


def _finding(one: Finding) -> dict[str, Any]:
    money = one.at_stake_per_month
    return {
        "policy": one.policy,
        "title": one.title,
        "family": one.family,
        "source": one.source,
        "subject": one.subject,
        "model": one.model,
        "severity": one.severity.value,
        "verdict": one.verdict.value,
        "blocking": one.blocking,
        "reason": one.reason,
        "why": one.why,
        "remedy": one.remedy,
        "at_stake_per_month": None if money is None else exact_text(money),
        "evidence": json_value(one.evidence),
        "fingerprint": one.fingerprint,
        "waiver": one.waiver,
        "first_seen": _time(one.first_seen),
    }


def _blind_spot(spot: BlindSpot) -> dict[str, Any]:
    return {
        "source": spot.source,
        "scope": spot.scope,
        "period": spot.period,
        "reason": spot.reason,
        "fix": spot.fix,
        "rows": spot.rows,
        "amount": None if spot.amount is None else exact_text(spot.amount),
        "currency": spot.currency,
    }


def _time(moment: datetime | None) -> str | None:
    return None if moment is None else f"{moment.isoformat(timespec='seconds')}Z"

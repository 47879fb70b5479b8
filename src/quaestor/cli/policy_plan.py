"""`quaestor policy plan`: what a policy would have blocked, before it goes live."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from quaestor.cli.options import Call, shared
from quaestor.cli.output import emit, outputs, table
from quaestor.cli.policy_choice import chosen
from quaestor.core.config import Config
from quaestor.core.text import json_value, printable

if TYPE_CHECKING:
    from quaestor.audit.plan import Plan
    from quaestor.audit.policies import Policy

_EVIDENCE = "Judged by today's evidence; only the clock is that of each day."


@click.command("plan")
@click.argument("what", nargs=-1, required=True)
@click.option(
    "--audits",
    type=click.IntRange(min=0),
    default=30,
    show_default=True,
    help="How many of the latest recorded audits to replay.",
)
@click.option("--format", "formats", multiple=True, help="table (default) or json; FORMAT=FILE.")
@shared
def plan_command(call: Call, what: tuple[str, ...], audits: int, formats: Sequence[str]) -> int:
    """Replay policies over today and over recorded audits; WHAT as for `policy test`.

    Says what they would have found and blocked, by team and in money, and what of it no audit has
    recorded yet. The evidence is that of the warehouse today, and only the clock is that of each
    audit. Exit code 1 if a policy breaks.

    \b
    quaestor policy plan policies/ownership/model-without-domain.yaml
    quaestor policy plan policies/ --audits 7 --format json
    """
    from quaestor.audit.plan import plan
    from quaestor.warehouse.duckdb import Warehouse

    wanted = outputs(formats, ("table", "json"), "table")
    policies = chosen(call, what)
    config = call.config() if call.config_path.is_file() else Config()
    known = {policy.id for policy in policies}
    params = {name: values for name, values in config.params.items() if name in known}
    with Warehouse(call.warehouse(config), read_only=True) as warehouse:
        planned = plan(warehouse, policies, params=params, now=call.now, audits=audits)
    for name, path in wanted:
        said = _as_json(planned) if name == "json" else _as_text(planned, policies, config.currency)
        emit(said, path)
    return 1 if planned.broken else 0


def _as_json(planned: Plan) -> str:
    broken = [{"policy": policy, "reason": reason} for policy, reason in planned.broken]
    value: dict[str, Any] = {
        "schema_version": 1,
        "evidence": _EVIDENCE,
        **json_value({**asdict(planned), "broken": broken}),
    }
    return json.dumps(value, indent=2)


def _as_text(planned: Plan, policies: Sequence[Policy], currency: str) -> str:
    lines = [_EVIDENCE]
    for policy, reason in planned.broken:
        lines += ["", printable(f"{policy} breaks: {reason}")]
    gates = {policy.id: policy.says.gate.ci for policy in policies}
    lines += ["", "Today, by team", ""]
    lines.append(_teams(planned, gates, currency) if planned.teams else "No violation.")
    if planned.days:
        lines += ["", "At the time of each recorded audit", "", _days(planned, currency)]
    return "\n".join(lines)


def _teams(planned: Plan, gates: Mapping[str, str], currency: str) -> str:
    from quaestor.core.money import amount_text

    rows = [
        {
            "policy": one.policy,
            "gate": gates[one.policy],
            "team": one.team,
            "violations": one.violations,
            "new": one.new,
            "at stake a month": amount_text(one.at_stake_per_month, currency),
        }
        for one in planned.teams
    ]
    return table(rows, right=["violations", "new", "at stake a month"])


def _days(planned: Plan, currency: str) -> str:
    from quaestor.core.money import amount_text

    rows = [
        {
            "audit": f"{one.audited_at:%Y-%m-%d %H:%M}",
            "policy": one.policy,
            "violations": one.violations,
            "blocked": one.blocked,
            "unknown": one.unanswered,
            "recorded": one.recorded,
            "at stake a month": amount_text(one.at_stake_per_month, currency),
        }
        for one in planned.days
    ]
    return table(rows, right=["violations", "blocked", "unknown", "recorded", "at stake a month"])

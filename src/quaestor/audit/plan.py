"""What a policy would have come to, had it been there: today, and on the days of recorded audits.

Only the clock is that of the day. The evidence is today's, for nothing else is kept: a model that
has an owner today had one then, as far as this can tell.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from quaestor.audit.evaluate import Evaluator
from quaestor.audit.policies import Policy
from quaestor.core.finding import Finding
from quaestor.core.verdict import Verdict
from quaestor.warehouse.duckdb import Warehouse
from quaestor.warehouse.sandbox import Limits

NO_TEAM = "(no team)"


@dataclass(frozen=True, kw_only=True)
class Share:
    """A team's part of what a policy would find.

    Args:
        policy: The policy's id.
        team: The team of the models, or `NO_TEAM`.
        violations: How many subjects violate it.
        new: How many of them the latest audit did not record as violating it.
        at_stake_per_month: Money behind their models, each counted once; None: not known of any.
    """

    policy: str
    team: str
    violations: int
    new: int
    at_stake_per_month: Decimal | None


@dataclass(frozen=True, kw_only=True)
class Day:
    """What a policy would have found at the time of one recorded audit.

    Args:
        policy: The policy's id.
        audited_at: The audit's clock, UTC.
        violations: How many subjects would have violated it.
        blocked: How many of them it would have blocked, its gate being what it is.
        unanswered: How many it would have left open.
        recorded: How many violations the audit recorded of a policy of that id.
        at_stake_per_month: Money behind the violating models; None: not known of any.
    """

    policy: str
    audited_at: datetime
    violations: int
    blocked: int
    unanswered: int
    recorded: int
    at_stake_per_month: Decimal | None


@dataclass(frozen=True)
class Plan:
    """What policies would come to, and which of them broke: (policy, reason)."""

    teams: tuple[Share, ...]
    days: tuple[Day, ...]
    broken: tuple[tuple[str, str], ...]


def plan(
    warehouse: Warehouse,
    policies: Sequence[Policy],
    *,
    params: Mapping[str, Mapping[str, Any]],
    now: datetime,
    audits: int,
) -> Plan:
    """Replay policies over today and over recorded audits.

    Args:
        warehouse: Opened read-only for this; its engine stays locked.
        policies: Those to replay.
        params: The user's parameters, by policy id.
        now: The clock of today, UTC.
        audits: How many of the latest audits before `now` to replay.
    """
    runs = warehouse.rows(
        "select run_id, audited_at from audit.run where audited_at < ? "
        "order by audited_at desc, run_id limit ?",
        [now, audits],
    )
    recorded = _recorded(warehouse, [run for run, _ in runs], [one.id for one in policies])
    with Evaluator(warehouse, limits=Limits(threads=4)) as evaluator:
        today = evaluator.evaluate(policies, params=params, now=now)
        days = [
            _day(policy, at, found, recorded.get((run, policy.id), set()))
            for run, at in reversed(runs)
            for policy, found in _by_policy(
                policies, evaluator.evaluate(policies, params=params, now=at)
            )
        ]
    latest = runs[0][0] if runs else None
    known = {one.id: recorded.get((latest, one.id), set()) for one in policies}
    errors = (one for one in today if one.verdict is Verdict.ERROR)
    return Plan(
        _by_team(warehouse, _by_policy(policies, today), known),
        tuple(days),
        tuple((one.policy, one.reason or "") for one in errors),
    )


def _by_team(
    warehouse: Warehouse,
    groups: Sequence[tuple[Policy, list[Finding]]],
    recorded: Mapping[str, set[str]],
) -> tuple[Share, ...]:
    teams = dict(warehouse.rows("select model, min(team) from registry.model group by model"))
    return tuple(
        share
        for policy, found in groups
        for share in _shares(policy, found, recorded[policy.id], teams)
    )


def _recorded(
    warehouse: Warehouse, runs: Sequence[str], policies: Sequence[str]
) -> dict[tuple[str | None, str], set[str]]:
    """Return the fingerprints of recorded violations, by run and policy."""
    found: dict[tuple[str | None, str], set[str]] = {}
    for run, policy, fingerprint in warehouse.rows(
        "select run_id, policy, fingerprint from audit.finding "
        "where verdict in ('fail', 'waived') and run_id in (select unnest(?::varchar[])) "
        "and policy in (select unnest(?::varchar[]))",
        [list(runs), list(policies)],
    ):
        found.setdefault((run, policy), set()).add(fingerprint)
    return found


def _by_policy(
    policies: Sequence[Policy], findings: Iterable[Finding]
) -> list[tuple[Policy, list[Finding]]]:
    groups: dict[str, list[Finding]] = {one.id: [] for one in policies}
    for finding in findings:
        groups[finding.policy].append(finding)
    return [(policy, groups[policy.id]) for policy in policies]


def _day(policy: Policy, at: datetime, findings: Sequence[Finding], recorded: set[str]) -> Day:
    failing = [one for one in findings if one.verdict is Verdict.FAIL]
    return Day(
        policy=policy.id,
        audited_at=at,
        violations=len(failing),
        blocked=len(failing) if policy.blocking else 0,
        unanswered=sum(one.verdict in (Verdict.UNKNOWN, Verdict.ERROR) for one in findings),
        recorded=len(recorded),
        at_stake_per_month=_money(failing),
    )


def _shares(
    policy: Policy,
    findings: Sequence[Finding],
    recorded: set[str],
    teams: Mapping[str | None, str | None],
) -> list[Share]:
    groups: dict[str, list[Finding]] = {}
    for one in findings:
        if one.verdict is Verdict.FAIL:
            groups.setdefault(teams.get(one.model) or NO_TEAM, []).append(one)
    return [
        Share(
            policy=policy.id,
            team=team,
            violations=len(found),
            new=sum(one.fingerprint not in recorded for one in found),
            at_stake_per_month=_money(found),
        )
        for team, found in sorted(groups.items())
    ]


def _money(findings: Iterable[Finding]) -> Decimal | None:
    """Return the money behind findings; what several have behind them counts once."""
    behind = {
        one.model or one.subject: one.at_stake_per_month
        for one in findings
        if one.at_stake_per_month is not None
    }
    return sum(behind.values(), Decimal(0)) if behind else None

"""Write down what an audit found, since when, and on what: `audit.run`, `.finding`, `.waiver`."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from hashlib import sha256
from typing import Any

from quaestor.audit.record_basis import record_basis
from quaestor.core.finding import Finding
from quaestor.core.run_summary import RunSummary
from quaestor.core.text import json_value
from quaestor.core.verdict import Verdict
from quaestor.core.waivers import WaiverUse
from quaestor.warehouse.duckdb import Warehouse
from quaestor.warehouse.row import insert_rows

_STANDING = {
    Verdict.FAIL: "violated",
    Verdict.WAIVED: "violated",
    Verdict.UNKNOWN: "unanswered",
    Verdict.ERROR: "unanswered",
    Verdict.PASS: "clean",
    Verdict.SKIP: "clean",
}
_SINCE = """
with said as (
    select
        f.fingerprint, f.first_seen, r.audited_at,
        case
            when f.verdict in ('fail', 'waived') then 'violated'
            when f.verdict in ('unknown', 'error') then 'unanswered'
            else 'clean'
        end as standing
    from audit.finding as f join audit.run as r using (run_id)
    where r.audited_at < ?
),
latest as (
    select
        fingerprint,
        max(audited_at) filter (standing = 'violated') as violated_at,
        max(audited_at) filter (standing = 'unanswered') as unanswered_at,
        max(audited_at) filter (standing = 'clean') as clean_at
    from said group by fingerprint
)
select fingerprint, standing, min(first_seen)
from said join latest using (fingerprint)
where audited_at > coalesce(
    case standing
        when 'violated' then clean_at
        when 'unanswered' then greatest(violated_at, clean_at)
        else greatest(violated_at, unanswered_at)
    end,
    '-infinity'::timestamp
)
group by fingerprint, standing
"""
_COLUMNS = (
    "run_id, policy, title, family, source, subject, model, severity, verdict, reason, "
    "at_stake_per_month, evidence, blocking, fingerprint, waiver, first_seen, remedy, why"
)
_WAIVER = (
    "run_id, waiver, policy, subject, state, waived, lapsed, days_left, reason, ticket, "
    "requested_by, approved_by, approved_at, expires, compensating_control, place, note"
)


def run_id_of(now: datetime, config_digest: str) -> str:
    """Name a run by its clock and its configuration: the same inputs, the same name.

    >>> run_id_of(datetime(2026, 11, 21, 6), "ab" * 32)
    '20261121T060000-239f689afd3d'
    """
    digest = sha256(f"{now.isoformat()} {config_digest}".encode()).hexdigest()
    return f"{now:%Y%m%dT%H%M%S}-{digest[:12]}"


def with_first_seen(
    warehouse: Warehouse, findings: Sequence[Finding], *, now: datetime
) -> tuple[Finding, ...]:
    """Give every finding the time since which it stands, from the runs recorded before `now`.

    A violation keeps its first day while it lasts, waived or unanswerable in between as it may
    be; once the rule was kept, the next violation is a new one. What was not seen before is
    first seen now.
    """
    since = {
        (fingerprint, standing): first_seen
        for fingerprint, standing, first_seen in warehouse.rows(_SINCE, [now])
    }
    return tuple(
        replace(one, first_seen=since.get((one.fingerprint, _STANDING[one.verdict]), now))
        for one in findings
    )


def record(warehouse: Warehouse, summary: RunSummary, *, config_digest: str) -> str:
    """Write one run and its findings, in the caller's transaction.

    A run that is recorded again replaces itself.

    Args:
        warehouse: Where to.
        summary: The run; findings without `first_seen` get it from `with_first_seen`.
        config_digest: Of everything that the run was configured by, so that two different
            runs of one second stay apart.

    Returns:
        The run's id.
    """
    run_id = run_id_of(summary.audited_at, config_digest)
    findings = summary.findings
    if any(one.first_seen is None for one in findings):
        findings = with_first_seen(warehouse, findings, now=summary.audited_at)
    for table in ("finding", "waiver", "run"):
        warehouse.run(f"delete from audit.{table} where run_id = ?", [run_id])
    _insert_run(warehouse, run_id, summary)
    insert_rows(warehouse, "audit.finding", _COLUMNS, [_row(run_id, one) for one in findings])
    insert_rows(
        warehouse, "audit.waiver", _WAIVER, [_waiver(run_id, use) for use in summary.waivers]
    )
    record_basis(warehouse, run_id, summary, config_digest=config_digest)
    return run_id


def _insert_run(warehouse: Warehouse, run_id: str, summary: RunSummary) -> None:
    counts = summary.counts()
    warehouse.run(
        "insert into audit.run (run_id, audited_at, quaestor_version, policies, subjects, "
        "verdicts, failed, unanswered, blind_spots, fail_on, exit_code) "
        "values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            run_id,
            summary.audited_at,
            summary.version,
            len({one.policy for one in summary.findings}),
            len({(one.source, one.subject) for one in summary.findings}),
            len(summary.findings),
            counts["fail"],
            counts["unknown"] + counts["error"],
            len(summary.blind_spots),
            summary.fail_on.value,
            summary.decision.exit_code,
        ],
    )


def _waiver(run_id: str, use: WaiverUse) -> tuple[Any, ...]:
    one = use.waiver
    return (
        run_id,
        one.id,
        one.policy,
        one.subject,
        use.state.value,
        use.waived,
        len(use.lapsed),
        use.days_left,
        one.reason,
        one.ticket,
        one.requested_by,
        one.approved_by,
        one.approved_at,
        one.expires,
        one.compensating_control,
        one.place,
        use.note,
    )


def _row(run_id: str, one: Finding) -> tuple[Any, ...]:
    return (
        run_id,
        one.policy,
        one.title,
        one.family,
        one.source,
        one.subject,
        one.model,
        one.severity.value,
        one.verdict.value,
        one.reason,
        None if one.at_stake_per_month is None else f"{one.at_stake_per_month:f}",  # never a float
        json.dumps(json_value(one.evidence), sort_keys=True),
        one.blocking,
        one.fingerprint,
        one.waiver,
        one.first_seen,
        one.remedy,
        one.why,
    )

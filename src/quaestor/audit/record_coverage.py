"""Write down what a run's findings show of each framework, so that reports need no policy file."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from quaestor.audit.coverage import Coverage, Frameworks, LastAudit, State, coverage
from quaestor.audit.packs import Pack
from quaestor.audit.policies import Policy, settled_params
from quaestor.core.run_summary import RunSummary
from quaestor.warehouse.duckdb import Warehouse

_TABLES: dict[str, dict[str, str]] = {
    "audit.policy": {
        "run_id": "varchar",
        "policy": "varchar",
        "family": "varchar",
        "title": "varchar",
        "severity": "varchar",
        "blocking": "boolean",
        "parameters": "varchar",
    },
    "audit.pack": {
        "run_id": "varchar",
        "pack": "varchar",
        "title": "varchar",
        "edition": "varchar",
        "published": "date",
        "url": "varchar",
        "about": "varchar",
    },
    "audit.application": {
        "run_id": "varchar",
        "pack": "varchar",
        "what": "varchar",
        "applies_from": "date",
        "source": "varchar",
        "verified": "date",
    },
    "audit.requirement": {
        "run_id": "varchar",
        "pack": "varchar",
        "requirement": "varchar",
        "place": "integer",
        "title": "varchar",
        "state": "varchar",
        "policies": "varchar[]",
        "violated": "integer",
        "waived": "integer",
        "unanswered": "integer",
        "passed": "integer",
        "skipped": "integer",
        "severity": "varchar",
        "subjects": "varchar[]",
        "note": "varchar",
        "attest": "varchar",
        "attested_by": "varchar",
        "attested_at": "date",
        "attested_until": "date",
        "document": "varchar",
    },
}
Rows = Sequence[Sequence[Any]]


def record_coverage(
    warehouse: Warehouse,
    summary: RunSummary,
    frameworks: Frameworks,
    *,
    run_id: str,
    params: Mapping[str, Mapping[str, Any]],
) -> None:
    """Write the policies of a run and what it shows of each framework.

    Args:
        warehouse: Where to, in the caller's transaction; the run's findings are in it.
        summary: The run; attestations count as of its clock.
        frameworks: The policies that were asked, the packs and the attestations.
        run_id: As `record` names the run; one that is recorded again replaces itself.
        params: The user's parameters, by policy id.
    """
    values = settled_params(frameworks.policies, params)
    audit = LastAudit(run_id, summary.audited_at, len(summary.blind_spots), values)
    packs = frameworks.packs
    covered = coverage(warehouse, audit, frameworks, now=audit.audited_at)
    rows: Mapping[str, Rows] = {
        "audit.policy": [_policy_row(audit, policy) for policy in frameworks.policies],
        "audit.pack": [_pack_row(audit, pack) for pack in packs],
        "audit.application": [
            (run_id, pack.name, one.what, one.applies_from, one.source, one.verified)
            for pack in packs
            for one in pack.says.dates
        ],
        "audit.requirement": [_requirement_row(audit, one) for one in covered],
    }
    for table, columns in _TABLES.items():
        warehouse.run(f"delete from {table} where run_id = ?", [run_id])
        _insert(warehouse, table, columns, rows[table])


def _insert(warehouse: Warehouse, table: str, columns: Mapping[str, str], rows: Rows) -> None:
    if not rows:
        return
    values = ", ".join(f"unnest(?::{kind}[])" for kind in columns.values())
    warehouse.run(
        f"insert into {table} ({', '.join(columns)}) select {values}",
        [list(column) for column in zip(*rows, strict=True)],
    )


def _policy_row(audit: LastAudit, policy: Policy) -> tuple[Any, ...]:
    return (
        audit.run_id,
        policy.id,
        policy.family,
        policy.says.title,
        policy.says.severity.value,
        policy.blocking,
        json.dumps(audit.judged[policy.id], sort_keys=True),
    )


def _pack_row(audit: LastAudit, pack: Pack) -> tuple[Any, ...]:
    says = pack.says
    return audit.run_id, pack.name, says.title, says.edition, says.published, says.url, says.about


def _requirement_row(audit: LastAudit, one: Coverage) -> tuple[Any, ...]:
    vouched = one.attestation.says if one.attestation and one.state is State.ATTESTED else None
    return (
        audit.run_id,
        one.pack,
        one.says.id,
        one.place,
        one.says.title,
        one.state.value,
        list(one.policies),
        one.violated,
        one.counts["waived"],
        one.counts["unknown"] + one.counts["error"],
        one.counts["pass"],
        one.counts["skip"],
        one.severity,
        list(one.subjects),
        "; ".join(one.notes) or None,
        one.says.attest,
        vouched and vouched.by,
        vouched and vouched.at,
        vouched and vouched.valid_until,
        vouched and vouched.document,
    )

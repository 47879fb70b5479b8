"""What the findings of an audit show of each requirement of a framework.

"Supported" says that the evidence there is speaks for it: every policy about it was answered,
some subject was judged, and none violates it. It never says that the framework is satisfied.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

from quaestor.audit.attestations import Attestation, load_attestations
from quaestor.audit.packs import Limit, Pack, Requirement, load_packs
from quaestor.audit.policies import Policy, places_of
from quaestor.core.config import Config
from quaestor.core.errors import NothingEvaluatedError
from quaestor.core.verdict import Verdict
from quaestor.warehouse.duckdb import Warehouse

_VIOLATIONS = Path(__file__).parent / "sql" / "violations.sql"


class State(StrEnum):
    """Where a requirement stands; the first that holds."""

    VIOLATED = "violated"  # a policy of it failed, waived or not
    LOOSENED = "loosened"  # a parameter goes past what the framework allows
    ATTESTED = "attested"  # no violation, no full evidence, and somebody vouches for it
    NOT_AUTOMATED = "not-automated"  # no policy is about it
    UNKNOWN = "unknown"  # a policy of it has no answer, or was not asked
    SUPPORTED = "supported"  # the evidence speaks for it
    NOT_APPLICABLE = "not-applicable"  # its policies were asked, and concern nothing here


@dataclass(frozen=True)
class Frameworks:
    """The packs of a configuration, the policies that were asked, and what people vouch for."""

    policies: tuple[Policy, ...]
    packs: tuple[Pack, ...]
    attestations: tuple[Attestation, ...]


@dataclass(frozen=True)
class LastAudit:
    """The audit that is told about: its id, clock, and the parameters of each policy asked."""

    run_id: str
    audited_at: datetime
    blind_spots: int
    judged: Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True, kw_only=True)
class Coverage:
    """One requirement, and what an audit's findings show of it.

    Args:
        pack: The name of its pack.
        place: Its place in the pack, from 1.
        says: What it asks for.
        state: Where it stands.
        policies: Ids of the policies that give evidence.
        violated: How many subjects violate it, those with a waiver included.
        subjects: Some of them, by name.
        severity: Of the worst violation, or None.
        counts: Findings of its policies, by verdict.
        notes: Why it stands so, in sentences.
        attestation: The one that counts, or the last that did; None: there is none.
    """

    pack: str
    place: int
    says: Requirement
    state: State
    policies: tuple[str, ...]
    violated: int = 0
    subjects: tuple[str, ...] = ()
    severity: str | None = None
    counts: Mapping[str, int] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    attestation: Attestation | None = None


def load_frameworks(
    config: Config, policies: Sequence[Policy], names: Sequence[str] = ()
) -> Frameworks:
    """Read framework packs and attestations that a configuration names.

    Args:
        config: Names the places of policies, and the attestations.
        policies: Every policy of these places.
        names: Which packs; all of them where there is none.

    Raises:
        ConfigurationError: As `load_packs` and `load_attestations`.
    """
    places = places_of(config)
    packs = load_packs(places, policies, names)
    every = load_packs(places, policies) if names else packs
    return Frameworks(tuple(policies), packs, load_attestations(config, every))


def last_audit(warehouse: Warehouse) -> LastAudit:
    """Return the latest audit of a warehouse.

    Raises:
        NothingEvaluatedError: There is none.
    """
    found = warehouse.rows(
        "select run_id, audited_at, blind_spots from audit.run "
        "order by audited_at desc, run_id desc limit 1"
    )
    if not found:
        raise NothingEvaluatedError(
            "nothing was audited yet, so no requirement has evidence",
            where=warehouse.path,
            fix="Run `quaestor audit` first.",
        )
    [(run_id, audited_at, blind_spots)] = found
    judged = warehouse.rows(
        "select policy, parameters from audit.policy where run_id = ?", [run_id]
    )
    return LastAudit(
        run_id, audited_at, blind_spots, {policy: json.loads(values) for policy, values in judged}
    )


def coverage(
    warehouse: Warehouse,
    audit: LastAudit,
    frameworks: Frameworks,
    *,
    now: datetime,
) -> tuple[Coverage, ...]:
    """Say of every requirement where it stands.

    Args:
        warehouse: Holds the findings.
        audit: Whose findings.
        frameworks: Which; attestations that are not in force are said, and do not count.
        now: The clock, UTC, for attestations.

    Returns:
        Pack by pack, in the order of the pack.
    """
    counts = _counts(warehouse, audit.run_id)
    packs = frameworks.packs
    violations = _violations(warehouse, audit.run_id, packs)
    latest: dict[tuple[str, str], Attestation] = {}
    for one in frameworks.attestations:
        key = (one.says.pack, one.says.requirement)
        latest[key] = max(latest.get(key, one), one, key=lambda two: _worth(two, now.date()))
    return tuple(
        _covered(
            pack,
            place,
            audit,
            counts,
            violations.get((pack.name, pack.says.requirements[place].id)),
            latest.get((pack.name, pack.says.requirements[place].id)),
            now.date(),
        )
        for pack in packs
        for place in range(len(pack.says.requirements))
    )


def loosened(limit: Limit, value: Any) -> str | None:
    """Return how a parameter goes past a limit, or None; a value for each risk tier is a mapping.

    >>> loosened(Limit(policy="logs", param="days", at_least=183), 90)
    'days of logs is 90, at least 183 is asked for'
    >>> loosened(Limit(policy="logs", param="days", at_least=183), {"1": 365, "3": 30})
    'days of logs for tier 3 is 30, at least 183 is asked for'
    >>> loosened(Limit(policy="papers", param="points", includes=("1", "2")), "2, 3")
    'points of papers is 2, 3, which lacks 1'
    """
    if isinstance(value, Mapping):
        for tier, one in value.items():
            if wrong := loosened(limit, one):
                return wrong.replace(f"{limit.policy} is", f"{limit.policy} for tier {tier} is", 1)
        return None
    if limit.includes:
        named = {part.strip() for part in str(value).split(",")}
        lacking = ", ".join(part for part in limit.includes if part not in named)
        about = f"{limit.param} of {limit.policy}"
        return f"{about} is {value}, which lacks {lacking}" if lacking else None
    if limit.at_least is not None and value < limit.at_least:
        bound = f"at least {limit.at_least:g}"
    elif limit.at_most is not None and value > limit.at_most:
        bound = f"at most {limit.at_most:g}"
    else:
        return None
    return f"{limit.param} of {limit.policy} is {value:g}, {bound} is asked for"


def _worth(attestation: Attestation, today: date) -> tuple[bool, date, date, str]:
    says = attestation.says
    return attestation.in_force(today), says.valid_until, says.at, attestation.place


def _counts(warehouse: Warehouse, run_id: str) -> dict[str, dict[str, int]]:
    counts: dict[str, dict[str, int]] = {}
    for policy, verdict, findings in warehouse.rows(
        "select policy, verdict, count(*) from audit.finding where run_id = ? group by all",
        [run_id],
    ):
        counts.setdefault(policy, {})[verdict] = findings
    return counts


def _violations(
    warehouse: Warehouse, run_id: str, packs: Sequence[Pack]
) -> dict[tuple[str, str], tuple[int, str, tuple[str, ...]]]:
    """Return how many subjects violate a requirement, the worst severity, and some names."""
    evidence = [
        (pack.name, requirement, policy)
        for pack in packs
        for requirement, ids in pack.evidence.items()
        for policy in ids
    ]
    if not evidence:
        return {}
    names, requirements, policies = (list(column) for column in zip(*evidence, strict=True))
    rows = warehouse.rows(
        _VIOLATIONS.read_text(encoding="utf-8"),
        {"packs": names, "requirements": requirements, "policies": policies, "run_id": run_id},
    )
    return {(row[0], row[1]): (row[2], row[3], tuple(row[4])) for row in rows}


def _covered(
    pack: Pack,
    place: int,
    audit: LastAudit,
    counts: Mapping[str, Mapping[str, int]],
    violation: tuple[int, str, tuple[str, ...]] | None,
    attestation: Attestation | None,
    today: date,
) -> Coverage:
    says = pack.says.requirements[place]
    policies = pack.evidence[says.id]
    sums = {
        verdict.value: sum(counts.get(policy, {}).get(verdict, 0) for policy in policies)
        for verdict in Verdict
    }
    unasked = [policy for policy in policies if policy not in audit.judged]
    loose = _loose(says, audit)
    vouched = attestation is not None and attestation.in_force(today)
    state = _state(policies, sums, loose, vouched=vouched, all_asked=not unasked)
    violated, severity, subjects = violation or (0, None, ())
    return Coverage(
        pack=pack.name,
        place=place + 1,
        says=says,
        state=state,
        policies=policies,
        violated=violated,
        subjects=subjects,
        severity=severity,
        counts=sums,
        notes=tuple(_notes(state, sums, unasked, loose, attestation, today)),
        attestation=attestation,
    )


def _loose(says: Requirement, audit: LastAudit) -> list[str]:
    found = [
        loosened(limit, audit.judged[limit.policy][limit.param])
        for limit in says.limits
        if limit.param in audit.judged.get(limit.policy, {})
    ]
    return [one for one in found if one]


def _state(
    policies: Sequence[str],
    sums: Mapping[str, int],
    loose: Sequence[str],
    *,
    vouched: bool,
    all_asked: bool,
) -> State:
    if sums["fail"] or sums["waived"]:
        return State.VIOLATED
    if loose:
        return State.LOOSENED
    answered = all_asked and not (sums["unknown"] or sums["error"])
    if policies and answered and sums["pass"]:
        return State.SUPPORTED
    if vouched:
        return State.ATTESTED
    if not policies:
        return State.NOT_AUTOMATED
    return State.NOT_APPLICABLE if answered else State.UNKNOWN


def _notes(
    state: State,
    sums: Mapping[str, int],
    unasked: Sequence[str],
    loose: Sequence[str],
    attestation: Attestation | None,
    today: date,
) -> list[str]:
    notes = list(loose)
    if sums["waived"]:
        notes.append(f"{sums['waived']} waived, which the framework does not know")
    if unasked:
        notes.append(f"not asked in this audit: {', '.join(unasked)}")
    if attestation is None:
        return notes
    says = attestation.says
    if says.at > today:
        notes.append(f"the attestation by {says.by} begins on {says.at}")
    elif says.valid_until < today:
        notes.append(f"the attestation by {says.by} expired on {says.valid_until}")
    elif state in (State.VIOLATED, State.LOOSENED):
        notes.append(f"the attestation by {says.by} does not cover it")
    else:
        notes.append(f"attested by {says.by} until {says.valid_until}: {says.document}")
    return notes

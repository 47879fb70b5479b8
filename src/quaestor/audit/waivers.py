"""Hold findings against the waivers: one way for the gate, the audit, reports and admission.

Only a violation is waived. What nobody could see (`unknown`) and what broke (`error`) stays as
it is: a waiver accepts something that is known, and hides nothing that is not.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path

from quaestor.audit.policies import Policy, load_policies, places_of
from quaestor.core.config import Config
from quaestor.core.finding import Finding
from quaestor.core.nearest import did_you_mean
from quaestor.core.verdict import Severity, Verdict
from quaestor.core.waivers import (
    ENDING_DAYS,
    Waivable,
    Waiver,
    WaiverState,
    WaiverUse,
    read_waivers,
)
from quaestor.warehouse.duckdb import Warehouse

_NEEDS_ONE = (Verdict.FAIL, Verdict.UNKNOWN, Verdict.ERROR)


def folder_of(config: Config) -> Path | None:
    """Return the folder of waivers: the configured one, or `waivers/` where it is; else None."""
    if config.waivers is not None:
        return config.resolve(config.waivers)
    folder = config.resolve("waivers")
    return folder if folder.is_dir() else None


def waivable(policies: Iterable[Policy]) -> tuple[Waivable, ...]:
    """Return policies as waivers name them."""
    return tuple(
        Waivable((policy.id, *policy.says.aliases), policy.says.severity) for policy in policies
    )


def load_waivers(config: Config, policies: Iterable[Policy]) -> tuple[Waiver, ...]:
    """Read the waivers that a configuration names; none where there is no folder.

    Args:
        config: Names the folder.
        policies: All that are loaded, not only those that are asked.

    Raises:
        ConfigurationError: A configured folder is missing, or a waiver is malformed.
    """
    folder = folder_of(config)
    if folder is None:
        return ()
    return read_waivers(folder, waivable(policies), base=config.resolve("."))


def waivers_of(config: Config) -> tuple[Waiver, ...]:
    """Read the waivers and what they name; no policy is read where there is no waiver.

    Raises:
        ConfigurationError: A configured folder is missing, or a waiver or a policy is malformed.
    """
    if folder_of(config) is None:
        return ()
    return load_waivers(config, load_policies(places_of(config)))


class Resolver:
    """The waivers on one day; it keeps count of what each came to.

    Args:
        waivers: All of them.
        now: The clock, UTC; a waiver's days are those of UTC.
    """

    def __init__(self, waivers: Sequence[Waiver], *, now: datetime) -> None:
        self._waivers = waivers
        self._today = now.date()
        self._by_policy: dict[str, list[Waiver]] = {}
        # Of those that match, the one that lasts longest speaks; then the first by id.
        for waiver in sorted(waivers, key=lambda one: (-one.expires.toordinal(), one.id)):
            for policy in waiver.policies:
                self._by_policy.setdefault(policy, []).append(waiver)
        self._needed: set[str] = set()
        self._waived: dict[str, set[str]] = {}
        self._lapsed: dict[str, set[str]] = {}

    def resolve(self, findings: Sequence[Finding]) -> tuple[Finding, ...]:
        """Return the findings, those violations waived that a waiver in force covers.

        A violation whose waiver has ended is active again, and its reason says so.
        """
        if not self._by_policy:
            return tuple(findings)
        return tuple(
            self._resolved(one)
            if one.verdict in _NEEDS_ONE and one.policy in self._by_policy
            else one
            for one in findings
        )

    def _resolved(self, one: Finding) -> Finding:
        broken = one.verdict is Verdict.ERROR  # it judges nothing, so it may concern any subject
        about = [
            waiver for waiver in self._by_policy[one.policy] if broken or waiver.covers(one.subject)
        ]
        self._needed |= {waiver.id for waiver in about}
        if one.verdict is not Verdict.FAIL:
            return one
        for waiver in about:
            if waiver.approved_at <= self._today <= waiver.expires:
                self._waived.setdefault(waiver.id, set()).add(one.fingerprint)
                return replace(one, verdict=Verdict.WAIVED, waiver=waiver.id)
        ended = [waiver for waiver in about if waiver.expires < self._today]
        for waiver in ended:
            self._lapsed.setdefault(waiver.id, set()).add(one.fingerprint)
        if not ended:
            return one
        said = f"waiver {ended[0].id} lapsed on {ended[0].expires}"
        return replace(one, reason=f"{one.reason or one.title}; {said}")

    def uses(self, policies: Iterable[Policy], *, complete: bool) -> tuple[WaiverUse, ...]:
        """Return what each waiver came to in the findings resolved so far, by id.

        Args:
            policies: All that are loaded, for a guess at what a stale waiver meant.
            complete: Every subject was judged by every policy, so that a waiver that nothing
                needed is stale. Else such a one is left out: it may be about what was not asked.
        """
        names = [name for one in waivable(policies) for name in one.names]
        return tuple(
            self._use(waiver, names)
            for waiver in self._waivers
            if complete or waiver.id in self._needed or not waiver.policies
        )

    def _use(self, waiver: Waiver, names: Sequence[str]) -> WaiverUse:
        needed = waiver.id in self._needed
        state, note = state_of(waiver, self._today, names, needed=needed)
        return WaiverUse(
            waiver=waiver,
            state=state,
            waived=len(self._waived.get(waiver.id, ())),
            days_left=(waiver.expires - self._today).days,
            lapsed=tuple(sorted(self._lapsed.get(waiver.id, ()))),
            note=note,
        )


def state_of(
    waiver: Waiver, today: date, names: Sequence[str], *, needed: bool = True
) -> tuple[WaiverState, str | None]:
    """Return what a waiver is worth on a day, and why it is stale.

    Args:
        waiver: The waiver.
        today: The day, UTC.
        names: The ids and aliases of all policies, for a guess at one that does not exist.
        needed: Something that it covers is violated, or nobody can tell.
    """
    if waiver.expires < today:
        return WaiverState.LAPSED, None
    if waiver.approved_at > today:
        return WaiverState.NOT_YET, None
    if not waiver.policies:
        guess = did_you_mean(waiver.policy, names, otherwise="See `quaestor policy list`.")
        return WaiverState.STALE, f"there is no policy '{waiver.policy}'. {guess}"
    if not needed:
        return WaiverState.STALE, "nothing that it covers is violated"
    ending = (waiver.expires - today).days <= ENDING_DAYS
    return (WaiverState.ENDING if ending else WaiverState.IN_FORCE), None


def uses_at_last_audit(
    warehouse: Warehouse, waivers: Sequence[Waiver], policies: Iterable[Policy], *, now: datetime
) -> tuple[WaiverUse, ...] | None:
    """Return what waivers come to by the latest recorded audit; None where there is none."""
    runs = warehouse.rows(
        "select run_id from audit.run where audited_at <= ? "
        "order by audited_at desc, run_id desc limit 1",
        [now],
    )
    if not runs:
        return None
    rows = warehouse.rows(
        "select policy, source, subject, verdict, fingerprint from audit.finding "
        "where run_id = ? and verdict in ('fail', 'waived', 'unknown', 'error')",
        [runs[0][0]],
    )
    resolver = Resolver(waivers, now=now)
    resolver.resolve([_seen(*row) for row in rows])
    return resolver.uses(policies, complete=True)


def _seen(policy: str, source: str | None, subject: str, verdict: str, name: str) -> Finding:
    """Return as much of a recorded finding as waivers look at; what was waived is a violation."""
    return Finding(
        policy=policy,
        title="",
        family="",
        source=source,
        subject=subject,
        model=None,
        severity=Severity.LOW,
        verdict=Verdict.FAIL if verdict == "waived" else Verdict(verdict),
        reason=None,
        blocking=False,
        fingerprint=name,
    )

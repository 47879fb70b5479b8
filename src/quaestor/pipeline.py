"""The journey, and the only place that knows its order: collect, normalise, ledger, audit, report.

A build is one transaction: a kill at any moment, a full disk or a failed check leaves the
last good state. What has not changed since the last build is not built again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import msgspec
from msgspec import structs

from quaestor import __version__, ledger, normalise
from quaestor.collect.landing import Landing
from quaestor.collect.looks import failed_looks, in_force_elsewhere
from quaestor.collect.sources import chosen, collect
from quaestor.core.blind_spot import BlindSpot
from quaestor.core.config import Config, Source
from quaestor.core.dismissals import dismissals_of
from quaestor.core.run_summary import RunSummary
from quaestor.core.verdict import Severity
from quaestor.normalise import currency, settings
from quaestor.normalise.dismissals import write as write_dismissals
from quaestor.normalise.job import Job
from quaestor.normalise.waivers import write as write_waivers
from quaestor.warehouse import state
from quaestor.warehouse.duckdb import Warehouse
from quaestor.warehouse.errors import NoRoomError, UnreadableError
from quaestor.warehouse.state import (
    begin,
    evidence_at,
    finish,
    read_blind_spots,
    recall,
    remember,
    tell,
)

if TYPE_CHECKING:
    from quaestor.audit.coverage import Frameworks
    from quaestor.audit.policies import Policy
    from quaestor.core.waivers import Waiver

__all__ = ["Audited", "Built", "audit", "build", "collect", "report"]

Progress = Callable[[str], None]


@dataclass(frozen=True)
class Built:
    """What a build came to: whether anything changed, and what could not be seen."""

    changed: bool
    blind_spots: tuple[BlindSpot, ...]


@dataclass(frozen=True)
class Audited:
    """What an audit came to, where its reports lie, and the clock of a recorded later audit."""

    summary: RunSummary
    reports: tuple[Path, ...]
    later: datetime | None = None


def build(config: Config, warehouse_path: Path, *, now: datetime, progress: Progress) -> Built:
    """Bring the warehouse up to what is landed, all or nothing.

    Raises:
        QuaestorError: The configuration, the disk or a check of the ledger; nothing is changed.
    """
    from quaestor.audit.waivers import waivers_of

    chosen(config, ())
    waivers = waivers_of(config)
    warehouse_path.parent.mkdir(parents=True, exist_ok=True)
    with Warehouse(warehouse_path) as warehouse:
        begin(warehouse)
        try:
            return _build(warehouse, config, waivers, now, progress, careful=False)
        except (UnreadableError, NoRoomError) as problem:
            # A damaged file shows only when it is read, and the transaction dies of it; so it
            # does of a file that is too wide for the little memory that a build takes.
            damaged = isinstance(problem, UnreadableError)
            progress("a file is damaged: reading each to its end first" if damaged else "again")
            return _build(warehouse, config, waivers, now, progress, careful=True)


def _build(
    warehouse: Warehouse,
    config: Config,
    waivers: Sequence[Waiver],
    now: datetime,
    progress: Progress,
    *,
    careful: bool,
) -> Built:
    with warehouse.transaction():
        changed = _configure(warehouse, config)
        write_waivers(warehouse, waivers)
        write_dismissals(warehouse, config)
        changed |= _forget_others(warehouse, config)
        for source in config.sources:
            changed |= _load(warehouse, config, source, now, progress, careful=careful)
        if changed:
            normalise.settle(warehouse)
            ledger.build(warehouse, config, progress)
            spots = currency.blind_spots(warehouse) + ledger.blind_spots(warehouse)
            tell(warehouse, "ledger", spots, now)
            finish(warehouse, now)
        tell(warehouse, "collect", failed_looks(config), now)
        return Built(changed, tuple(read_blind_spots(warehouse)))


def audit(
    config: Config,
    warehouse_path: Path,
    *,
    now: datetime,
    progress: Progress,
    fail_on: Severity = Severity.HIGH,
    on_missing: Literal["fail", "warn"] = "fail",
    collect_first: bool = True,
    configuration: str = "quaestor.yaml",
    render: bool = True,
) -> Audited:
    """Do the scheduled job: collect, build, evaluate every policy, record, report.

    Args:
        config: What is audited, and by which policies.
        warehouse_path: The warehouse, made if need be.
        now: The clock, UTC; the same inputs and clock give the same bytes.
        progress: Takes what is being done now.
        fail_on: From which severity on a violation fails the audit.
        on_missing: What blind spots and unanswered blocking policies come to.
        collect_first: Look at the sources; else judge what is landed.
        configuration: The configuration file as formats name it.
        render: Write the pages; else only record, as for an audit that another one follows.

    Raises:
        QuaestorError: The configuration or a policy is wrong, or nothing could be built.
    """
    policies, frameworks = _rules(config)
    if collect_first:
        collect(config, now=now, progress=progress)
    built = build(config, warehouse_path, now=now, progress=progress)
    progress("evaluate policies")
    judged = _judge(config, warehouse_path, policies, built, now, fail_on, on_missing)
    summary = structs.replace(judged, configuration=configuration)
    summary = _record(config, warehouse_path, summary, frameworks)
    reports = report(config, warehouse_path, (), now=now, progress=progress) if render else []
    return Audited(summary, tuple(reports), _later(warehouse_path, now))


def _later(path: Path, now: datetime) -> datetime | None:
    """Return the clock of the latest recorded audit, if that is after `now`; else None."""
    with Warehouse(path, read_only=True) as warehouse:
        (latest,) = warehouse.row(
            "select max(audited_at) from audit.run where audited_at > ?", [now]
        )
    return latest if isinstance(latest, datetime) else None


def _rules(config: Config) -> tuple[tuple[Policy, ...], Frameworks]:
    """Read policies, frameworks and waivers: a mistake is told before anything is asked."""
    from quaestor.audit.coverage import load_frameworks
    from quaestor.audit.policies import load_policies, places_of
    from quaestor.audit.waivers import load_waivers

    policies = load_policies(places_of(config))
    load_waivers(config, policies)
    dismissals_of(config)
    return policies, load_frameworks(config, policies)


def _record(config: Config, path: Path, summary: RunSummary, frameworks: Frameworks) -> RunSummary:
    """Write the run down; return it with what became of advice."""
    from quaestor.audit.advice import record_advice
    from quaestor.audit.changes import record_changes
    from quaestor.audit.record import record
    from quaestor.audit.record_coverage import record_coverage
    from quaestor.ledger.windows import compare

    with Warehouse(path) as warehouse, warehouse.transaction():
        run = record(warehouse, summary, config_digest=_digest(config))
        record_coverage(warehouse, summary, frameworks, run_id=run, params=config.params)
        asked = ledger.advice.kinds().keys() - config.advice.skip
        advice = record_advice(warehouse, run, now=summary.audited_at, kinds=asked)
        record_changes(warehouse, run, compare=compare)
    return structs.replace(summary, advice=advice)


def _judge(
    config: Config,
    warehouse_path: Path,
    policies: Sequence[Policy],
    built: Built,
    now: datetime,
    fail_on: Severity,
    on_missing: Literal["fail", "warn"],
) -> RunSummary:
    """Evaluate every policy and decide; any violation at or above `fail_on` counts here."""
    from quaestor.audit.gate import decide

    said = _evaluated(config, warehouse_path, policies, now)
    decision = decide(
        said["findings"],
        fail_on=fail_on,
        on_missing=on_missing,
        blind_spots=len(built.blind_spots),
        only_blocking_fails=False,
    )
    return RunSummary(
        kind="audit",
        targets=(),
        decision=decision,
        blind_spots=built.blind_spots,
        fail_on=fail_on,
        audited_at=now,
        currency=config.currency,
        configuration="",
        version=__version__,
        **said,
    )


def _evaluated(
    config: Config, warehouse_path: Path, policies: Sequence[Policy], now: datetime
) -> dict[str, Any]:
    """Return what a summary says of the findings, held against the waivers, and of their basis."""
    from quaestor.audit.evaluate import evaluate
    from quaestor.audit.record import with_first_seen
    from quaestor.audit.rules import beside
    from quaestor.audit.waivers import Resolver, load_waivers

    waivers = Resolver(load_waivers(config, policies), now=now)
    with Warehouse(warehouse_path, read_only=True) as warehouse:
        found = waivers.resolve(evaluate(warehouse, policies, params=config.params, now=now))
        findings = with_first_seen(warehouse, found, now=now)
        told = beside(warehouse, config, findings, policies=policies, params=config.params)
        told["evidence_at"] = evidence_at(warehouse)
    return {**told, "findings": findings, "waivers": waivers.uses(policies, complete=True)}


def report(
    config: Config,
    warehouse_path: Path,
    names: Sequence[str],
    *,
    now: datetime,
    progress: Progress,
    folder: Path | None = None,
) -> list[Path]:
    """Render the reports named, or all: from the warehouse as it is, the first to read first."""
    from quaestor.report.html import render

    with Warehouse(warehouse_path, read_only=True) as warehouse:
        return render(
            warehouse, names, folder or config.resolve(config.reports), now=now, progress=progress
        )


def _configure(warehouse: Warehouse, config: Config) -> bool:
    """Write the configuration into its tables; say whether it differs from the last build's."""
    files = [config.resolve(path) for path in (config.rates, config.prices, config.carbon) if path]
    digest = _digest(config, *(path.read_bytes() for path in files if path.is_file()))
    if recall(warehouse, "config") == digest:
        return False
    settings.write(warehouse, config)
    remember(warehouse, "config", digest)
    return True


def _load(
    warehouse: Warehouse,
    config: Config,
    source: Source,
    now: datetime,
    progress: Progress,
    *,
    careful: bool,
) -> bool:
    landing = Landing(config.resolve(config.landing), source.name)
    attempt = landing.last_attempt()
    if attempt and attempt.succeeded_at:
        remember(warehouse, f"collected_at:{source.name}", attempt.succeeded_at.isoformat())
    manifest = landing.current()
    if manifest is None:
        return False
    elsewhere = in_force_elsewhere(config, source, manifest)
    told = (__version__, normalise.news(manifest, attempt), source, sorted(elsewhere.items()))
    digest = f"{manifest.schema} {hashlib.sha256(msgspec.json.encode(told)).hexdigest()}"
    before = recall(warehouse, f"manifest:{source.name}")
    if before == digest:
        return False
    if before and before.split()[0] != manifest.schema:
        normalise.forget(warehouse, source.name)
    job = Job(
        source,
        manifest,
        landing.root,
        config.currency,
        progress,
        careful=careful,
        elsewhere=elsewhere,
        history=landing.departed(),
        looks=landing.looks,
    )
    spots = normalise.loader(manifest.schema).load(warehouse, job)
    tell(warehouse, "normalise", spots, now, source.name)
    state.note_landed(warehouse, source.name, manifest.files)
    remember(warehouse, f"manifest:{source.name}", digest)
    return True


def _forget_others(warehouse: Warehouse, config: Config) -> bool:
    """Drop what sources that are no longer configured once said."""
    names = [source.name for source in config.sources]
    gone = [
        name.partition(":")[2]
        for (name,) in warehouse.rows(
            "select name from meta.property where name like 'manifest:%' order by name"
        )
        if name.partition(":")[2] not in names
    ]
    for name in gone:
        normalise.forget(warehouse, name)
        state.forget(warehouse, name)
    return bool(gone)


def _digest(config: Config, *files: bytes) -> str:
    judged_by = msgspec.structs.replace(config, base="", file="", notify=(), metrics=None)
    told = msgspec.json.encode((__version__, judged_by))
    return hashlib.sha256(b"\0".join((told, *files))).hexdigest()

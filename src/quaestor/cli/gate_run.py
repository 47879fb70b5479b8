"""Answer the gate's question: find the targets, evaluate, decide, and say what is missing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click

from quaestor import __version__
from quaestor.cli.output import plain
from quaestor.core.errors import IncompleteError, NothingEvaluatedError, QuaestorError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from quaestor.audit.policies import Policy
    from quaestor.audit.target import Asked, Registries
    from quaestor.cli.gate_accept import Standing
    from quaestor.cli.options import Call
    from quaestor.core.blind_spot import BlindSpot
    from quaestor.core.config import Config, Source
    from quaestor.core.finding import Finding
    from quaestor.core.run_summary import Decision, RunSummary
    from quaestor.core.verdict import Severity
    from quaestor.warehouse.duckdb import Warehouse

    _Version = tuple[str, str]  # model and version

_REGISTRY_SCHEMAS = ("mlflow", "model-gov")


@dataclass(frozen=True)
class Rules:
    """The policies that are asked, their parameters, and the ids of those left out."""

    policies: tuple[Policy, ...]
    params: Mapping[str, Mapping[str, Any]]
    left_out: tuple[str, ...]


@dataclass(frozen=True)
class Question:
    """What is asked of the gate: as the options say."""

    asked: tuple[Asked, ...]
    rules: Rules
    environment: str
    fail_on: Severity
    on_missing: Literal["fail", "warn"]
    max_age: timedelta | None
    standing: Standing
    tier: int | None = None


def collect_registries(call: Call, config: Config, wanted: bool | None) -> None:
    """Read the registries now; what fails is a blind spot of the build that follows.

    A registry that can be asked is asked: an approval withdrawn since the last audit counts.
    """
    names = [
        source.name
        for source in config.sources
        if _is_registry(source) and (wanted or (wanted is None and hasattr(source, "uri")))
    ]
    if not names and not wanted:
        return
    from quaestor import pipeline
    from quaestor.cli.progress import steps

    with steps(call) as say:
        if names:
            pipeline.collect(config, now=call.now, progress=say, only=names)
        pipeline.build(config, call.warehouse(config), now=call.now, progress=say)


def _is_registry(source: Source) -> bool:
    return getattr(source, "schema", "mlflow") in _REGISTRY_SCHEMAS


def answer(call: Call, config: Config, question: Question) -> RunSummary:
    """Evaluate and decide.

    Raises:
        QuaestorError: There is a target without a verdict, and the others are no worse.
    """
    from quaestor.audit.gate import combine, merged
    from quaestor.cli.gate_accept import accept
    from quaestor.core.run_summary import RunSummary
    from quaestor.warehouse.duckdb import Warehouse

    with Warehouse(call.warehouse(config), read_only=True) as warehouse:
        worth = _registries(call, config, warehouse, question.max_age)
        found, missing = _found(warehouse, question.asked, worth)
        spots = _unread(config, warehouse, found)
        judged = _evaluate(call, warehouse, question, found)
        findings, uses = accept(
            call, warehouse, judged, question.standing, asked=question.rules.policies
        )
    decisions = {
        target: _decide(question, findings[target], (*worth.blind_spots, *spots[target]))
        for target in found
    }
    decision = combine(list(decisions.values()))
    _complain(missing, decision, decisions)
    return RunSummary(
        kind="gate",
        targets=tuple(f"{model}:{version}" for model, version in found),
        environment=question.environment,
        decision=decision,
        findings=merged(findings.values()),
        blind_spots=(*worth.blind_spots, *dict.fromkeys(chain(*spots.values()))),
        fail_on=question.fail_on,
        audited_at=call.now,
        evidence_at=worth.collected_at,
        currency=config.currency,
        configuration=_relative(call.config_path),
        version=__version__,
        left_out=question.rules.left_out,
        waivers=uses,
    )


def _decide(
    question: Question, findings: Sequence[Finding], blind_spots: Sequence[BlindSpot]
) -> Decision:
    from quaestor.audit.gate import decide

    return decide(
        findings,
        fail_on=question.fail_on,
        on_missing=question.on_missing,
        blind_spots=len(blind_spots),
    )


def _complain(
    missing: Sequence[QuaestorError],
    decision: Decision,
    decisions: Mapping[_Version, Decision],
) -> None:
    """Say which targets there is no verdict on.

    Raises:
        QuaestorError: The worst of it, where the others are no worse: incomplete before nothing
            evaluated. Where nothing was evaluated for any target, the decision says so itself.
    """
    idle = [target for target, one in decisions.items() if one.exit_code == 4]
    problems = list(missing)
    if missing or len(idle) < len(decisions):
        problems += [_not_evaluated(*target) for target in idle]
    problems.sort(key=lambda problem: problem.exit_code, reverse=True)
    outranked = decision.exit_code in (1, 3)
    for problem in problems if outranked else problems[:-1]:
        click.echo(problem.as_text(), err=True)
    if problems and not outranked:
        raise problems[-1]


def _not_evaluated(model: str, version: str) -> QuaestorError:
    return NothingEvaluatedError(
        f"no policy gave a verdict on {plain(model)}:{plain(version)}",
        where="TARGET",
        fix="Choose policies that apply to it (--policy, --exclude), or leave it out.",
    )


def _registries(
    call: Call, config: Config, warehouse: Warehouse, max_age: timedelta | None
) -> Registries:
    from quaestor.audit.target import registries

    return registries(
        warehouse,
        named=[source.name for source in config.sources if _is_registry(source)],
        others=_others(config),
        now=call.now,
        max_age=max_age,
    )


def _others(config: Config) -> set[str]:
    return {source.name for source in config.sources if not _is_registry(source)}


def _unread(
    config: Config, warehouse: Warehouse, found: Sequence[_Version]
) -> dict[_Version, tuple[BlindSpot, ...]]:
    from quaestor.audit.target import unread_of

    others = _others(config)
    return {target: unread_of(warehouse, *target, others) for target in found}


def _found(
    warehouse: Warehouse, targets: Sequence[Asked], worth: Registries
) -> tuple[list[_Version], list[QuaestorError]]:
    """Return the versions asked about, each once, and what is to be said about the others."""
    from quaestor.audit.target import find, suggestion

    found: dict[_Version, None] = {}
    missing: list[QuaestorError] = []
    for asked in targets:
        version = find(warehouse, asked)
        if version is None:
            missing.append(_no_such(asked, worth, suggestion(warehouse, asked)))
        else:
            found[asked.model, version] = None
    return list(found), missing


def _evaluate(
    call: Call, warehouse: Warehouse, question: Question, found: Sequence[_Version]
) -> dict[_Version, tuple[Finding, ...]]:
    from quaestor.audit.evaluate import Evaluator, Target

    if not found or not question.rules.policies:
        return dict.fromkeys(found, ())
    with Evaluator(warehouse) as evaluator:
        return {
            (model, version): evaluator.evaluate(
                question.rules.policies,
                params=question.rules.params,
                now=call.now,
                target=Target(
                    model,
                    version,
                    assumed_lifecycle=question.environment,
                    assumed_tier=question.tier,
                ),
            )
            for model, version in found
        }


def _no_such(asked: Asked, worth: Registries, suggestion: str) -> QuaestorError:
    what = f"no registry has {plain(asked.text)}"
    if worth.blind_spots:
        spot = worth.blind_spots[0]
        return IncompleteError(
            f"{what}, and not every registry could be seen",
            where=f"{plain(spot.source)}: {plain(spot.reason)}",
            fix=spot.fix,
        )
    return NothingEvaluatedError(what, where="TARGET", fix=suggestion)


def _relative(path: Path) -> str:
    """Return a path as code scanning wants it: from the folder the run was started in."""
    try:
        return path.resolve().relative_to(Path.cwd()).as_posix()
    except ValueError:
        return path.name

"""Answer the gate's question: find the targets, evaluate, decide, and say what is missing."""

from __future__ import annotations

from datetime import timedelta
from importlib import import_module
from itertools import chain
from typing import TYPE_CHECKING, Any, Literal

import click
from msgspec import Struct

from quaestor import __version__
from quaestor.cli.gate_deploy import Version, deploying, name_of, of_deploy
from quaestor.cli.gate_show import bases, relative
from quaestor.cli.output import plain
from quaestor.core.errors import IncompleteError, NothingEvaluatedError, QuaestorError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from quaestor.audit.manifest import Deploy
    from quaestor.audit.policies import Policy
    from quaestor.audit.target import Asked, Registries
    from quaestor.cli.gate_accept import Standing
    from quaestor.cli.gate_deploy import Deploying
    from quaestor.cli.options import Call
    from quaestor.core.blind_spot import BlindSpot
    from quaestor.core.config import Config, Source
    from quaestor.core.finding import Finding
    from quaestor.core.run_summary import Decision, RunSummary
    from quaestor.core.verdict import Severity
    from quaestor.warehouse.duckdb import Warehouse

_NEEDED = ("quaestor.audit.evaluate", "quaestor.audit.gate", "quaestor.audit.target")
_REGISTRY_SCHEMAS = ("mlflow", "model-gov")


class Rules(Struct, frozen=True):
    """The policies that are asked, their parameters, and the ids of those left out."""

    policies: tuple[Policy, ...]
    params: Mapping[str, Mapping[str, Any]]
    left_out: tuple[str, ...]


class Question(Struct, frozen=True):
    """What is asked of the gate: as the options say."""

    asked: tuple[Asked, ...]
    rules: Rules
    environment: str
    fail_on: Severity
    on_missing: Literal["fail", "warn"]
    max_age: timedelta | None
    standing: Standing
    tier: int | None = None
    deploy: Deploy | None = None


def to_collect(config: Config, wanted: bool | None) -> list[str] | None:
    """Return the registries that are to be read first; None: nothing is to be built, either.

    A registry that can be asked is asked: an approval withdrawn since the last audit counts.
    """
    names = [
        source.name
        for source in config.sources
        if _is_registry(source) and (wanted or (wanted is None and hasattr(source, "uri")))
    ]
    return names if names or wanted else None


def collect_registries(call: Call, config: Config, names: Sequence[str]) -> None:
    """Read registries now; what fails is a blind spot of the build that follows."""
    from quaestor import pipeline
    from quaestor.cli.progress import steps

    with steps(call) as say:
        if names:
            pipeline.collect(config, now=call.now, progress=say, only=names)
        pipeline.build(config, call.warehouse(config), now=call.now, progress=say)


def _is_registry(source: Source) -> bool:
    return getattr(source, "schema", "mlflow") in _REGISTRY_SCHEMAS


class _Judged(Struct, frozen=True):
    """What the warehouse says of the targets, once it was asked and closed."""

    worth: Registries
    new: Deploying
    missing: Sequence[QuaestorError]
    spots: Mapping[Version, tuple[BlindSpot, ...]]
    findings: Mapping[Version, tuple[Finding, ...]]
    told: Mapping[str, Any]


def answer(call: Call, config: Config, question: Question, *, explain: bool = False) -> RunSummary:
    """Evaluate and decide; with `explain`, look up what findings rest on.

    Raises:
        QuaestorError: There is a target without a verdict, and the others are no worse.
    """
    from quaestor.audit.gate import combine, merged
    from quaestor.core.run_summary import RunSummary

    judged = _judge(call, config, question, explain=explain)
    worth, spots = judged.worth.blind_spots, judged.spots
    decisions = {
        target: _decide(question, findings, (*worth, *spots[target]))
        for target, findings in judged.findings.items()
    }
    decision = combine(list(decisions.values()))
    _complain(judged.missing, decision, decisions)
    return RunSummary(
        kind="gate",
        targets=tuple(name_of(target) for target in decisions),
        environment=question.environment,
        tier=question.tier,
        decision=decision,
        findings=merged(judged.findings.values()),
        blind_spots=(*worth, *dict.fromkeys(chain(*spots.values()))),
        fail_on=question.fail_on,
        audited_at=call.now,
        evidence_at=judged.worth.collected_at,
        currency=config.currency,
        configuration=relative(call.config_path),
        version=__version__,
        left_out=question.rules.left_out,
        priced=judged.new.priced,
        **judged.told,
    )


def _judge(call: Call, config: Config, question: Question, *, explain: bool) -> _Judged:
    from quaestor.audit.rules import beside
    from quaestor.cli.gate_accept import accept
    from quaestor.warehouse.duckdb import Warehouse

    for name in _NEEDED:  # while the engine still reads its catalogue (`opened_ahead`)
        import_module(name)
    rules = question.rules
    with Warehouse(call.warehouse(config), read_only=True) as warehouse:
        worth = _registries(call, config, warehouse, question.max_age)
        found, missing = _found(warehouse, question.asked, worth)
        new = deploying(
            warehouse,
            question.deploy,
            environment=question.environment,
            unseen=(*worth.blind_spots, *worth.parts),
        )
        every = list(dict.fromkeys((*found, *new.found)))
        spots = _unread(config, warehouse, every, worth.parts)
        judged = _evaluate(call, warehouse, question, every, new)
        only = {target: each for target, each in new.deployments.items() if target not in found}
        mine = of_deploy(warehouse, judged, only, rules.policies)
        findings, uses = accept(call, warehouse, mine, question.standing, asked=rules.policies)
        said = list(chain(*findings.values()))
        told = beside(warehouse, config, said, policies=rules.policies, params=rules.params)
        told["bases"] = bases(warehouse, said) if explain else None
    told |= {"waivers": uses, "places": {**told["places"], **new.places}}
    spots = {target: (*spots[target], *new.spots.get(target, ())) for target in every}
    return _Judged(worth, new, [*missing, *new.missing], spots, findings, told)


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
    decisions: Mapping[Version, Decision],
) -> None:
    """Say which targets there is no verdict on.

    Raises:
        QuaestorError: The worst of it, where the others are no worse: incomplete before nothing
            evaluated. Where nothing was evaluated for any target, the decision says so itself.
    """
    idle = [target for target, one in decisions.items() if one.exit_code == 4]
    problems = list(missing)
    if missing or len(idle) < len(decisions):
        problems += [_not_evaluated(target) for target in idle]
    problems.sort(key=lambda problem: problem.exit_code, reverse=True)
    outranked = decision.exit_code in (1, 3)
    for problem in problems if outranked else problems[:-1]:
        click.echo(problem.as_text(), err=True)
    if problems and not outranked:
        raise problems[-1]


def _not_evaluated(target: Version) -> QuaestorError:
    return NothingEvaluatedError(
        f"no policy gave a verdict on {plain(name_of(target))}",
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
    config: Config, warehouse: Warehouse, found: Sequence[Version], parts: Sequence[BlindSpot]
) -> dict[Version, tuple[BlindSpot, ...]]:
    from quaestor.audit.target import unread_of

    others = _others(config)
    return {target: unread_of(warehouse, *target, others, parts) for target in found}


def _found(
    warehouse: Warehouse, targets: Sequence[Asked], worth: Registries
) -> tuple[list[Version], list[QuaestorError]]:
    """Return the versions asked about, each once, and what is to be said about the others."""
    from quaestor.audit.target import find, suggestion

    found: dict[Version, None] = {}
    missing: list[QuaestorError] = []
    for asked in targets:
        version = find(warehouse, asked)
        if version is None:
            missing.append(_no_such(asked, worth, suggestion(warehouse, asked)))
        else:
            found[asked.model, version] = None
    return list(found), missing


def _evaluate(
    call: Call,
    warehouse: Warehouse,
    question: Question,
    found: Sequence[Version],
    new: Deploying,
) -> dict[Version, tuple[Finding, ...]]:
    from quaestor.audit.evaluate import Evaluator, Target

    if not found or not question.rules.policies:
        return dict.fromkeys(found, ())
    with Evaluator(warehouse, overlays=new.overlays) as evaluator:
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
    if unseen := (*worth.blind_spots, *worth.parts):
        spot = unseen[0]
        return IncompleteError(
            f"{what}, and not every registry could be seen",
            where=f"{plain(spot.source)}: {plain(spot.reason)}",
            fix=spot.fix,
        )
    return NothingEvaluatedError(what, where="TARGET", fix=suggestion)

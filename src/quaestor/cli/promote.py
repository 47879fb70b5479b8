"""`quaestor promote`: the gate, then the registry; the only verb that writes anywhere."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from quaestor import __version__
from quaestor.cli.options import Call, shared
from quaestor.cli.output import emit, outputs, plain
from quaestor.core.errors import ConfigurationError, NothingEvaluatedError
from quaestor.core.verdict import Severity

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from pathlib import Path

    from quaestor.audit.target import Asked
    from quaestor.core.config import Config, Source
    from quaestor.core.run_summary import RunSummary

# What the gate is asked for each stage; a version that is put away need not be fit to run.
_JUDGED = ("production", "staging")


@dataclass(frozen=True)
class _Wish:
    """The options, as one value."""

    stage: str
    alias: str | None
    name: str | None
    fail_on: Severity
    no_waivers: bool
    dry_run: bool


@click.command("promote")
@shared
@click.argument("target", metavar="MODEL:VERSION")
@click.option(
    "--to",
    "stage",
    required=True,
    type=click.Choice(["production", "staging", "archived"]),
    help="The stage. MLflow: an alias; SageMaker: ModelApprovalStatus.",
)
@click.option(
    "--alias", help="MLflow's alias to move. Else the one the model has for the stage, or champion."
)
@click.option("--source", "-s", "name", help="The registry, where several have the version.")
@click.option(
    "--fail-on",
    type=click.Choice(["critical", "high", "medium", "low"]),
    default="high",
    show_default=True,
    help="From which severity on a violation closes the gate.",
)
@click.option("--no-waivers", is_flag=True, help="Judge as if there were none.")
@click.option("--dry-run", is_flag=True, help="Judge, and say what would change; write nothing.")
@click.option("--format", "formats", multiple=True, metavar="FORMAT[=FILE]", help="As the gate's.")
def command(
    call: Call,
    target: str,
    stage: str,
    alias: str | None,
    name: str | None,
    fail_on: str,
    no_waivers: bool,
    dry_run: bool,
    formats: tuple[str, ...],
) -> int:
    """Ask the gate about a version, and only if it opens set its stage in its registry.

    The registry is read afresh, the version judged, the verdict written to its tags
    (quaestor.verdict and others), and then the alias moved (MLflow) or the package approved
    (SageMaker). Nothing is written where the gate stays closed, or where the version changed
    while it was judged. Exit codes are the gate's. To archive needs no gate.

    \b
    Examples:
      quaestor promote churn:7 --to production
      quaestor promote churn:7 --to staging --alias challenger --dry-run
    """
    from quaestor.report.export import FORMATS

    wanted = outputs(formats, list(FORMATS), "table")
    wish = _Wish(stage, alias, name, Severity(fail_on), no_waivers=no_waivers, dry_run=dry_run)
    return _promoted(call, target, wish, wanted)


def _promoted(
    call: Call, target: str, wish: _Wish, wanted: Sequence[tuple[str, Path | None]]
) -> int:
    from quaestor.audit.target import parse
    from quaestor.collect.promote import Promotion, promote
    from quaestor.report.export import formatted

    asked = parse(target)
    config = call.config()
    sources = _look(call, config, wish.name)
    verdict = {"quaestor.judged_at": f"{call.now:%Y-%m-%dT%H:%M:%SZ}", "quaestor.by": __version__}
    if wish.stage in _JUDGED:
        summary = _judged(call, config, asked, wish)
        for form, path in wanted:
            emit(formatted(form, summary), path)
        if summary.decision.exit_code:
            click.echo(f"not promoted: the gate says {summary.decision.verdict.value}", err=True)
            return summary.decision.exit_code
        verdict |= _verdict(summary)
    source, version, updated_at = _stated(call, config, sources, asked)
    promotion = Promotion(
        model=asked.model,
        version=version,
        stage=wish.stage,
        alias=wish.alias,
        verdict=verdict,
        updated_at=updated_at,
    )
    moved = promote(source, promotion, dry_run=wish.dry_run)
    would = "would move " if wish.dry_run and moved.changed else ""
    click.echo(plain(f"{source.name}: {would}{moved.what}"))
    return 0


def _look(call: Call, config: Config, name: str | None) -> list[Source]:
    """Read the registries that can be written, afresh, and return them.

    Raises:
        ConfigurationError: There is none, or none of that name.
    """
    from quaestor import pipeline
    from quaestor.cli.progress import steps
    from quaestor.collect.promote import PROMOTERS, kind_of

    sources = [
        one
        for one in config.sources
        if kind_of(one) in PROMOTERS and (name is None or one.name == name)
    ]
    if not sources:
        known = ", ".join(one.name for one in config.sources if kind_of(one) in PROMOTERS)
        raise ConfigurationError(
            f"there is no registry '{plain(name)}' to promote in"
            if name
            else "the configuration names no registry that can be written; a file is only read",
            where=f"{call.config_path} (sources)",
            fix=f"Choose from {known}."
            if known
            else f"Add a source of kind {' or '.join(PROMOTERS)}.",
        )
    with steps(call) as say:
        names = [one.name for one in sources]
        pipeline.collect(config, now=call.now, progress=say, only=names)
        pipeline.build(config, call.warehouse(config), now=call.now, progress=say)
    return sources


def _judged(call: Call, config: Config, asked: Asked, wish: _Wish) -> RunSummary:
    """Ask the gate: every policy, and nothing missing is let pass."""
    from quaestor.audit.policies import load_policies, places_of
    from quaestor.cli.gate_accept import Wishes, standing
    from quaestor.cli.gate_run import Question, Rules, answer

    policies = load_policies(places_of(config))
    stands = standing(config, policies, Wishes(no_waivers=wish.no_waivers))
    rules = Rules(policies, config.params, ())
    question = Question((asked,), rules, wish.stage, wish.fail_on, "fail", None, stands)
    return answer(call, config, question)


def _verdict(summary: RunSummary) -> dict[str, str]:
    """Return what the version's tags are to say of the gate's word."""
    judged = len({one.policy for one in summary.findings if one.verdict.value != "skip"})
    waivers = sorted({one.waiver for one in summary.findings if one.waiver})
    said = {
        "quaestor.verdict": summary.decision.verdict.value,
        "quaestor.environment": summary.environment or "",
        "quaestor.policies": str(judged),
    }
    return said | ({"quaestor.waivers": ", ".join(waivers)} if waivers else {})


def _stated(
    call: Call, config: Config, sources: Sequence[Source], asked: Asked
) -> tuple[Source, str, datetime | None]:
    """Return the one registry that has the version, its name there, and its last change.

    Raises:
        QuaestorError: None of them has it, or several do.
    """
    from quaestor.audit.target import find, suggestion
    from quaestor.warehouse.duckdb import Warehouse

    with Warehouse(call.warehouse(config), read_only=True) as warehouse:
        version = find(warehouse, asked)
        rows = warehouse.rows(
            "select source, updated_at from registry.model_version "
            "where model = ? and version = ? and list_contains(?, source) order by source",
            [asked.model, version, [one.name for one in sources]],
        )
        fix = suggestion(warehouse, asked)
    if version is None or not rows:
        raise NothingEvaluatedError(
            f"no registry to promote in has {plain(asked.text)}", where="TARGET", fix=fix
        )
    if len(rows) > 1:
        names = ", ".join(name for name, _ in rows)
        raise ConfigurationError(
            f"several registries have {plain(asked.text)}: {plain(names)}",
            where="--source",
            fix="Say which one: --source NAME.",
        )
    name, updated_at = rows[0]
    return next(one for one in sources if one.name == name), version, updated_at

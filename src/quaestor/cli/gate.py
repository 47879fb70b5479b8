"""`quaestor gate`: may this model version run? The CI job."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

import click

from quaestor.cli.gate_accept import Wishes, accepting
from quaestor.cli.gate_choose import Choice, Terms, choosing
from quaestor.cli.gate_show import Shown, show, showing
from quaestor.cli.options import Call, shared

if TYPE_CHECKING:
    from collections.abc import Sequence

    from quaestor.cli.gate_run import Question
    from quaestor.core.config import Config


@click.command("gate")
@shared
@click.argument("targets", nargs=-1, required=True, metavar="TARGET...")
@choosing
@click.option(
    "--collect/--no-collect",
    default=None,
    help="Read every registry first, or none: the warehouse as it is, no network. "
    "Without either: those that answer over the network (kind: mlflow).",
)
@accepting
@showing
def command(
    call: Call,
    targets: tuple[str, ...],
    collect: bool | None,
    terms: Terms,
    choice: Choice,
    wishes: Wishes,
    shown: Shown,
) -> int:
    """May these model versions run?

    A TARGET is MODEL:VERSION or MODEL@ALIAS; a manifest of Kubernetes or KServe; the
    configuration of a SageMaker endpoint (JSON); a model.gov.yaml; a folder of those; or - for
    standard input, such as a rendered Helm chart. What a file deploys is judged as if it ran
    already, and priced.

    Only policies that block (`gate: {ci: block}`) close the gate; the others are said. Exit
    code 0: yes; 1: no; 3: nobody can tell; 4: no such model version, or no policy for it.

    \b
    Examples:
      quaestor gate churn:7
      quaestor gate deploy/churn.yaml --no-collect
      helm template chart/ | quaestor gate - --env staging
      quaestor gate churn@champion --max-age 24 --format table --format sarif=gate.sarif
      quaestor gate churn:7 --write-baseline baseline.json   # once; then, in CI:
      quaestor gate churn:7 --baseline baseline.json
    """
    from quaestor.cli.gate_run import answer, collect_registries, to_collect
    from quaestor.warehouse.duckdb import opened_ahead

    config = _config(call)
    names = to_collect(config, collect)
    with nullcontext() if names is not None else opened_ahead(call.warehouse(config)):
        question = _question(call, config, targets, terms, choice, wishes)
        if names is not None:
            collect_registries(call, config, names)
        return show(answer(call, config, question, explain=shown.explain), shown.wanted)


def _question(
    call: Call,
    config: Config,
    targets: Sequence[str],
    terms: Terms,
    choice: Choice,
    wishes: Wishes,
) -> Question:
    """Read all that is asked before anything is looked at, so that a mistake is told at once."""
    from quaestor.audit.policies import load_policies, places_of
    from quaestor.cli.gate_accept import standing
    from quaestor.cli.gate_choose import rules_of
    from quaestor.cli.gate_deploy import say_ignored, targets_of
    from quaestor.cli.gate_run import Question

    asked, deploy = targets_of(targets)
    known = load_policies(places_of(config))
    rules = rules_of(config, known, choice)
    stands = standing(config, known, wishes)
    say_ignored(call, deploy)
    return Question(
        asked=asked,
        rules=rules,
        environment=terms.environment,
        fail_on=terms.fail_on,
        on_missing=terms.on_missing,
        max_age=terms.max_age,
        standing=stands,
        tier=terms.tier,
        deploy=deploy,
    )


def _config(call: Call) -> Config:
    """Return the configuration; without the default file everything is at its default."""
    from quaestor.core.config import Config

    if call.config_path == Path("quaestor.yaml") and not call.config_path.is_file():
        return Config()
    return call.config()

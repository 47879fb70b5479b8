"""`quaestor gate`: may this model version run? The CI job."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from quaestor.cli.gate_accept import Wishes, accepting
from quaestor.cli.gate_show import Shown, show, showing
from quaestor.cli.options import Call, shared
from quaestor.cli.output import plain
from quaestor.core.errors import ConfigurationError
from quaestor.core.verdict import Severity

if TYPE_CHECKING:
    from collections.abc import Sequence

    from quaestor.audit.policies import Policy
    from quaestor.cli.gate_run import Rules
    from quaestor.core.config import Config


@click.command("gate")
@shared
@click.argument("targets", nargs=-1, required=True, metavar="TARGET...")
@click.option(
    "--env",
    "environment",
    type=click.Choice(["production", "staging", "development"]),
    default="production",
    show_default=True,
    help="Where it is to run: the rules for that stage apply, whatever the registry says today.",
)
@click.option(
    "--fail-on",
    type=click.Choice(["critical", "high", "medium", "low"]),
    default="high",
    show_default=True,
    help="From which severity on a violation closes the gate.",
)
@click.option(
    "--on-missing",
    type=click.Choice(["fail", "warn"]),
    default="fail",
    show_default=True,
    help="What missing evidence comes to: exit code 3, or a warning.",
)
@click.option("--policy", "only", multiple=True, metavar="ID", help="This policy only; repeatable.")
@click.option(
    "--pack",
    "packs",
    multiple=True,
    metavar="NAME",
    help="Only policies that give evidence for this framework; repeatable.",
)
@click.option("--exclude", multiple=True, metavar="ID", help="Not this policy; repeatable.")
@click.option(
    "--collect/--no-collect",
    default=None,
    help="Read every registry first, or none: the warehouse as it is, no network. "
    "Without either: those that answer over the network (kind: mlflow).",
)
@click.option(
    "--max-age",
    type=click.FloatRange(min=0, min_open=True),
    metavar="HOURS",
    help="Evidence older than this is missing evidence.",
)
@click.option(
    "--tier",
    type=click.IntRange(1, 3),
    metavar="N",
    help="Judge as if the model's risk tier were N, whatever is recorded; 1 is the strictest.",
)
@accepting
@showing
def command(
    call: Call,
    targets: tuple[str, ...],
    environment: str,
    fail_on: str,
    on_missing: Literal["fail", "warn"],
    only: tuple[str, ...],
    packs: tuple[str, ...],
    exclude: tuple[str, ...],
    collect: bool | None,
    max_age: float | None,
    tier: int | None,
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
    from quaestor.audit.policies import load_policies, places_of
    from quaestor.cli.gate_accept import standing
    from quaestor.cli.gate_deploy import say_ignored, targets_of
    from quaestor.cli.gate_run import Question, answer, collect_registries

    asked, deploy = targets_of(targets)
    say_ignored(call, deploy)
    config = _config(call)
    known = load_policies(places_of(config))
    rules = _rules(config, known, _of_packs(config, known, packs), only, exclude)
    stands = standing(config, known, wishes)
    collect_registries(call, config, collect)
    age = None if max_age is None else timedelta(hours=max_age)
    question = Question(
        asked, rules, environment, Severity(fail_on), on_missing, age, stands, tier, deploy
    )
    return show(answer(call, config, question, explain=shown.explain), shown.wanted)


def _of_packs(config: Config, known: Sequence[Policy], packs: Sequence[str]) -> Sequence[Policy]:
    """Return the policies that give evidence for some packs; all of them where none is asked."""
    if not packs:
        return known
    from quaestor.audit.packs import policies_of
    from quaestor.audit.policies import places_of

    return policies_of(packs, places_of(config), known)


def _rules(
    config: Config,
    known: Sequence[Policy],
    of_packs: Sequence[Policy],
    only: Sequence[str],
    exclude: Sequence[str],
) -> Rules:
    from quaestor.cli.gate_run import Rules

    policies = tuple(one for one in _chosen(known, only, exclude) if one in of_packs)
    left_out = {policy.id for policy in known} - {policy.id for policy in policies}
    params = {name: value for name, value in config.params.items() if name not in left_out}
    return Rules(policies, params, tuple(sorted(left_out)))


def _config(call: Call) -> Config:
    """Return the configuration; without the default file everything is at its default."""
    from quaestor.core.config import Config

    if call.config_path == Path("quaestor.yaml") and not call.config_path.is_file():
        return Config()
    return call.config()


def _chosen(
    policies: Sequence[Policy], only: Sequence[str], exclude: Sequence[str]
) -> tuple[Policy, ...]:
    names = {name: policy for policy in policies for name in (policy.id, *policy.says.aliases)}
    for option, given in (("--policy", only), ("--exclude", exclude)):
        for name in given:
            if name not in names:
                import difflib

                near = difflib.get_close_matches(name, names, n=1)
                raise ConfigurationError(
                    f"there is no policy '{plain(name)}'",
                    where=option,
                    fix=f"Did you mean {near[0]}?" if near else "See `quaestor policy list`.",
                )
    wanted = {names[name].id for name in only} or {policy.id for policy in policies}
    wanted -= {names[name].id for name in exclude}
    return tuple(policy for policy in policies if policy.id in wanted)

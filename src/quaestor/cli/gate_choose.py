"""Which policies the gate asks, and on which terms: its options --policy to --tier."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Literal, TypeVar

import click
from msgspec import Struct

from quaestor.cli.options import Positive
from quaestor.cli.output import plain
from quaestor.core.errors import ConfigurationError
from quaestor.core.verdict import Severity

if TYPE_CHECKING:
    from quaestor.audit.policies import Policy
    from quaestor.cli.gate_run import Rules
    from quaestor.core.config import Config

F = TypeVar("F", bound=Callable[..., Any])


class Terms(Struct, frozen=True):
    """How strictly it is judged, and as what."""

    environment: str
    fail_on: Severity
    on_missing: Literal["fail", "warn"]
    max_age: timedelta | None
    tier: int | None


class Choice(Struct, frozen=True):
    """Policies by name: those asked for, those of frameworks, those left out."""

    only: tuple[str, ...]
    packs: tuple[str, ...]
    exclude: tuple[str, ...]


_OPTIONS = (
    click.option(
        "--env",
        "environment",
        type=click.Choice(["production", "staging", "development"]),
        default="production",
        show_default=True,
        help="Where it is to run: the rules for that stage apply, whatever the registry or a "
        "manifest says today.",
    ),
    click.option(
        "--fail-on",
        type=click.Choice(["critical", "high", "medium", "low"]),
        default="high",
        show_default=True,
        help="From which severity on a violation closes the gate.",
    ),
    click.option(
        "--on-missing",
        type=click.Choice(["fail", "warn"]),
        default="fail",
        show_default=True,
        help="What missing evidence comes to: exit code 3, or a warning.",
    ),
    click.option(
        "--policy", "only", multiple=True, metavar="ID", help="This policy only; repeatable."
    ),
    click.option(
        "--pack",
        "packs",
        multiple=True,
        metavar="NAME",
        help="Only policies that give evidence for this framework; repeatable.",
    ),
    click.option("--exclude", multiple=True, metavar="ID", help="Not this policy; repeatable."),
    click.option(
        "--max-age",
        type=Positive(1_000_000),
        metavar="HOURS",
        help="Evidence older than this is missing evidence.",
    ),
    click.option(
        "--tier",
        type=click.IntRange(1, 3),
        metavar="N",
        help="Judge as if the model's risk tier were N, whatever is recorded; 1 is the strictest.",
    ),
)


def choosing(function: F) -> F:
    """Give a command the options of this module; it receives them as `terms` and `choice`."""

    @functools.wraps(function)
    def command(
        *arguments: Any,
        environment: str,
        fail_on: str,
        on_missing: Literal["fail", "warn"],
        only: tuple[str, ...],
        packs: tuple[str, ...],
        exclude: tuple[str, ...],
        max_age: float | None,
        tier: int | None,
        **options: Any,
    ) -> Any:
        age = None if max_age is None else timedelta(hours=max_age)
        terms = Terms(environment, Severity(fail_on), on_missing, age, tier)
        choice = Choice(only, packs, exclude)
        return function(*arguments, terms=terms, choice=choice, **options)

    for option in reversed(_OPTIONS):  # as decorators stand: the last one is applied first
        command = option(command)
    return command  # type: ignore[return-value] # click reads the wrapper's options, not its type


def rules_of(config: Config, known: Sequence[Policy], choice: Choice) -> Rules:
    """Return the policies chosen, with their parameters, and what is left out.

    Raises:
        ConfigurationError: A policy or a framework that does not exist.
    """
    from quaestor.cli.gate_run import Rules

    of_packs = _of_packs(config, known, choice.packs)
    policies = tuple(one for one in _chosen(known, choice) if one in of_packs)
    left_out = {policy.id for policy in known} - {policy.id for policy in policies}
    params = {name: value for name, value in config.params.items() if name not in left_out}
    return Rules(policies, params, tuple(sorted(left_out)))


def _of_packs(config: Config, known: Sequence[Policy], packs: Sequence[str]) -> Sequence[Policy]:
    """Return the policies that give evidence for some packs; all of them where none is asked."""
    if not packs:
        return known
    from quaestor.audit.packs import policies_of
    from quaestor.audit.policies import places_of

    return policies_of(packs, places_of(config), known)


def _chosen(policies: Sequence[Policy], choice: Choice) -> tuple[Policy, ...]:
    names = {name: policy for policy in policies for name in (policy.id, *policy.says.aliases)}
    for option, given in (("--policy", choice.only), ("--exclude", choice.exclude)):
        for name in given:
            if name not in names:
                import difflib

                near = difflib.get_close_matches(name, names, n=1)
                raise ConfigurationError(
                    f"there is no policy '{plain(name)}'",
                    where=option,
                    fix=f"Did you mean {near[0]}?" if near else "See `quaestor policy list`.",
                )
    wanted = {names[name].id for name in choice.only} or {policy.id for policy in policies}
    wanted -= {names[name].id for name in choice.exclude}
    return tuple(policy for policy in policies if policy.id in wanted)

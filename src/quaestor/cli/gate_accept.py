"""What a gate lets stand: waivers, a baseline, and what an earlier run found."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click
from msgspec import Struct

from quaestor.cli.output import plain

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from quaestor.audit.baseline import Baseline
    from quaestor.audit.known import Key
    from quaestor.audit.policies import Policy
    from quaestor.cli.options import Call
    from quaestor.core.config import Config
    from quaestor.core.finding import Finding
    from quaestor.core.waivers import Waiver, WaiverUse
    from quaestor.warehouse.duckdb import Warehouse

    Groups = Mapping[Any, Sequence[Finding]]  # the findings of each target

F = TypeVar("F", bound=Callable[..., Any])


class Wishes(Struct, frozen=True):
    """The options, as one value."""

    no_waivers: bool = False
    baseline: Path | None = None
    write_baseline: Path | None = None
    diff: str | None = None


class Standing(Struct, frozen=True):
    """What may stand, read and checked before anything is judged.

    Args:
        policies: All that are loaded.
        waivers: All of them; none with `--no-waivers`.
        baseline: What `--baseline` holds, or else what the file to be written held.
        wishes: The options.
    """

    policies: tuple[Policy, ...] = ()
    waivers: tuple[Waiver, ...] = ()
    baseline: Baseline | None = None
    wishes: Wishes = Wishes()


_OPTIONS = (
    click.option("--no-waivers", is_flag=True, help="Judge as if there were no waiver."),
    click.option(
        "--baseline",
        type=click.Path(path_type=Path),
        metavar="FILE",
        help="Violations that FILE holds are shown and do not close the gate; criticals always do.",
    ),
    click.option(
        "--write-baseline",
        type=click.Path(path_type=Path),
        metavar="FILE",
        help="Write the violations of these targets to FILE and take them as known; what was "
        "mended is dropped. With --baseline: only drop, let nothing new in.",
    ),
    click.option(
        "--diff",
        metavar="REF",
        help="Only violations that REF did not find close the gate (and criticals). REF: last, "
        "the id of a recorded audit, or the JSON report of an earlier gate.",
    ),
)


def accepting(function: F) -> F:
    """Give a command the options of this module; it receives them as `wishes`, one `Wishes`."""

    @functools.wraps(function)
    def command(
        *arguments: Any,
        no_waivers: bool,
        baseline: Path | None,
        write_baseline: Path | None,
        diff: str | None,
        **options: Any,
    ) -> Any:
        wishes = Wishes(no_waivers, baseline, write_baseline, diff)
        return function(*arguments, wishes=wishes, **options)

    for option in reversed(_OPTIONS):  # as decorators stand: the last one is applied first
        command = option(command)
    return command  # type: ignore[return-value] # click reads the wrapper's options, not its type


def standing(config: Config, policies: Sequence[Policy], wishes: Wishes) -> Standing:
    """Read the waivers and the baseline.

    Args:
        config: Names the folder of waivers.
        policies: All that are loaded, not only those that are asked.
        wishes: The options.

    Raises:
        ConfigurationError: One of them is malformed, or a file that is named is not there.
    """
    from quaestor.audit.waivers import load_waivers

    waivers = () if wishes.no_waivers else load_waivers(config, policies)
    path = wishes.baseline
    if path is None and wishes.write_baseline is not None and wishes.write_baseline.exists():
        path = wishes.write_baseline
    baseline = None
    if path is not None:
        from quaestor.audit.baseline import read_baseline

        baseline = read_baseline(path)
    return Standing(tuple(policies), waivers, baseline, wishes)


def accept(
    call: Call,
    warehouse: Warehouse,
    found: Groups,
    stands: Standing,
    *,
    asked: Sequence[Policy],
) -> tuple[dict[Any, tuple[Finding, ...]], tuple[WaiverUse, ...]]:
    """Hold findings against what may stand, and write the baseline if one is to be written.

    Args:
        call: The clock, and whether to speak.
        warehouse: Where earlier runs are recorded.
        found: The findings of each target.
        stands: What may stand.
        asked: The policies that were asked.

    Returns:
        The findings of each target, waived or known where they are; and what each waiver came to.

    Raises:
        ConfigurationError: `--diff` names no run and no report.
        IncompleteError: The baseline cannot be written.
    """
    from quaestor.audit.known import lapsed_in, mark_known
    from quaestor.audit.waivers import Resolver

    resolver = Resolver(stands.waivers, now=call.now)
    groups = {target: resolver.resolve(findings) for target, findings in found.items()}
    uses = resolver.uses(stands.policies, complete=False)
    lapsed = lapsed_in(uses)
    since = _known_before(call, warehouse, groups, stands, asked, lapsed)
    if since:
        groups = {
            target: mark_known(findings, since, lapsed=lapsed)
            for target, findings in groups.items()
        }
    return groups, uses


def _known_before(
    call: Call,
    warehouse: Warehouse,
    groups: Groups,
    stands: Standing,
    asked: Sequence[Policy],
    lapsed: frozenset[str],
) -> dict[Key, str]:
    """Return what `--diff` and the baseline hold, with what to say of it."""
    since: dict[Key, str] = {}
    if stands.wishes.diff is not None:
        from quaestor.audit.earlier import violations_before

        since |= violations_before(warehouse, stands.wishes.diff, now=call.now)
    baseline = stands.baseline
    if stands.wishes.write_baseline is not None:
        baseline = _renewed(call, warehouse, groups, stands, asked, lapsed)
    if baseline is not None:
        since |= baseline.since()
    return since


def _renewed(
    call: Call,
    warehouse: Warehouse,
    groups: Groups,
    stands: Standing,
    asked: Sequence[Policy],
    lapsed: frozenset[str],
) -> Baseline:
    """Write the baseline, and return what was written."""
    from quaestor.audit.baseline import renewed, still_recorded, write_baseline
    from quaestor.audit.gate import merged
    from quaestor.audit.record import with_first_seen
    from quaestor.core.words import plural

    path = stands.wishes.write_baseline
    assert path is not None  # noqa: S101 - the caller asks for nothing else
    before = stands.baseline
    baseline = renewed(
        before,
        with_first_seen(warehouse, merged(groups.values()), now=call.now),
        policies={policy.id for policy in asked},
        recorded=still_recorded(warehouse, before, stands.policies) if before else (),
        lapsed=lapsed,
        only_prune=stands.wishes.baseline is not None,
        now=call.now,
    )
    write_baseline(path, baseline)
    if not call.quiet:
        held = {one.key for one in before.findings} if before else set()
        holds = {one.key for one in baseline.findings}
        known = plural(len(holds), "known violation", "known violations")
        click.echo(
            f"baseline: {plain(path)} holds {known} "
            f"({len(holds - held)} new, {len(held - holds)} dropped); criticals are never in it",
            err=True,
        )
    return baseline

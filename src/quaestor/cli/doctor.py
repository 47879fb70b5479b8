"""`quaestor doctor`: look at every source and say how to mend what is wrong."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

import click

from quaestor.cli.notify import look
from quaestor.cli.options import Call, shared
from quaestor.cli.output import table

if TYPE_CHECKING:
    from quaestor.core.config import Config, Source
    from quaestor.core.errors import QuaestorError


@click.command("doctor")
@shared
def command(call: Call) -> int:
    """Look at every source: reachable, allowed, how fresh, what it cannot see, how to mend it.

    Mail servers of `notify:` are asked to let us in. Nothing is landed, sent or changed. Exit code
    3 if a source cannot be read, or a mail server does not let us in.

    \b
    Example:
      quaestor doctor
    """
    from quaestor.collect import sources

    config = call.config()
    problems: list[tuple[str, QuaestorError]] = []
    lines: list[dict[str, Any]] = []
    for source in sources.chosen(config, ()):
        state, detail, problem = _look(source, config)
        if problem:
            problems.append((source.name, problem))
        lines.append(
            {
                "source": source.name,
                "kind": sources.kind_of(source),
                "state": state,
                "collected": _freshness(source, config, call.now),
                "detail": detail,
            }
        )
    click.echo(table(lines))
    for name, problem in problems:
        click.echo(f"\nsource {name}: {problem.as_text()}", err=True)
    _say_what_was_not_seen(call, config)
    unreached = look(call, config) if config.notify else []
    for name, problem in unreached:
        click.echo(f"\nnotifier {name}: {problem.as_text()}", err=True)
    return 3 if problems or unreached else 0


def _say_what_was_not_seen(call: Call, config: Config) -> None:
    """Print the blind spots of the last build, and what each registry cannot tell at all."""
    from quaestor.cli.speech import say_blind_spots
    from quaestor.core.errors import IncompleteError
    from quaestor.warehouse.duckdb import Warehouse
    from quaestor.warehouse.state import cannot_tell, read_blind_spots

    path = call.warehouse(config)
    if not path.is_file():
        return
    try:
        with Warehouse(path, read_only=True) as warehouse:
            say_blind_spots(read_blind_spots(warehouse))
            for source, fields in cannot_tell(warehouse).items():
                click.echo(f"source {source} cannot tell: {', '.join(fields)}", err=True)
    except IncompleteError as problem:  # of what was never built there is nothing to say yet
        click.echo(problem.as_text(), err=True)


def _look(source: Source, config: Config) -> tuple[str, str, QuaestorError | None]:
    from quaestor import collect
    from quaestor.collect import sources
    from quaestor.core.errors import PartlyReadError, QuaestorError

    try:
        with collect.of_bounded_depth(source.name):
            detail = collect.collector(sources.kind_of(source)).doctor(source, config)
    except PartlyReadError as problem:
        return "partly", "; ".join(filter(None, [problem.read, problem.what])), problem
    except QuaestorError as problem:
        return "failed", problem.what, problem
    return "ok", detail, None


def _freshness(source: Source, config: Config, now: datetime) -> str:
    from quaestor.collect.landing import Landing

    attempt = Landing(config.resolve(config.landing), source.name).last_attempt()
    if attempt is None or attempt.succeeded_at is None:
        return "never"
    hours = (now - attempt.succeeded_at).total_seconds() / 3600
    if hours < 0:
        return f"{attempt.succeeded_at:%Y-%m-%d %H:%M} (ahead of the clock)"
    return f"{hours:.0f} h ago" if hours < 48 else f"{hours / 24:.0f} days ago"

"""`quaestor collect`: land files from every source."""

from __future__ import annotations

from datetime import datetime

import click

from quaestor.cli.options import Call, shared
from quaestor.cli.progress import steps
from quaestor.cli.speech import say_failures
from quaestor.core.period import Window

_DAY = click.DateTime(formats=["%Y-%m-%d"])


@click.command("collect")
@shared
@click.option("--source", "-s", "only", multiple=True, help="Only this source; repeatable.")
@click.option(
    "--since", type=_DAY, help="Bills: only billing periods that end on this day or later."
)
@click.option("--until", type=_DAY, help="Bills: only billing periods that begin by this day.")
def command(
    call: Call, only: tuple[str, ...], since: datetime | None, until: datetime | None
) -> int:
    """Land files from every source, write-once and hashed.

    A source that fails does not stop the others; what it landed before stays in force. A
    second run with nothing new lands nothing. With --since or --until, bills of other periods
    stay as they were landed; a source without billing periods is read whole.

    \b
    Examples:
      quaestor collect
      quaestor collect --source registry --verbose
      quaestor collect --source aws --since 2026-01-01 --until 2026-03-31
    """
    from quaestor.collect import sources

    if since and until and since > until:
        raise click.UsageError(f"--since {since:%Y-%m-%d} is after --until {until:%Y-%m-%d}")
    window = Window(since.date() if since else None, until.date() if until else None)

    config = call.config()
    with steps(call) as say:
        failures = sources.collect(config, now=call.now, progress=say, only=only, window=window)
    say_failures(failures, as_json=call.json_errors)
    looked = len(sources.chosen(config, only))
    if not call.quiet:
        plural = "s" if looked != 1 else ""
        click.echo(f"{looked - len(failures)} of {looked} source{plural} collected")
    return 3 if failures else 0

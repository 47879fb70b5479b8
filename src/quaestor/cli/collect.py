"""`quaestor collect`: land files from every source."""

from __future__ import annotations

import click

from quaestor.cli.options import Call, shared
from quaestor.cli.progress import steps
from quaestor.cli.speech import say_failures


@click.command("collect")
@shared
@click.option("--source", "-s", "only", multiple=True, help="Only this source; repeatable.")
def command(call: Call, only: tuple[str, ...]) -> int:
    """Land files from every source, write-once and hashed.

    A source that fails does not stop the others; what it landed before stays in force. A
    second run with nothing new lands nothing.

    \b
    Examples:
      quaestor collect
      quaestor collect --source registry --verbose
    """
    from quaestor import pipeline

    config = call.config()
    with steps(call) as say:
        failures = pipeline.collect(config, now=call.now, progress=say, only=only)
    say_failures(failures)
    looked = len(pipeline.chosen(config, only))
    if not call.quiet:
        plural = "s" if looked != 1 else ""
        click.echo(f"{looked - len(failures)} of {looked} source{plural} collected")
    return 3 if failures else 0

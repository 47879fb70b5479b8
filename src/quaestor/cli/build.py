"""`quaestor build`: landed files become the warehouse and the ledger."""

from __future__ import annotations

import click

from quaestor.cli.options import Call, shared
from quaestor.cli.progress import steps
from quaestor.cli.speech import say_blind_spots


@click.command("build")
@shared
@click.option(
    "--on-missing",
    type=click.Choice(["fail", "warn"]),
    default="fail",
    show_default=True,
    help="What blind spots come to: exit code 3, or a warning.",
)
def command(call: Call, on_missing: str) -> int:
    """Turn landed files into the warehouse and the ledger; only what changed is built.

    All or nothing: a run killed at any moment leaves the last good state.

    \b
    Example:
      quaestor collect && quaestor build
    """
    from quaestor import pipeline

    config = call.config()
    path = call.warehouse(config)
    with steps(call) as say:
        built = pipeline.build(config, path, now=call.now, progress=say)
    say_blind_spots(built.blind_spots)
    if not call.quiet:
        click.echo(f"{path} is {'built' if built.changed else 'up to date'}")
    return 3 if built.blind_spots and on_missing == "fail" else 0

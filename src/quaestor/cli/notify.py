"""`quaestor notify`: tell people of the latest audit, or see what they would be told."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from quaestor.cli.options import Call, shared
from quaestor.cli.output import emit, table
from quaestor.core.errors import QuaestorError
from quaestor.core.text import printable

if TYPE_CHECKING:
    from quaestor.core.config import Config
    from quaestor.notify.send import Told


@click.command("notify")
@shared
@click.argument("names", nargs=-1, metavar="[NAME]...")
@click.option("--dry-run", is_flag=True, help="Print the messages, secrets masked; send nothing.")
@click.option(
    "--again",
    is_flag=True,
    help="Send also what was sent before, and what `when:` does not ask for.",
)
@click.option("--schema", is_flag=True, help="Print the JSON Schema of what a webhook gets.")
def command(call: Call, names: tuple[str, ...], dry_run: bool, again: bool, schema: bool) -> int:
    """Tell every notifier, or those NAMED, of the latest audit.

    `quaestor audit` does so at its end. This sends what could not be sent then, and tries a new
    set-up. A notifier hears of an audit once. Exit code 3 if a message could not be sent.

    \b
    Examples:
      quaestor notify --dry-run
      quaestor notify ops --again
    """
    from quaestor.cli.progress import steps
    from quaestor.notify import message, send

    if schema:
        emit(json.dumps(message.schema(), indent=2), None)
        return 0
    config = call.config()
    warehouse = call.warehouse(config)
    if dry_run:
        for notifier in send.chosen(config, names):
            reading = send.reading_for(notifier, warehouse)
            click.echo(f"--- {notifier.name}")
            click.echo(send.shown(notifier, config, reading.message, call.now))
        return 0
    with steps(call) as progress:
        told = send.notify(
            config, warehouse, now=call.now, progress=progress, names=names, again=again
        )
    if not call.quiet:
        for one in told:
            click.echo(_line(one))
    say_problems(told, as_json=call.json_errors)
    return 3 if any(one.outcome == "failed" for one in told) else 0


def tell(call: Call, config: Config) -> None:
    """Tell the notifiers of the audit that has just ended; failures are said and decide nothing."""
    from quaestor.cli.progress import steps
    from quaestor.notify import send

    try:
        with steps(call) as progress:
            told = send.notify(config, call.warehouse(config), now=call.now, progress=progress)
    except QuaestorError as problem:
        click.echo(f"notify: {problem.as_text()}", err=True)
        return
    if not call.quiet:
        for one in told:
            if one.outcome == "sent":
                click.echo(f"notified: {_line(one)}", err=True)
    say_problems(told, as_json=call.json_errors)


def look(call: Call, config: Config) -> list[tuple[str, QuaestorError]]:
    """Print a line per notifier, for the doctor: mail servers are asked, and nothing is sent.

    Returns:
        The notifiers that cannot be reached.
    """
    from quaestor.core.notifiers import MailNotifier, kind_of
    from quaestor.notify import deliver, send

    last = send.last_told(call.warehouse(config))
    lines: list[dict[str, str]] = []
    problems: list[tuple[str, QuaestorError]] = []
    for one in config.notify:
        state = "not tried: a message alone would tell"
        if isinstance(one, MailNotifier):
            state = "ok"
            try:
                deliver.look(one)
            except QuaestorError as problem:
                state = "failed"
                problems.append((one.name, problem))
        told = last.get(one.name, "never")
        lines.append(
            {"notifier": one.name, "kind": kind_of(one), "at": one.at, "state": state, "told": told}
        )
    click.echo(f"\n{table(lines)}")
    return problems


def say_problems(told: Sequence[Told], *, as_json: bool) -> None:
    """Print what went wrong to standard error, as text or as JSON, a line each."""
    for one in told:
        if one.problem is None:
            continue
        if as_json:
            said = json.dumps({"notifier": one.notifier, **one.problem.as_dict()})
        else:
            said = f"notify {one.notifier}: {one.problem.as_text()}"
        click.echo(said, err=True)


def _line(one: Told) -> str:
    name = f"{printable(one.notifier)} ({one.kind})"
    if one.outcome == "sent before":
        return f"{name}: sent before, {one.at:%Y-%m-%d %H:%M} UTC; --again sends it anew"
    if one.outcome == "not needed":
        return f"{name}: not needed, its `when:` asks for other audits; --again sends it anyway"
    return f"{name}: {one.outcome}"

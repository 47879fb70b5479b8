"""`quaestor audit`: the scheduled job."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import click

from quaestor.cli.export_metrics import write_metrics
from quaestor.cli.gate_show import FORMAT, relative, show, wanted
from quaestor.cli.notify import tell
from quaestor.cli.options import Call, shared
from quaestor.cli.output import where_reports_lie
from quaestor.cli.progress import steps
from quaestor.cli.speech import say_blind_spots
from quaestor.core.errors import QuaestorError

if TYPE_CHECKING:
    from datetime import datetime

    from quaestor.core.config import Config


@click.command("audit")
@shared
@click.option("--no-collect", is_flag=True, help="Judge what is landed; look at no source.")
@click.option(
    "--fail-on",
    type=click.Choice(["critical", "high", "medium", "low"]),
    default="high",
    show_default=True,
    help="From which severity on a violation fails the audit.",
)
@click.option(
    "--on-missing",
    type=click.Choice(["fail", "warn"]),
    default="fail",
    show_default=True,
    help="What missing evidence comes to: exit code 3, or a warning.",
)
@click.option("--no-notify", is_flag=True, help="Tell nobody (`notify:`).")
@FORMAT
def command(
    call: Call,
    no_collect: bool,
    fail_on: str,
    on_missing: Literal["fail", "warn"],
    no_notify: bool,
    formats: tuple[str, ...],
) -> int:
    """Collect, build, evaluate every policy, report and notify: the scheduled job.

    \b
    Examples:
      quaestor audit
      quaestor audit --format json=audit.json --format sarif=audit.sarif --fail-on critical
    """
    from quaestor import pipeline
    from quaestor.core.verdict import Severity

    asked = wanted(formats)
    config = call.config()
    with steps(call) as say:
        audited = pipeline.audit(
            config,
            call.warehouse(config),
            now=call.now,
            progress=say,
            fail_on=Severity(fail_on),
            on_missing=on_missing,
            collect_first=not no_collect,
            configuration=relative(call.config_path),
        )
    if ("table", None) not in asked:  # the table says them itself
        say_blind_spots(audited.summary.blind_spots)
    code = show(audited.summary, asked)
    _say_later(audited.later)
    if not call.quiet:
        for line in where_reports_lie(audited.reports):
            click.echo(line, err=True)
    _publish(call, config, notifies=not no_notify)
    return code


def _say_later(later: datetime | None) -> None:
    """Say that another audit counts as the latest: the clock was wrong, then or now."""
    if later is not None:
        click.echo(
            f"note: an audit of {later:%Y-%m-%d %H:%M} UTC is recorded, later than this one: "
            "pages, exports and trends go by that one",
            err=True,
        )


def _publish(call: Call, config: Config, *, notifies: bool) -> None:
    """Notify, and write `metrics:`; what goes wrong is said, and changes nothing of the verdict."""
    if config.notify and notifies:
        tell(call, config)
    if config.metrics is None:
        return
    path = config.resolve(config.metrics)
    try:
        write_metrics(call.warehouse(config), path)
    except QuaestorError as problem:
        click.echo(f"metrics: {problem.as_text()}", err=True)
    else:
        if not call.quiet:
            click.echo(f"metrics: {path}", err=True)

"""`quaestor demo`: a realistic estate, audited, in one command."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from quaestor.cli.options import Call, shared
from quaestor.cli.output import table, where_reports_lie
from quaestor.cli.progress import steps
from quaestor.core.text import printable

if TYPE_CHECKING:
    from quaestor.core.run_summary import RunSummary
    from quaestor.demo.summary import Summary

_SHOWN = 20


@click.command("demo")
@shared
@click.argument("folder", type=click.Path(path_type=Path), default=Path("quaestor-demo"))
def command(call: Call, folder: Path) -> int:
    """Build a realistic estate in FOLDER, audit it, and print where the report lies.

    Three clouds' bills, a GPU cluster and a registry of forty models, with faults planted on
    purpose. It is audited as it was a week before, too, so that there is something to compare
    with. Needs no service and no network; the same on every machine. The exit code is 0
    although the estate has violations: the demo is what succeeded.

    \b
    Examples:
      quaestor demo
      quaestor demo /tmp/try-it
    """
    from quaestor import demo, pipeline
    from quaestor.core.config import read_config
    from quaestor.demo.changes import LATEST
    from quaestor.demo.summary import summarise

    with steps(call) as say:
        for now in demo.audits(folder):
            config = read_config(demo.build(folder, now=now, progress=say), os.environ)
            warehouse = call.warehouse(config)
            last = now == LATEST
            audited = pipeline.audit(config, warehouse, now=now, progress=say, render=last)
        figures = summarise(warehouse, LATEST)
    click.echo(_text(folder, figures, audited.summary, audited.reports))
    return 0


def _text(folder: Path, figures: Summary, audited: RunSummary, reports: tuple[Path, ...]) -> str:
    from quaestor.core.money import amount_text
    from quaestor.core.verdict import Verdict
    from quaestor.demo.changes import LATEST
    from quaestor.demo.faults import FAILING, PASSING
    from quaestor.demo.summary import IDLE_DAYS

    failing = audited.ordered(Verdict.FAIL)
    share = "unknown" if figures.model_ratio is None else f"{figures.model_ratio:.0%}"
    cost, idle, gpus = (
        amount_text(amount, audited.currency)
        for amount in (figures.cost, figures.idle_cost, figures.gpu_cost)
    )
    found = [
        {"severity": one.severity.value, "policy": one.policy, "subject": one.subject}
        for one in failing[:_SHOWN]
    ]
    now = f"{LATEST:%Y-%m-%dT%H:%M:%SZ}"  # the demo's clock stands still
    more = f"... and {len(failing) - _SHOWN} more\n" if len(failing) > _SHOWN else ""
    rendered = "\n".join(where_reports_lie(reports))
    return f"""\
Three clouds, a GPU cluster and {figures.models} models, in {printable(folder)}

  cost of {figures.month:%B %Y}: {cost}, {share} of it reaches a model
  idle GPUs, last {IDLE_DAYS} days: {idle} of {gpus}
  violations: {len(failing)}, planted on purpose; README.md in the folder tells which
{_since(figures)}
{table(found)}
{more}
{rendered}

Try next:
  cd {printable(folder)}
  quaestor gate {PASSING} --now {now}    # may run: exit code 0
  quaestor gate {FAILING} --now {now}   # may not: exit code 1
  quaestor diff                                       # what changed since, and why
  quaestor explain model_month/support-chat/{figures.month:%Y-%m}
  quaestor query "from ledger.model_month where month = '{figures.month}'"
"""


def _since(figures: Summary) -> str:
    """Say what began and ended since the audit before, in a line; nothing without one."""
    if figures.previous is None:
        return ""
    return (
        f"  since {figures.previous:%-d %B %Y}: "
        f"{figures.began} violations began, {figures.ended} ended, {figures.waived} waived\n"
    )

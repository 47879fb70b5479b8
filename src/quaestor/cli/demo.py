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

NOW = "2026-11-21T06:00:00Z"  # the demo's clock stands still
_SHOWN = 20


@click.command("demo")
@shared
@click.argument("folder", type=click.Path(path_type=Path), default=Path("quaestor-demo"))
def command(call: Call, folder: Path) -> int:
    """Build a realistic estate in FOLDER, audit it, and print where the report lies.

    Three clouds' bills, a GPU cluster and a registry of forty models, with faults planted on
    purpose. Needs no service and no network; the same on every machine. The exit code is 0
    although the estate has violations: the demo is what succeeded.

    \b
    Examples:
      quaestor demo
      quaestor demo /tmp/try-it
    """
    from quaestor import demo, pipeline
    from quaestor.core.config import read_config
    from quaestor.core.period import utc
    from quaestor.demo.summary import summarise

    now = utc(NOW)
    with steps(call) as say:
        config = read_config(demo.build(folder, progress=say), os.environ)
        warehouse = call.warehouse(config)
        audited = pipeline.audit(config, warehouse, now=now, progress=say)
        figures = summarise(warehouse, now)
    click.echo(_text(folder, figures, audited.summary, audited.reports))
    return 0


def _text(folder: Path, figures: Summary, audited: RunSummary, reports: tuple[Path, ...]) -> str:
    from quaestor.core.money import amount_text
    from quaestor.core.verdict import Verdict
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
    more = f"... and {len(failing) - _SHOWN} more\n" if len(failing) > _SHOWN else ""
    rendered = "\n".join(where_reports_lie(reports))
    return f"""\
Three clouds, a GPU cluster and {figures.models} models, in {printable(folder)}

  cost of {figures.month:%B %Y}: {cost}, {share} of it reaches a model
  idle GPUs, last {IDLE_DAYS} days: {idle} of {gpus}
  violations: {len(failing)}, planted on purpose; README.md in the folder tells which

{table(found)}
{more}
{rendered}

Try next:
  cd {printable(folder)}
  quaestor gate {PASSING} --now {NOW}    # may run: exit code 0
  quaestor gate {FAILING} --now {NOW}   # may not: exit code 1
  quaestor explain model_month/support-chat/{figures.month:%Y-%m}
  quaestor query "from ledger.model_month where month = '{figures.month}'"
"""

"""`quaestor diff`: what changed between two audits."""

from __future__ import annotations

import click

from quaestor.cli.options import Call, shared
from quaestor.cli.output import emit, outputs

FORMATS = ("table", "json", "markdown", "csv")


@click.command("diff")
@click.argument("before", default="previous", metavar="[A]")
@click.argument("after", default="latest", metavar="[B]")
@click.option(
    "--format", "formats", multiple=True, metavar="FORMAT[=FILE]", help=f"{', '.join(FORMATS)}."
)
@shared
def command(call: Call, before: str, after: str, *, formats: tuple[str, ...]) -> int:
    """Say what changed from audit A to audit B: money, findings, advice.

    A and B are audits: an id or its beginning, a day (its last audit), `latest` or `previous`.
    Without them it is the latest against the one before.

    Money is what the 30 last complete days before each audit cost. The change is made up of
    effects that add up to it: price, volume, mix, efficiency, another model version, and what
    states no quantity. Restated is what the bill says otherwise of the days of A since.

    A rule that only one of both asked makes no finding new or closed. The exit code is 0 whatever
    has changed; the gate is what judges.

    \b
    quaestor diff
    quaestor diff 2026-11-14 latest
    quaestor diff 20261114T06 20261121T06 --format markdown
    quaestor diff --format csv=changes.csv --format json=changes.json
    """
    from quaestor.audit.changes import changes
    from quaestor.audit.runs import find_run, in_order, runs_of
    from quaestor.cli.diff_shown import shown
    from quaestor.ledger.windows import compare
    from quaestor.warehouse.duckdb import Warehouse

    asked = outputs(formats, FORMATS, "table")
    with Warehouse(call.warehouse(call.config_or_default()), read_only=True) as warehouse:
        runs = runs_of(warehouse)
        one, other = in_order(find_run(runs, before), find_run(runs, after))
        found = changes(warehouse, one, other, compare=compare)
    for name, path in asked:
        emit(shown(name, found), path)
    return 0

"""`quaestor report`: render the HTML reports from the warehouse as it is."""

from __future__ import annotations

from pathlib import Path

import click

from quaestor.cli.options import Call, shared


@click.command("report")
@shared
@click.argument("names", nargs=-1, metavar="[NAME]...")
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    help="The folder to write to, instead of the configured `reports:`.",
)
def command(call: Call, names: tuple[str, ...], out: Path | None) -> int:
    """Render the HTML reports: all of them, or those NAMED.

    They are cost, compliance, and reconciliation (does the bill add up?). Each is one file that
    needs no network and holds no script: it can be mailed, printed and kept. The figures are
    those of the last `quaestor audit` or `build`; nothing is collected.

    \b
    Example:
      quaestor report
      quaestor report cost --out /tmp/reports
    """
    from quaestor.cli.progress import steps
    from quaestor.report.html import render
    from quaestor.warehouse.duckdb import Warehouse

    with (
        Warehouse(call.warehouse(), read_only=True) as warehouse,
        steps(call) as progress,
    ):
        paths = render(warehouse, names, _folder(call, out), now=call.now, progress=progress)
    for path in paths:
        click.echo(str(path))
    return 0


def _folder(call: Call, out: Path | None) -> Path:
    """Return --out, else the configuration's folder, else the one beside the warehouse."""
    if out is not None:
        return out
    if call.config_path.is_file():
        config = call.config()
        return config.resolve(config.reports)
    return call.warehouse().parent / "quaestor-reports"

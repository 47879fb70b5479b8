"""`quaestor report`: render the reports from the warehouse as it is, in every format."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from quaestor.cli.options import Call, shared
from quaestor.core.errors import ConfigurationError
from quaestor.core.nearest import did_you_mean

if TYPE_CHECKING:
    from quaestor.report.forms import Request
    from quaestor.report.paper import Paper


@click.command("report")
@shared
@click.argument("names", nargs=-1, metavar="[NAME]...")
@click.option(
    "--format",
    "formats",
    multiple=True,
    metavar="FORMAT[=PATH]",
    help="html or pdf; repeatable. PATH is a folder, or a file for one report. Default: html.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    help="The folder to write to, instead of the configured `reports:`.",
)
@click.option(
    "--paper",
    type=click.Choice(["a4", "letter"]),
    default="a4",
    show_default=True,
    help="The sheets of a PDF.",
)
@click.option(
    "--browser",
    envvar="QUAESTOR_BROWSER",
    metavar="PROGRAM",
    help="Chromium, Chrome or Edge, which prints a PDF. Default: the first that is found.",
)
def command(
    call: Call,
    names: tuple[str, ...],
    formats: tuple[str, ...],
    out: Path | None,
    paper: Paper,
    browser: str | None,
) -> int:
    """Render the reports: all of them, or those NAMED.

    A page is one file that needs no network: it can be mailed, printed and kept. The figures are
    those of the last `quaestor audit` or `build`; nothing is collected.

    \b
    Examples:
      quaestor report
      quaestor report cost --out /tmp/reports
      quaestor report --format pdf --paper letter
    """
    from quaestor.cli.progress import steps
    from quaestor.core.shipped import shipped
    from quaestor.report.forms import Request
    from quaestor.warehouse.duckdb import Warehouse

    wanted = _wanted(formats)
    with (
        Warehouse(call.warehouse(), read_only=True) as warehouse,
        steps(call) as progress,
    ):
        request = Request(
            warehouse=warehouse,
            names=names,
            definitions=shipped("reports"),
            folder=_folder(call, out),
            now=call.now,
            progress=progress,
            paper=paper,
            browser=browser,
        )
        paths = _written(request, wanted)
    for path in paths:
        click.echo(str(path))
    return 0


def _wanted(formats: Sequence[str]) -> list[tuple[str, Path | None]]:
    """Read `--format` values: each format, and where to, if that is said."""
    from quaestor.report.forms import FORMS

    pairs = []
    for text in formats or ["html"]:
        name, _, path = text.partition("=")
        if name not in FORMS:
            raise ConfigurationError(
                f"there is no format '{name}'",
                where="--format",
                fix=did_you_mean(name, list(FORMS), otherwise=f"Choose from {', '.join(FORMS)}."),
            )
        pairs.append((name, Path(path) if path else None))
    return list(dict.fromkeys(pairs))


def _written(request: Request, wanted: Sequence[tuple[str, Path | None]]) -> list[Path]:
    """Write each format, where every place is known to be fit before the first is written."""
    from quaestor.report.forms import form, placed

    places = [placed(request, name, path) for name, path in wanted]
    return [
        written
        for (name, _), (folder, file) in zip(wanted, places, strict=True)
        for written in form(name).write(replace(request, folder=folder, file=file))
    ]


def _folder(call: Call, out: Path | None) -> Path:
    """Return --out, else the configuration's folder, else the one beside the warehouse."""
    if out is not None:
        return out
    if call.config_path.is_file():
        config = call.config()
        return config.resolve(config.reports)
    return call.warehouse().parent / "quaestor-reports"

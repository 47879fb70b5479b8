"""`quaestor report`: render the reports from the warehouse as it is, in every format."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from quaestor.cli.options import Call, shared
from quaestor.core.errors import ConfigurationError
from quaestor.core.nearest import did_you_mean

if TYPE_CHECKING:
    from quaestor.report.forms import Request

_OUTPUT = Path("-")
_PRINTED = ("json", "markdown")


@click.command("report")
@shared
@click.argument("names", nargs=-1, metavar="[NAME]...")
@click.option(
    "--format",
    "formats",
    multiple=True,
    metavar="FORMAT[=PATH]",
    help="html, pdf, xlsx, csv, parquet, json, markdown; repeatable. PATH is a folder, a file for "
    "one report (xlsx: or for several), or - (json, markdown) for standard output. Default: html.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    help="The folder to write to, instead of the configured `reports:`.",
)
@click.option(
    "--model", metavar="NAME", help="Of the report `model`, this one's page and rows alone."
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
@click.option(
    "--schema",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=lambda context, _, value: _print_schema(context) if value else None,
    help="Print the JSON Schema of --format json instead.",
)
def command(
    call: Call, names: tuple[str, ...], formats: tuple[str, ...], out: Path | None, **options: Any
) -> int:
    """Render the reports: all of them, or those NAMED.

    A page is one file that needs no network: it can be mailed, printed and kept. The other
    formats hold the rows behind its sections, every digit. The figures are those of the last
    `quaestor audit` or `build`; nothing is collected.

    \b
    Examples:
      quaestor report                                      # pages, to the configured folder
      quaestor report cost --out /tmp/reports
      quaestor report --model churn                        # one model's page
      quaestor report --format pdf --paper letter
      quaestor report cost --format xlsx=cost.xlsx         # a sheet per section
      quaestor report cost rightsizing --format xlsx=ml.xlsx  # both in one workbook
      quaestor report --format csv --format parquet=lake/  # a folder per report
      quaestor report cost --format json=cost.json         # --schema prints what it holds
      quaestor report cost --format markdown=-             # to standard output
    """
    from quaestor.cli.progress import steps
    from quaestor.core.shipped import shipped
    from quaestor.report.forms import Request
    from quaestor.warehouse.duckdb import Warehouse

    wanted = _wanted(formats)
    with Warehouse(call.warehouse(), read_only=True) as warehouse, steps(call) as progress:
        request = Request(
            warehouse=warehouse,
            names=_named(names, options["model"]),
            definitions=shipped("reports"),
            folder=_folder(call, out),
            now=call.now,
            progress=progress,
            **options,
        )
        _write(request, wanted)
    return 0


def _named(names: tuple[str, ...], model: str | None) -> tuple[str, ...]:
    """Return which reports are asked for: the one of models, where a model alone is named."""
    if model is not None and names and "model" not in names:
        raise ConfigurationError(
            f"--model chooses a page of the report 'model', and not of {', '.join(names)}",
            fix="Leave the other names away, or add model to them.",
        )
    return names or (() if model is None else ("model",))


def _print_schema(context: click.Context) -> None:
    from quaestor.report.forms.json import SCHEMA_FILE

    click.echo(SCHEMA_FILE.read_text(encoding="utf-8"), nl=False)
    context.exit()


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
        if path == "-" and name not in _PRINTED:
            raise ConfigurationError(
                f"{name} is not for standard output",
                where="--format",
                fix=f"Name a file or a folder; {' and '.join(_PRINTED)} can be printed.",
            )
        pairs.append((name, Path(path) if path else None))
    if sum(path == _OUTPUT for _, path in pairs) > 1:
        raise ConfigurationError(
            "two formats would share standard output",
            where="--format",
            fix="Give all but one a file, such as --format json=cost.json.",
        )
    return list(dict.fromkeys(pairs))


def _write(request: Request, wanted: Sequence[tuple[str, Path | None]]) -> None:
    """Write each format, where every place is known to be fit before the first is written.

    Paths are printed; where a document itself goes to standard output, on standard error.
    """
    from quaestor.report.forms import form, placed

    places = [placed(request, name, path) for name, path in wanted]
    folders = [
        folder
        for (name, _), (folder, _) in zip(wanted, places, strict=True)
        if form(name).ENDING is None
    ]
    if len(set(folders)) < len(folders):
        raise ConfigurationError(
            "two formats would be written to one folder",
            where="--format",
            fix="Give each a folder of its own, such as --format csv=csv/.",
        )
    to_output = any(path == _OUTPUT for _, path in wanted)
    for (name, path), (folder, file) in zip(wanted, places, strict=True):
        if path == _OUTPUT:
            _print(request, name)
            continue
        for written in form(name).write(replace(request, folder=folder, file=file)):
            click.echo(str(written), err=to_output)


def _print(request: Request, name: str) -> None:
    """Print the documents of a format that is text, one after the other."""
    from tempfile import TemporaryDirectory

    from quaestor.report.forms import form

    with TemporaryDirectory() as folder:
        paths = form(name).write(replace(request, folder=Path(folder)))
        if name == "json" and len(paths) > 1:
            raise ConfigurationError(
                f"{len(paths)} reports would be one document",
                where="--format json=-",
                fix="Name one report, or a folder instead of -.",
            )
        for path in paths:
            click.echo(path.read_text(encoding="utf-8"), nl=False)


def _folder(call: Call, out: Path | None) -> Path:
    """Return --out, else the configuration's folder, else the one beside the warehouse."""
    if out is not None:
        return out
    if call.config_path.is_file():
        config = call.config()
        return config.resolve(config.reports)
    return call.warehouse().parent / "quaestor-reports"

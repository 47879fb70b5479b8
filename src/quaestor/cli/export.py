"""`quaestor export`: the bill as FOCUS, and the gate as a policy for clusters."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from quaestor.cli.export_admission import export_admission
from quaestor.cli.export_metrics import export_metrics
from quaestor.cli.options import Call, shared
from quaestor.cli.output import table
from quaestor.core.errors import ConfigurationError
from quaestor.core.text import printable

if TYPE_CHECKING:
    from quaestor.core.period import Window
    from quaestor.normalise.conformance import Broken, Checked
    from quaestor.normalise.export import Wanted
    from quaestor.warehouse.focus_folder import Exported

_DAY = click.DateTime(["%Y-%m-%d"])


@click.group()
def command() -> None:
    """Give the bill back as FOCUS (typed Parquet), the gate's word to clusters, or metrics.

    \b
    quaestor export focus out/
    quaestor export focus --check             # hold it to FOCUS's rules, write nothing
    quaestor export focus out/ --ledger       # whose each cost is, with x_ml_ columns
    quaestor export admission | kubectl apply -f -
    quaestor export metrics /var/lib/node_exporter/quaestor.prom
    """


command.add_command(export_admission)
command.add_command(export_metrics)


@command.command("focus")
@shared
@click.argument("folder", required=False, type=click.Path(path_type=Path, file_okay=False))
@click.option(
    "--version",
    "version",
    type=click.Choice(["1.2", "1.4"]),
    default="1.4",
    show_default=True,
    help="Of FOCUS.",
)
@click.option(
    "--check", is_flag=True, help="Hold the charges to FOCUS's rules; exit 1 if a MUST is broken."
)
@click.option("--ledger", is_flag=True, help="The ledger instead of the bill: whose each cost is.")
@click.option("--source", "-s", "sources", multiple=True, help="Only this source; repeatable.")
@click.option(
    "--since",
    type=_DAY,
    help="Billing periods (--ledger: months) that have this day or a later one.",
)
@click.option(
    "--until",
    type=_DAY,
    help="Billing periods (--ledger: months) that have this day or an earlier one.",
)
@click.option("--custom/--no-custom", default=True, help="Keep x_ columns. Default: keep them.")
def export_focus(
    call: Call,
    folder: Path | None,
    version: str,
    check: bool,
    ledger: bool,
    sources: tuple[str, ...],
    since: datetime | None,
    until: datetime | None,
    custom: bool,
) -> int:
    """Write the bill as FOCUS Parquet to FOLDER/focus-VERSION/, whole or not at all.

    One file per billing month and a manifest.json with rows, sums and hashes. Nothing is made
    up: what the bill does not say is NULL; --check says which rules that breaks.

    With --ledger, FOLDER/focus-VERSION-ledger/ gets a row for each line of ledger.cost, by month
    of charge: team, model, stage, rule and share are in x_ml_ columns, the sums are the ledger's.

    \b
    Examples:
      quaestor export focus out/
      quaestor export focus out/ --version 1.2 --check
      quaestor export focus out/ --ledger
      quaestor export focus --check             # writes nothing
    """
    from quaestor.core.period import Window
    from quaestor.normalise.export import Wanted

    _check_usage(folder, check=check, ledger=ledger, custom=custom)
    window = Window(since and since.date(), until and until.date())
    if ledger and folder:
        _wrote(call, _ledger(call, version, sources, window, folder), "line of the ledger")
        return 0
    written, checked = _done(call, Wanted(version, sources, window, custom), folder, check=check)
    if written:
        _wrote(call, written, "charge")
    if checked:
        _say(checked)
    return 1 if checked and not checked.conforms else 0


def _wrote(call: Call, written: Exported, what: str) -> None:
    """Print where the files lie, and how much is in them."""
    if not call.quiet:
        files = _count(len(written.files), "file")
        click.echo(f"{written.folder}: {_count(written.rows, what)} in {files}")


def _check_usage(folder: Path | None, *, check: bool, ledger: bool, custom: bool) -> None:
    """Refuse what cannot be meant."""
    if ledger and (check or not custom):
        raise ConfigurationError(
            "--ledger goes with neither --check nor --no-custom",
            where="quaestor export focus",
            fix="FOCUS's rules are about a bill, and x_ml_ columns are what the ledger adds.",
        )
    if folder is None and not check:
        raise ConfigurationError(
            "no folder to write to",
            where="quaestor export focus",
            fix="Name one (quaestor export focus out/), or ask for --check alone.",
        )


def _ledger(
    call: Call, version: str, sources: tuple[str, ...], window: Window, folder: Path
) -> Exported:
    from quaestor.cli.progress import steps
    from quaestor.report.focus_ledger import Lines, export_ledger
    from quaestor.warehouse.duckdb import Warehouse

    lines = Lines(version, sources, window)
    with Warehouse(call.warehouse(), read_only=True) as warehouse, steps(call) as progress:
        return export_ledger(warehouse, lines, folder, progress=progress)


def _done(
    call: Call, wanted: Wanted, folder: Path | None, *, check: bool
) -> tuple[Exported | None, Checked | None]:
    """Check where that is asked for, then write where a folder is named."""
    from quaestor.cli.progress import steps
    from quaestor.normalise import conformance, export
    from quaestor.warehouse.duckdb import Warehouse

    written = checked = None
    with Warehouse(call.warehouse(), read_only=True) as warehouse, steps(call) as progress:
        if check:
            progress(f"check against FOCUS {wanted.version}")
            dataset = export.charges(warehouse, wanted)
            checked = conformance.check(warehouse, dataset, wanted.version)
        if folder is not None:
            written = export.export(warehouse, wanted, folder, progress=progress)
    return written, checked


def _say(checked: Checked) -> None:
    """Print what is broken, the worst first, with an example of each."""
    must = [one for one in checked.broken if one.rule.severity == "MUST"]
    if checked.broken:
        click.echo(table([_line(one) for one in checked.broken], right=["charges"]))
    rules = f"{checked.rules} rules of FOCUS {checked.version}"
    should = len(checked.broken) - len(must)
    click.echo(
        f"{_count(checked.rows, 'charge')}, {rules}: "
        f"{len(must) or 'no'} MUST and {should or 'no'} SHOULD broken"
    )


def _count(number: int, what: str) -> str:
    """Count things.

    >>> _count(1, "file"), _count(1200, "line of the ledger")
    ('1 file', '1,200 lines of the ledger')
    """
    name, space, rest = what.partition(" ")
    return f"{number:,} {name}{'s' if number != 1 else ''}{space}{rest}"


def _line(one: Broken) -> dict[str, str]:
    example = dict(one.example)
    place = ", ".join(
        f"{example.pop(name)}" if name != "row" else f"row {example.pop(name)}"
        for name in ("file", "row")
        if name in example
    )
    example.pop("source", None)
    values = ", ".join(f"{name} {_short(value)}" for name, value in example.items())
    return {
        "level": one.rule.severity,
        "rule": one.rule.asks,
        "charges": "all" if one.rows is None else f"{one.rows:,}",
        "first": f"{place}: {values}" if place else "",
    }


def _short(value: str | None) -> str:
    """Show a value; a number without the zeros that end it.

    >>> _short("12.50000000000000000000"), _short(None)
    ('12.5', 'is empty')
    """
    if value is None:
        return "is empty"
    whole, point, digits = value.partition(".")
    if point and (whole.removeprefix("-") + digits).isdigit():
        value = f"{whole}.{digits.rstrip('0')}".rstrip(".")
    text = printable(value)
    return text if len(text) <= 40 else text[:39] + "…"

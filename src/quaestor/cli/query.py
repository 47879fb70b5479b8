"""`quaestor query`: ask the warehouse in SQL, read-only."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from quaestor.cli.options import Call, shared
from quaestor.cli.output import emit, outputs, table
from quaestor.core.errors import ConfigurationError

if TYPE_CHECKING:
    from quaestor.warehouse.ask import Answer
    from quaestor.warehouse.duckdb import Warehouse

_FORMATS = ("table", "csv", "json", "parquet")
_SHOWN = 1_000
_FIGURES = "ledger.model_month"


@click.command(
    "query",
    epilog=f"""\b
    Examples:
      quaestor query "show all tables"
      quaestor query "select month, model, effective_cost from {_FIGURES} order by 3 desc"
      quaestor query "select * from {_FIGURES}" --format parquet=months.parquet
    """,
)
@shared
@click.argument("sql")
@click.option(
    "--format",
    "formats",
    multiple=True,
    metavar="FORMAT[=FILE]",
    help="table, csv, json, parquet=FILE; repeatable.",
)
@click.option(
    "--limit",
    type=click.IntRange(min=1),
    help=f"At most so many rows. Default: {_SHOWN:,} on standard output, all of them in a file.",
)
def command(call: Call, sql: str, formats: tuple[str, ...], limit: int | None) -> int:
    """Ask the warehouse in SQL, read-only: one SELECT, DESCRIBE or SUMMARIZE.

    A query sees the warehouse and nothing else: no file, no network. Money keeps every digit;
    in JSON it is text. Text in CSV that a spreadsheet would run as a formula gets a leading
    apostrophe.
    """
    from quaestor.core.whole_file import part_of
    from quaestor.warehouse.ask import ask, close_off
    from quaestor.warehouse.duckdb import Warehouse

    wanted = outputs(formats, _FORMATS, "table")
    copies = [_to_file(path) for name, path in wanted if name == "parquet"]
    texts = [(name, path) for name, path in wanted if name != "parquet"]
    with Warehouse(call.warehouse(), read_only=True) as warehouse:
        close_off(warehouse, writable=[part_of(path) for path in copies])
        for path in copies:
            _copy(call, warehouse, sql, path, limit)
        for name, file in texts:
            most = limit or (None if file else _SHOWN)
            answer = ask(warehouse, sql, limit=most)
            emit(_text(name, answer), file)
            if answer.more and not call.quiet:
                click.echo(f"note: the first {most:,} rows; --limit shows more", err=True)
    return 0


def _copy(call: Call, warehouse: Warehouse, sql: str, path: Path, limit: int | None) -> None:
    from quaestor.warehouse.ask import copy_parquet

    rows = copy_parquet(warehouse, sql, path, limit=limit)
    if not call.quiet:
        click.echo(f"{path}: {rows:,} row{'s' if rows != 1 else ''}", err=True)


def _to_file(path: Path | None) -> Path:
    if path is None:
        raise ConfigurationError(
            "Parquet is not for a terminal",
            where="--format parquet",
            fix="Name a file: --format parquet=rows.parquet",
        )
    return path


def _text(name: str, answer: Answer) -> str:
    if name == "csv":
        from quaestor.report.forms.csv import csv_lines

        return "".join(f"{line}\n" for line in csv_lines(answer.names, answer.rows))
    if name == "json":
        from quaestor.report.export.json import dump

        return dump([dict(zip(answer.names, _plain_row(row), strict=True)) for row in answer.rows])
    if not answer.rows:
        return f"(no rows)  {', '.join(answer.names)}"
    from quaestor.core.text import value_text

    shown = [dict(zip(answer.names, map(value_text, row), strict=True)) for row in answer.rows]
    numbers = [n for n, is_number in zip(answer.names, answer.numeric, strict=True) if is_number]
    return table(shown, right=numbers)


def _plain_row(row: tuple[Any, ...]) -> list[Any]:
    from quaestor.core.text import json_value

    return [json_value(value) for value in row]

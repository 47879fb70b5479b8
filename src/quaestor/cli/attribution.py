"""`quaestor attribution`: try rules that say whose money it is, before they are saved."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from quaestor.cli.options import Call, shared
from quaestor.cli.output import emit, outputs, table
from quaestor.core.errors import ConfigurationError
from quaestor.core.text import printable

if TYPE_CHECKING:
    from decimal import Decimal

    from quaestor.ledger.preview import Moved, Preview

_MOST = 20  # of each table; the JSON has all
_WIDEST = 60  # letters of a name; the JSON has all


@click.group()
def command() -> None:
    """Try rules that say whose money it is, before they are saved.

    \b
    quaestor attribution test --rules changed.yaml
    """


@command.command("test")
@click.option(
    "--rules",
    required=True,
    type=click.Path(path_type=Path),
    help="YAML with `attribution:`, `shared:` or both, as they would stand in quaestor.yaml.",
)
@click.option("--month", metavar="YYYY-MM", help="Of this month only.")
@click.option(
    "--format", "formats", multiple=True, metavar="FORMAT[=FILE]", help="table, json; repeatable."
)
@shared
def run_test(call: Call, rules: Path, month: str | None, formats: tuple[str, ...]) -> int:
    """Show what changed rules would move, by rule, kind of cost, team and model.

    Builds the ledger with the rules of the file in place of those of quaestor.yaml, compares, and
    takes it back: nothing is changed. A section that the file leaves out stays as it is. Amounts
    are effective cost in the reporting currency.

    \b
    Examples:
      quaestor attribution test --rules changed.yaml
      quaestor attribution test --rules changed.yaml --month 2026-10 --format json
    """
    from quaestor.cli.progress import steps
    from quaestor.ledger.preview import preview, read_rules
    from quaestor.normalise import settings
    from quaestor.warehouse.duckdb import Warehouse

    wanted = outputs(formats, ("table", "json"), "table")
    if month is not None and not re.fullmatch(r"\d{4}-(0[1-9]|1[0-2])", month):
        raise ConfigurationError(
            f"'{printable(month)}' is no month", where="--month", fix="Write it as 2026-10."
        )
    config = call.config()
    tried = read_rules(rules, config, os.environ)
    path = call.warehouse(config)
    Warehouse(path, read_only=True).close()  # says so where there is none, and makes none
    with Warehouse(path) as warehouse, steps(call) as say:
        try:
            found = preview(warehouse, config, tried, say, configure=settings.write, month=month)
        except ConfigurationError as problem:
            # What is checked against the bill does not know of the file it is tried from.
            own = str(config.resolve(config.file))
            if problem.where in (f"{own} (attribution)", f"{own} (shared)"):
                problem.where = problem.where.replace(own, str(rules), 1)
            raise
    for format_, target in wanted:
        emit(_as_json(found, month) if format_ == "json" else _as_text(found, month), target)
    return 0


def _as_json(found: Preview, month: str | None) -> str:
    from quaestor.core.text import json_value
    from quaestor.report.export.json import dump

    moved = {
        group: [
            {"name": one.name, "before": one.before, "after": one.after, "change": one.change}
            for one in rows
        ]
        for group, rows in found.moved.items()
    }
    value: dict[str, Any] = {
        "schema_version": "1",
        "currency": found.currency,
        "month": month,
        "moved": json_value(moved),
        "unused_rules": list(found.unused),
        "lines": {"before": found.lines[0], "after": found.lines[1]},
    }
    return dump(value)


def _as_text(found: Preview, month: str | None) -> str:
    return "\n".join(_lines(found, month))


def _lines(found: Preview, month: str | None) -> Iterator[str]:
    of = f" of {month}" if month else ""
    if not any(found.moved.values()):
        yield f"No money{of} would move."
    else:
        yield f"What would move{of}, effective cost in {found.currency}"
    for group, rows in found.moved.items():
        if not rows:
            continue
        right = ["before", "after", "change"]
        yield ""
        yield table([_row(group, one) for one in rows[:_MOST]], right=right)
        if len(rows) > _MOST:
            yield f"and {len(rows) - _MOST:,} more"
    if found.unused:
        yield ""
        yield f"No charge falls under: {', '.join(printable(rule) for rule in found.unused)}"
    yield ""
    yield "Nothing was changed."


def _row(group: str, one: Moved) -> dict[str, str]:
    name = "(nobody)" if one.name is None else one.name
    return {
        group: name if len(name) <= _WIDEST else name[: _WIDEST - 1] + "…",
        "before": _amount(one.before),
        "after": _amount(one.after),
        "change": _amount(one.change, sign=True),
    }


def _amount(amount: Decimal | None, *, sign: bool = False) -> str:
    from quaestor.core.money import amount_text

    text = amount_text(amount)
    return f"+{text}" if sign and amount is not None and amount > 0 else text

"""`quaestor advice`: what would cost less, what became of it, and turning it down."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

import click

from quaestor.cli.advice_rows import STATES, Row, Wanted, one_of, read_advice
from quaestor.cli.advice_shown import FORMATS, shown
from quaestor.cli.options import Call, shared
from quaestor.cli.output import columns_of, emit, outputs, plain, table
from quaestor.core.errors import ConfigurationError
from quaestor.core.run_summary import OPEN

if TYPE_CHECKING:
    from quaestor.core.config import Config
    from quaestor.ledger.model_file import ModelFile


@click.group()
def command() -> None:
    """See what would cost less, what became of earlier advice, and turn advice down.

    Advice comes from the ledger: `quaestor build` makes it, `quaestor audit` records what became
    of it. Each object that was looked at has an answer, also where there is nothing to advise.

    \b
    quaestor advice list
    quaestor advice list --all --kind 'idle_*'
    quaestor advice show 5f1d0c2ab93e4477
    quaestor advice dismiss 5f1d0c2ab93e4477 --by ada --reason "It is our standby."
    """


class _Amount(click.ParamType[Decimal]):
    name = "amount"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> Decimal:
        try:
            amount = Decimal(str(value))
        except InvalidOperation:
            amount = Decimal("nan")
        if not amount.is_finite():
            self.fail(f"'{value}' is no amount, such as 100 or 12.50", param, ctx)
        return amount


@command.command("list")
@click.option("--kind", metavar="KIND", help="One kind, or a pattern such as 'idle_*'.")
@click.option("--team", metavar="TEAM", help="Of one team, or a pattern.")
@click.option("--model", metavar="MODEL", help="Of one model, or a pattern.")
@click.option(
    "--min-saving",
    type=_Amount(),
    metavar="AMOUNT",
    help="From this saving a month on; advice whose saving is not known is left out.",
)
@click.option(
    "--state",
    "states",
    type=click.Choice([*STATES, "all"]),
    multiple=True,
    help="Repeatable. Default: open and reopened.",
)
@click.option(
    "--all",
    "everything",
    is_flag=True,
    help="Every state, and every object without advice, with the reason.",
)
@click.option(
    "--format", "formats", multiple=True, metavar="FORMAT[=FILE]", help=f"{', '.join(FORMATS)}."
)
@shared
def list_advice(
    call: Call,
    *,
    kind: str | None,
    team: str | None,
    model: str | None,
    min_saving: Decimal | None,
    states: tuple[str, ...],
    everything: bool,
    formats: tuple[str, ...],
) -> int:
    """List advice, what saves most first, and what of it counts towards the total.

    Of alternatives the best counts; of a thing and its parts the better of both. Taken advice
    shows what it saves on the bill, where that is known, with an interval that holds the truth 80
    times of 100.

    \b
    quaestor advice list --team vision --min-saving 100
    quaestor advice list --state taken --state dismissed
    quaestor advice list --all --format csv=advice.csv
    """
    from quaestor.ledger import check_settings

    asked = outputs(formats, FORMATS, "table")
    chosen = () if everything or "all" in states else states or OPEN
    wanted = Wanted(chosen, everything, kind, team, model, min_saving)
    config = call.config_or_default()
    check_settings(config)
    if kind is not None and "*" not in kind:
        _known(kind)
    advice = read_advice(call, config)
    rows = [row for row in advice.rows if wanted.takes(row)]
    for name, path in asked:
        emit(shown(name, advice, rows, width=columns_of(path)), path)
    return 0


@command.command("kinds")
@click.option("--format", "formats", multiple=True, metavar="FORMAT[=FILE]", help="table, json.")
@shared
def list_kinds(call: Call, *, formats: tuple[str, ...]) -> int:
    """List every kind of advice, what it is about, and what may be set of it.

    A value is set in quaestor.yaml, under `advice: params: KIND: NAME`; a kind is turned off by
    `advice: skip: [KIND]`.

    \b
    quaestor advice kinds
    quaestor advice kinds --format json
    """
    from quaestor.core.text import json_value
    from quaestor.ledger.advice import kinds
    from quaestor.report.export.json import dump

    asked = outputs(formats, ("table", "json"), "table")
    config = call.config_or_default()
    rows = [_kind(one, config) for one in kinds().values()]
    for name, path in asked:
        if name == "json":
            emit(dump(json_value({"schema_version": "1", "kinds": rows})), path)
        else:
            emit("\n\n".join(map(_kind_text, rows)), path)
    return 0


@command.command("show")
@click.argument("name", metavar="ID")
@click.option("--format", "formats", multiple=True, metavar="FORMAT[=FILE]", help="table, json.")
@shared
def show(call: Call, name: str, *, formats: tuple[str, ...]) -> int:
    """Say how one piece of advice was worked out; as `quaestor explain ID` does.

    \b
    quaestor advice show 5f1d0c2ab93e4477
    """
    from quaestor.cli.explain import say

    rows = read_advice(call, call.config_or_default()).rows
    ids = [row["id"] for row in rows if len(name) >= 6 and row["id"].startswith(name)]
    return say(call, ids[0] if len(ids) == 1 else name, formats)


@command.command("dismiss")
@click.argument("name", metavar="ID")
@click.option("--reason", required=True, help="Why it is not wanted; 10 characters or more.")
@click.option("--by", "who", required=True, metavar="WHO", help="Who turns it down.")
@click.option(
    "--until",
    type=click.DateTime(["%Y-%m-%d"]),
    help="The last day, UTC; for good if left out.",
)
@shared
def dismiss(call: Call, name: str, *, reason: str, who: str, until: datetime | None) -> int:
    """Turn one piece of advice down: writes a file into `dismissals/`, to be kept with the rest.

    ID is what `advice list` shows, its first 6 digits or more, or the subject. The advice is still
    looked for; it does not count, and after the last day it is open again.

    \b
    quaestor advice dismiss 5f1d0c2ab93e4477 --by ada --reason "It is our standby."
    quaestor advice dismiss 5f1d0c --by ada --reason "Called each quarter." --until 2027-01-15
    """
    from quaestor.core.dismissals import checked, new_file
    from quaestor.core.whole_file import unwritable, write_whole

    config = call.config_or_default()
    row = one_of(read_advice(call, config).rows, name)
    if row["state"] not in OPEN:
        raise ConfigurationError(
            f"this advice is {row['state']} ({plain(row['state_reason'])})",
            where=f"ID {row['id']}",
            fix="Only what is open can be dismissed; see `quaestor advice list`.",
        )
    number = f"{_words(row['name'])}-{row['id'][:6]}-{call.now:%Y%m%d}"
    path = new_file(config, number)
    text = _page(number, row, reason, who, call.now, until)
    checked(text, path, {"reason": "--reason", "dismissed_by": "--by", "until": "--until"})
    if path.exists():
        fix = "Change it, or remove it first."
        raise ConfigurationError("this file is there already", where=str(path), fix=fix)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as problem:
        raise unwritable(path, problem.strerror) from None
    write_whole(path, text)
    click.echo(path)
    return 0


def _known(kind: str) -> None:
    from quaestor.core.nearest import did_you_mean
    from quaestor.ledger.advice import kinds

    if kind not in kinds():
        raise ConfigurationError(
            f"there is no kind of advice '{plain(kind)}'",
            where="--kind",
            fix=did_you_mean(kind, kinds(), otherwise="See `quaestor advice kinds`."),
        )


def _kind(one: ModelFile, config: Config) -> Row:
    given = config.advice.params.get(one.name, {})
    return {
        "kind": one.name,
        "about": one.about,
        "skipped": one.name in config.advice.skip,
        "params": [
            {
                "name": param.name,
                "value": given.get(param.name, param.default),
                "default": param.default,
                "says": param.says,
            }
            for param in one.params.values()
        ],
    }


def _kind_text(row: Mapping[str, Any]) -> str:
    head = f"{row['kind']}{' (skipped)' if row['skipped'] else ''}: {row['about']}"
    if not row["params"]:
        return head
    shown_ = [
        {
            "parameter": param["name"],
            "value": param["value"],
            "default": param["default"],
            "meaning": param["says"],
        }
        for param in row["params"]
    ]
    return head + "\n" + "\n".join(f"  {line}" for line in table(shown_).splitlines())


def _words(name: str) -> str:
    return "-".join(re.findall(r"[A-Za-z0-9]+", name[:60])).lower() or "advice"


def _page(
    number: str, row: Row, reason: str, who: str, now: datetime, until: datetime | None
) -> str:
    """Return a dismissal as YAML, in ASCII, so that a name cannot act on a terminal."""
    import yaml

    values = {
        "id": number,
        "recommendation": row["id"],
        "kind": row["kind"],
        "subject": row["subject"],
        "reason": reason,
        "dismissed_by": who,
        "dismissed_on": now.date(),
        "until": until and until.date(),
    }
    said = {key: value for key, value in values.items() if value is not None}
    return yaml.safe_dump(said, sort_keys=False, width=2**31 - 1)

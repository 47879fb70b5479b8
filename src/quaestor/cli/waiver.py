"""`quaestor waiver`: ask for, list and check exemptions that have a reason and an end."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from quaestor.cli.options import Call, shared
from quaestor.cli.output import emit, outputs, plain, table
from quaestor.core.errors import ConfigurationError

if TYPE_CHECKING:
    from datetime import date

    from quaestor.audit.policies import Policy
    from quaestor.core.config import Config
    from quaestor.core.verdict import Severity
    from quaestor.core.waivers import Waiver

_BLANKS = {
    "reason": "fill in: why it is acceptable until then, 20 characters or more",
    "ticket": "fill in: where the work to end it is tracked",
    "approved_by": "fill in: who answers for it, somebody other than who asks",
    "compensating_control": "fill in: what lowers the risk until then",
}
_SAID = {
    "SUBJECT": "Write what the finding names, such as churn or churn:7; `*` is any characters.",
    "--by": "Write who asks.",
}


@click.group()
def command() -> None:
    """Ask for, list and check exemptions that have a reason and an end.

    A waiver is a YAML file in `waivers/`. It accepts violations of a policy until a day; it never
    accepts what nobody could see, or a policy that broke. One for a critical policy may last 14
    days, for a high one 30, medium 90, low 180.

    \b
    quaestor waiver request model-without-owner churn --by ada > waivers/churn-owner.yaml
    quaestor waiver list
    quaestor waiver check
    """


@command.command("request")
@click.argument("policy")
@click.argument("subject")
@click.option("--by", "who", required=True, metavar="WHO", help="Who asks; another one approves.")
@shared
def request(call: Call, policy: str, subject: str, *, who: str) -> int:
    """Print a waiver to be reviewed: POLICY (id or alias) for SUBJECT; `*` is any characters.

    What only people can say is left blank, and the waiver is refused until it is filled in. It
    ends on the last day that the policy's severity allows; an earlier one is better.

    \b
    quaestor waiver request model-without-owner churn --by ada > waivers/churn-owner.yaml
    quaestor waiver request ML-OWN-002 'churn:*' --by ada
    """
    from quaestor.audit.waivers import waivable
    from quaestor.core.nearest import did_you_mean
    from quaestor.core.waivers import highest, named_by

    for place, said in (("SUBJECT", subject), ("--by", who)):
        if not said.strip():
            raise ConfigurationError("nothing is said", where=place, fix=_SAID[place])
    policies = waivable(_policies(call.config_or_default()))
    named = named_by(policy, policies)
    severity = highest(named)
    if severity is None:
        names = [name for one in policies for name in one.names]
        raise ConfigurationError(
            f"there is no policy '{plain(policy)}'",
            where="POLICY",
            fix=did_you_mean(policy, names, otherwise="See `quaestor policy list`."),
        )
    name = named[0].names[0] if len(named) == 1 else policy
    click.echo(_page(name, subject, who, severity, call.now.date()))
    return 0


@command.command("list")
@click.option(
    "--format", "formats", multiple=True, metavar="FORMAT[=FILE]", help="table (default) or json."
)
@shared
def list_waivers(call: Call, formats: Sequence[str]) -> int:
    """List every waiver: in force, ending soon (14 days), lapsed, not yet in force, or stale.

    A stale one names no policy that exists, or covers nothing that the latest audit found broken.

    \b
    quaestor waiver list
    quaestor waiver list --format json=waivers.json
    """
    wanted = outputs(formats, ("table", "json"), "table")
    config = call.config_or_default()
    rows, audited = _listed(call, config)
    if rows and not audited and not call.quiet:
        click.echo("no audit is recorded: whether a waiver covers anything is not known", err=True)
    for name, path in wanted:
        if name == "json":
            emit(json.dumps({"schema_version": "1", "waivers": rows}, indent=2), path)
        else:
            columns = ("id", "state", "expires", "policy", "subject", "waived", "note")
            shown = [{key: row[key] for key in columns} for row in rows]
            emit(table(shown, right=("waived",)) if rows else "There is no waiver.", path)
    return 0


@command.command("check")
@click.argument("folder", required=False, type=click.Path(path_type=Path))
@shared
def check(call: Call, folder: Path | None) -> int:
    """Check the waivers of FOLDER, or else of the configuration; exit code 2 if one is malformed.

    A lapsed waiver, or one for a policy that does not exist, is told and is no mistake.

    \b
    quaestor waiver check
    quaestor waiver check waivers/
    """
    from quaestor.audit.waivers import folder_of, state_of, waivable
    from quaestor.core.waivers import WaiverState, read_waivers

    config = call.config_or_default()
    place = folder or folder_of(config)
    policies = waivable(_policies(config))
    waivers = read_waivers(place, policies) if place else ()
    names = [name for one in policies for name in one.names]
    for one in waivers:
        state, note = state_of(one, call.now.date(), names)
        if state in (WaiverState.LAPSED, WaiverState.STALE):
            said = note or f"it lapsed on {one.expires}"
            click.echo(f"{state}: {plain(one.place)}: {one.id}: {plain(said)}", err=True)
    if not call.quiet:
        click.echo(f"{len(waivers)} waiver{'' if len(waivers) == 1 else 's'}, all well-formed")
    return 0


def _policies(config: Config) -> tuple[Policy, ...]:
    from quaestor.audit.policies import load_policies, places_of

    return load_policies(places_of(config))


def _page(policy: str, subject: str, who: str, severity: Severity, today: date) -> str:
    """Return the waiver as YAML; its blanks are empty, which `read_waivers` refuses."""
    from quaestor.core.waivers import HORIZON_DAYS, longest

    values: dict[str, Any] = {
        "id": _id(policy, subject, today),
        "policy": policy,
        "subject": subject,
        "reason": None,
        "ticket": None,
        "requested_by": who,
        "approved_by": None,
        "approved_at": today,
        "expires": longest(severity, today),
        "compensating_control": None,
    }
    notes = _BLANKS | {
        "approved_at": "the first day it holds; the day of the approval",
        "expires": f"the last day, UTC; {HORIZON_DAYS[severity]} days at most for {severity}",
    }
    head = "# Fill in what is empty, have it reviewed, and keep it in waivers/."
    return "\n".join((head, *(_line(key, value, notes) for key, value in values.items())))


def _line(key: str, value: Any, notes: dict[str, str]) -> str:
    import yaml

    said = ""
    if value is not None:  # in ASCII and on one line, so that a name cannot act on a terminal
        style = None if str(value).isprintable() else '"'
        dumped = yaml.safe_dump([value], width=2**31 - 1, default_style=style)
        said = dumped.removeprefix("- ").rstrip()
    note = f"  # {notes[key]}" if key in notes else ""
    return f"{key}: {said}{note}".rstrip()


def _id(policy: str, subject: str, today: date) -> str:
    """Return an id that a file may bear too; a renewal on another day has another."""
    words = re.findall(r"[A-Za-z0-9]+", f"{subject[:40]} {policy[:40]}")
    return "-".join((*words, f"{today:%Y%m%d}")).lower()


def _listed(call: Call, config: Config) -> tuple[list[dict[str, Any]], bool]:
    """Return the waivers as rows, and whether an audit says what they cover."""
    from quaestor.audit.waivers import load_waivers, state_of, uses_at_last_audit, waivable
    from quaestor.warehouse.duckdb import Warehouse

    policies = _policies(config)
    waivers = load_waivers(config, policies)
    path = call.warehouse(config)
    uses = None
    if waivers and path.is_file():
        with Warehouse(path, read_only=True) as warehouse:
            uses = uses_at_last_audit(warehouse, waivers, policies, now=call.now)
    if uses is not None:
        return [
            _row(use.waiver, use.state, use.note)
            | {"waived": use.waived, "lapsed": len(use.lapsed), "days_left": use.days_left}
            for use in uses
        ], True
    names = [name for one in waivable(policies) for name in one.names]
    today = call.now.date()
    return [
        _row(one, *state_of(one, today, names))
        | {"waived": None, "lapsed": None, "days_left": (one.expires - today).days}
        for one in waivers
    ], False


def _row(one: Waiver, state: str, note: str | None) -> dict[str, Any]:
    return {
        "id": one.id,
        "state": str(state),
        "policy": one.policy,
        "subject": one.subject,
        "severity": one.severity,
        "reason": one.reason,
        "ticket": one.ticket,
        "requested_by": one.requested_by,
        "approved_by": one.approved_by,
        "approved_at": one.approved_at.isoformat(),
        "expires": one.expires.isoformat(),
        "compensating_control": one.compensating_control,
        "place": one.place,
        "note": note,
    }

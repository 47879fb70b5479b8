"""Tell every configured notifier of the latest audit, once.

What was sent is written down per audit and notifier after a server took it. A run that is killed
in between sends again: rather twice than never.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any, Literal

import msgspec

from quaestor.core.config import Config
from quaestor.core.errors import ConfigurationError, QuaestorError
from quaestor.core.nearest import did_you_mean
from quaestor.core.notifiers import MailNotifier, Notifier, WebhookNotifier, kind_of
from quaestor.notify import deliver, mail, slack, teams
from quaestor.notify.message import Message, Reading, is_needed, read
from quaestor.warehouse.duckdb import Warehouse

Outcome = Literal["sent", "sent before", "not needed", "failed"]
LARGEST = {"teams": teams.LARGEST}
_MASK = "***"
_RENDERED: dict[str, Callable[[Message], dict[str, Any]]] = {
    "slack": slack.render,
    "teams": teams.render,
}


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one notifier.

    Args:
        notifier: Its name.
        kind: Its kind.
        outcome: `sent before`: of this audit it knows. `not needed`: its `when:` asks for others.
        at: When; of `sent before` by then.
        problem: Why it failed, or what is to be said although it was sent; no secret is in it.
    """

    notifier: str
    kind: str
    outcome: Outcome
    at: datetime
    problem: QuaestorError | None = None


def chosen(config: Config, names: Sequence[str]) -> list[Notifier]:
    """Return the notifiers named, all of them when none is.

    Raises:
        ConfigurationError: None is configured, or a name that none has.
    """
    known = [one.name for one in config.notify]
    if not known:
        raise ConfigurationError(
            "no notifiers are configured",
            where=str(config.resolve(config.file)),
            fix="Add one under `notify:`; `quaestor init` shows how.",
        )
    for name in names:
        if name not in known:
            fix = did_you_mean(name, known, otherwise=f"Choose from {', '.join(known)}.")
            raise ConfigurationError(f"there is no notifier '{name}'", where="notify", fix=fix)
    return [one for one in config.notify if not names or one.name in names]


def notify(
    config: Config,
    warehouse: Path,
    *,
    now: datetime,
    progress: Callable[[str], None],
    names: Sequence[str] = (),
    again: bool = False,
) -> list[Told]:
    """Tell notifiers of the latest audit; one that fails does not stop the others.

    Args:
        config: Who is told, and where the reports are.
        warehouse: What they are told of; what became of it is written there.
        now: The clock, UTC.
        progress: Takes what is being done now.
        names: Which notifiers; all of them where there is none.
        again: Also those that know of it, and those whose `when:` does not ask for it.

    Returns:
        What became of each.

    Raises:
        IncompleteError: There is no audit, or the warehouse cannot be read.
    """
    told: list[Told] = []
    for one in chosen(config, names):
        progress(f"notify {one.name}")
        reading = reading_for(one, warehouse)
        told.append(_told(one, config, reading, now, again=again))
        if told[-1].outcome != "sent before":
            told[-1] = _recorded(told[-1], warehouse, reading.message.run.id)
    return told


def reading_for(notifier: Notifier, warehouse: Path) -> Reading:
    """Make the message for one notifier."""
    with Warehouse(warehouse, read_only=True) as opened:
        return read(opened, notifier.name, notifier.link)


def last_told(warehouse: Path) -> dict[str, str]:
    """Return what became of the last message to each notifier; no warehouse, no message."""
    if not warehouse.is_file():
        return {}
    with Warehouse(warehouse, read_only=True) as opened:
        found = opened.rows(
            """
            select notifier, arg_max(outcome, sent_at), max(sent_at)
            from audit.notification group by notifier
            """
        )
    return {name: f"{outcome}, {at:%Y-%m-%d %H:%M} UTC" for name, outcome, at in found}


def shown(notifier: Notifier, config: Config, message: Message, now: datetime) -> str:
    """Return what would be sent, as text, every secret masked."""
    if isinstance(notifier, MailNotifier):
        made = mail.render(message, notifier, config.resolve(config.reports), now=now)
        heads = [f"{name}: {made[name]}" for name in ("From", "To", "Subject")]
        files = [f"Attached: {part.get_filename()}" for part in made.iter_attachments()]
        body = made.get_body(("plain",))
        text = body.get_content() if body is not None else ""
        return "\n".join([*heads, *files, "", text])
    headers = {}
    if isinstance(notifier, WebhookNotifier):
        masked = dict.fromkeys(notifier.headers, _MASK)
        headers = {**masked, deliver.DELIVERY: message.run.id}
        if notifier.secret is not None:
            headers[deliver.SIGNATURE] = _MASK
    lines = [f"POST {notifier.scheme}://{notifier.host}/{_MASK}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    content = json.loads(content_of(notifier, message))
    return "\n".join([*lines, "", json.dumps(content, indent=2, ensure_ascii=False), ""])


def content_of(notifier: Notifier, message: Message) -> bytes:
    """Return a message as JSON, of as many violations as its kind has room for."""
    kind = kind_of(notifier)
    render: Callable[[Message], Any] = _RENDERED.get(kind, lambda one: one)
    content = msgspec.json.encode(render(message))
    while len(content) > LARGEST.get(kind, len(content)) and message.worst_new:
        message = msgspec.structs.replace(message, worst_new=message.worst_new[:-1])
        content = msgspec.json.encode(render(message))
    return content


def _told(one: Notifier, config: Config, reading: Reading, now: datetime, *, again: bool) -> Told:
    """Send a message where it is wanted, and say what became of it."""
    is_told = partial(Told, notifier=one.name, kind=kind_of(one), at=now)
    if not again and reading.told_outcome == "sent":
        return Told(
            notifier=one.name,
            kind=kind_of(one),
            outcome="sent before",
            at=reading.told_at or now,
        )
    if not again and not is_needed(reading.message, one.when):
        return is_told(outcome="not needed")
    try:
        remark = _send(one, config, reading.message, now)
    except QuaestorError as problem:
        return is_told(outcome="failed", problem=problem)
    return is_told(outcome="sent", problem=remark)


def _send(one: Notifier, config: Config, message: Message, now: datetime) -> QuaestorError | None:
    if isinstance(one, MailNotifier):
        made = mail.render(message, one, config.resolve(config.reports), now=now)
        return deliver.by_mail(one, made)
    deliver.by_http(one, content_of(one, message), f"{message.run.id}.{one.name}")
    return None


def _recorded(told: Told, warehouse: Path, run: str) -> Told:
    """Write down what became of a message; where that fails, say that it may be sent twice."""
    reason = told.problem.what if told.problem else None
    try:
        with Warehouse(warehouse) as opened:
            opened.run(
                "insert or replace into audit.notification values (?, ?, ?, ?, ?, ?)",
                [run, told.notifier, told.kind, told.at, told.outcome, reason],
            )
    except QuaestorError as problem:
        return msgspec.structs.replace(told, problem=told.problem or problem)
    return told

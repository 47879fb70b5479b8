"""Who is told of an audit: `notify:` of quaestor.yaml, one shape per kind.

Addresses of webhooks are secrets, as passwords are: whoever has one can post. None of them is
ever shown; a notifier is called by its name, and a server by its host at most.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

import msgspec
from msgspec import Meta

from quaestor.core.address import is_sendable, split
from quaestor.core.documents import Document
from quaestor.core.errors import ConfigurationError
from quaestor.core.sources.common import Fault, Name, Strict

Occasion = Literal["always", "failure", "new-findings", "change"]
_LOCAL = ("localhost", "127.0.0.1", "::1")
_ADDRESS = re.compile(r"[^@\s,;<>()\[\]\"\\]+@[^@\s,;<>()\[\]\"\\]+")
_HEADER = re.compile(r"[A-Za-z0-9-]+")
_OURS = ("content-type", "content-length", "host", "user-agent")  # set by us


class _Notifier(Strict, frozen=True, kw_only=True):
    """What every notifier has.

    Args:
        name: What messages about it call it.
        when: Which audits are told. `failure`: those that do not pass. `new-findings`: those with
            a violation that the message before did not know. `change`: the same, and those whose
            verdict changed or that lost a violation.
        link: Where people find the reports, shown in every message.
    """

    name: Name
    when: Occasion = "change"
    link: str | None = None

    def __repr__(self) -> str:
        """Name it, and show none of its secrets."""
        return f"<{self.__struct_config__.tag} {self.name}>"


class _Hook(_Notifier, frozen=True, kw_only=True):
    """What every notifier by HTTP has."""

    url: str  # a secret
    allow_http: bool = False  # without TLS, to another machine

    @property
    def host(self) -> str:
        """Return the host, which is no secret."""
        return urlsplit(self.url).hostname or ""

    @property
    def scheme(self) -> str:
        """Return `https`, or `http` where that is allowed."""
        return urlsplit(self.url).scheme

    @property
    def at(self) -> str:
        """Return what may be said of where it is: the host."""
        return self.host

    __repr__ = _Notifier.__repr__


class SlackNotifier(_Hook, frozen=True, kw_only=True, tag_field="kind", tag="slack"):
    """An incoming webhook of Slack, or of what speaks like it."""

    __repr__ = _Notifier.__repr__


class TeamsNotifier(_Hook, frozen=True, kw_only=True, tag_field="kind", tag="teams"):
    """A workflow of Microsoft Teams that starts "when a Teams webhook request is received"."""

    __repr__ = _Notifier.__repr__


class WebhookNotifier(_Hook, frozen=True, kw_only=True, tag_field="kind", tag="webhook"):
    """Anything that takes JSON."""

    headers: dict[str, str] = msgspec.field(default_factory=dict)  # such as Authorization: secrets
    secret: str | None = None  # signs every message (HMAC-SHA256)

    __repr__ = _Notifier.__repr__


class MailNotifier(_Notifier, frozen=True, kw_only=True, tag_field="kind", tag="mail"):
    """Mail by SMTP. `none` as `security` is for a server on this machine, or for no password."""

    host: Annotated[str, Meta(min_length=1)]
    port: Annotated[int, Meta(ge=1, le=65535)] | None = None
    security: Literal["starttls", "tls", "none"] = "starttls"
    user: str | None = None
    password: str | None = None
    sender: str = msgspec.field(name="from")
    to: Annotated[tuple[str, ...], Meta(min_length=1)]
    subject: str = "Quaestor"  # what it begins with
    attach: tuple[str, ...] = ("executive",)  # reports, where they are rendered

    @property
    def at(self) -> str:
        """Return what may be said of where it is: the host."""
        return self.host

    @property
    def its_port(self) -> int:
        """Return the port, by the kind of security where none is given."""
        return self.port or {"starttls": 587, "tls": 465, "none": 25}[self.security]

    __repr__ = _Notifier.__repr__


Hook = SlackNotifier | TeamsNotifier | WebhookNotifier
Notifier = SlackNotifier | TeamsNotifier | WebhookNotifier | MailNotifier


def kind_of(notifier: Notifier) -> str:
    """Return a notifier's `kind:`."""
    return str(notifier.__struct_config__.tag)


def refuse_on(value: Any, document: Document) -> None:
    """Refuse `on:`, which many tools call `when:`, and which YAML takes for the word true.

    Raises:
        ConfigurationError: It is there.
    """
    listed = value if isinstance(value, list) else []
    for number, one in enumerate(listed):
        if isinstance(one, dict) and True in one:
            raise ConfigurationError(
                "`on` is YAML's word for true, and no key here",
                where=f"{document.path}:{document.line_of(('notify', str(number), 'on'))}",
                fix="Write `when:`.",
            )


def check(notifiers: tuple[Notifier, ...], document: Document) -> None:
    """Refuse what could not be sent, or would be sent for everybody to read.

    Raises:
        ConfigurationError: It names the notifier and the key, and never a value.
    """
    names = [one.name for one in notifiers]
    for number, one in enumerate(notifiers):
        if one.name in names[:number]:
            raise ConfigurationError(
                f"two notifiers are named '{one.name}'",
                where=f"{document.path}:{document.line_of(('notify', str(number), 'name'))}",
                fix="Give each a name of its own; what was sent is kept by it.",
            )
        faults = _of_mail(one) if isinstance(one, MailNotifier) else _of_hook(one)
        for fault in (*faults, *_of_link(one)):
            line = document.line_of(("notify", str(number), *fault.part))
            raise ConfigurationError(
                f"notifier {one.name}: {fault.what}", where=f"{document.path}:{line}", fix=fault.fix
            )


def _of_link(one: Notifier) -> Iterator[Fault]:
    if one.link is not None and (split(one.link) is None or not is_sendable(one.link)):
        yield Fault(
            ("link",), "`link` is no web address", "Write https://..., as a browser has it."
        )


def _of_hook(one: Hook) -> Iterator[Fault]:
    parts = split(one.url)
    if parts is None or not is_sendable(one.url) or " " in one.url:
        yield Fault(("url",), "`url` is no web address", "Copy it whole: https://...")
    elif parts.scheme == "http" and parts.hostname not in _LOCAL and not one.allow_http:
        yield Fault(
            ("url",),
            "`url` is http, which everybody on the way can read",
            "Use https, or say `allow_http: true`.",
        )
    for name, value in getattr(one, "headers", {}).items():
        if not _HEADER.fullmatch(name) or not is_sendable(value):
            fix = "Use plain characters on one line."
            yield Fault(("headers",), "a header cannot be sent as it is written", fix)
        elif name.lower() in _OURS or name.lower().startswith("x-quaestor-"):
            yield Fault(("headers",), f"the header {name} is set by Quaestor", "Remove it.")
    if getattr(one, "secret", None) == "":
        yield Fault(("secret",), "`secret` is empty", "Fill it, or remove it to send unsigned.")


def _of_mail(one: MailNotifier) -> Iterator[Fault]:
    for part, addresses in (("from", (one.sender,)), ("to", one.to)):
        if not all(_ADDRESS.fullmatch(text) and is_sendable(text) for text in addresses):
            fix = "Write it alone, such as finops@acme.example."
            yield Fault((part,), f"`{part}` is no mail address", fix)
    if (one.user is None) != (one.password is None):
        fix = "Give both, or neither for a server that asks for none."
        yield Fault(("user",), "`user` and `password` belong together", fix)
    if one.security == "none" and one.password is not None and one.host not in _LOCAL:
        fix = "Use `security: starttls` or `tls`."
        yield Fault(("security",), "a password would be sent for everybody to read", fix)
    if (
        not is_sendable(one.host)
        or "/" in one.host
        or ":" in one.host.strip("[]").replace("::", "")
    ):
        yield Fault(("host",), "`host` is no host name", "Write it alone, without a port.")
    if not one.subject.isprintable():
        yield Fault(("subject",), "`subject` has more than one line", "Write it on one.")
    for name in one.attach:
        if not re.fullmatch(r"[a-z0-9][a-z0-9-]*", name):
            yield Fault(("attach",), "`attach` names no report", "See `quaestor report --help`.")

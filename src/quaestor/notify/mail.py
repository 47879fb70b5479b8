"""A message as a mail: plain text, HTML, and the reports that were rendered, attached.

No header holds a text from outside: the subject is made of our own words and figures.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from html import escape
from pathlib import Path

from quaestor.core.notifiers import MailNotifier
from quaestor.notify import words
from quaestor.notify.message import Message

LARGEST = 15_000_000  # bytes of attachments; many servers take 25 MB, and base64 adds a third
# Lines may be 998 long (RFC 5322); folded at 78, some programs show a space before the subject.
_POLICY = SMTP.clone(max_line_length=900)
_COLOURS = {"passed": "#1a7f4b", "failed": "#b3261e"}
_PAGE = """\
<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{title}</title></head>
<body style="margin:0;background:#f4f5f7;color:#1c2330;font:15px/1.5 -apple-system,'Segoe UI',\
Roboto,Helvetica,Arial,sans-serif">
<table role="presentation" width="100%" cellpadding="0" cellspacing="0"><tr><td align="center" \
style="padding:24px 12px">
<table role="presentation" width="640" cellpadding="0" cellspacing="0" style="max-width:640px;\
width:100%;background:#ffffff;border-top:4px solid {colour};text-align:left">
<tr><td style="padding:24px 28px">
{body}
</td></tr></table></td></tr></table></body></html>
"""
_TITLE = '<h1 style="margin:0 0 8px;font-size:22px;color:{}">{}</h1>'
_HEADING = '<h2 style="margin:24px 0 8px;font-size:17px">{}</h2>'
_FIGURE = (
    '<tr><td style="padding:6px 12px 6px 0;border-bottom:1px solid #e3e6eb;vertical-align:top">{}'
    '</td><td style="padding:6px 0;border-bottom:1px solid #e3e6eb;vertical-align:top">'
    '<strong>{}</strong><br><span style="color:#5b6472;font-size:13px">{}</span></td></tr>'
)
_FINDING = (
    '<div style="margin:0 0 16px;padding:0 0 0 12px;border-left:3px solid {};'
    'overflow-wrap:anywhere"><strong style="color:{}">{}</strong> &middot; <code>{}</code> '
    "&middot; {}<br><strong>{}</strong><br>"
    '<span style="color:#5b6472">Rule: {}</span>{}</div>'
)
_SEVERITIES = {"critical": "#b3261e", "high": "#b3261e", "medium": "#8a5a00", "low": "#5b6472"}


def render(
    message: Message, notifier: MailNotifier, reports: Path, *, now: datetime
) -> EmailMessage:
    """Return the mail.

    Args:
        message: What it says.
        notifier: From whom, to whom, with which reports.
        reports: The folder of rendered reports; one that is not there is not attached.
        now: The clock, UTC.
    """
    mail = EmailMessage(policy=_POLICY)
    mail["Subject"] = f"{notifier.subject}: {words.subject(message)}"
    mail["From"] = notifier.sender
    mail["To"] = ", ".join(notifier.to)
    mail["Date"] = format_datetime(now.replace(tzinfo=UTC))
    domain = notifier.sender.rpartition("@")[2]
    # With the clock in it: some mailboxes drop what they have seen, also what is sent --again.
    mail["Message-ID"] = f"<{message.run.id}.{notifier.name}.{now:%Y%m%d%H%M%S}@{domain}>"
    mail["Auto-Submitted"] = "auto-generated"
    attached, missing = _attached(notifier.attach, reports)
    note = f"Attached: {', '.join(path.name for path in attached)}." if attached else ""
    if missing:
        note = " ".join(filter(None, [note, f"Too large to attach: {', '.join(missing)}."]))
    mail.set_content(plain(message, note))
    mail.add_alternative(page(message, note), subtype="html")
    for path in attached:
        mail.add_attachment(
            path.read_bytes(),
            maintype="text",
            subtype="html",
            filename=path.name,
            params={"charset": "utf-8"},
        )
    return mail


def plain(message: Message, note: str = "") -> str:
    """Return the message as plain text."""
    return "\n".join(_lines(message, note)) + "\n"


def page(message: Message, note: str = "") -> str:
    """Return the message as HTML that loads nothing; every text in it is escaped."""
    colour = _COLOURS.get(message.run.verdict, "#8a5a00")
    title = escape(words.title(message))
    return _PAGE.format(title=title, colour=colour, body="\n".join(_body(message, note, colour)))


def _lines(message: Message, note: str) -> Iterator[str]:
    yield from (words.title(message), "", words.sentence(message), "")
    for one in words.figures(message):
        yield f"{one.label}: {one.value}" + (f" ({one.note})" if one.note else "")
    if heading := words.heading(message):
        yield from ("", heading, "-" * len(heading))
        for finding in message.worst_new:
            told = words.told(finding, message)
            yield from ("", f"[{told.severity}] {told.subject}, {told.stake}", f"  {told.reason}")
            yield f"  Rule: {told.title}"
            if told.remedy:
                yield f"  What to do: {told.remedy}"
    if message.worst_blind:
        yield from ("", f"What could not be seen ({message.blind_spots:,})")
        yield from (f"  {words.blind(spot)}" for spot in message.worst_blind)
    if message.link:
        yield from ("", f"Reports: {message.link}")
    if note:
        yield from ("", note)
    yield from ("", words.footer(message))


def _body(message: Message, note: str, colour: str) -> Iterator[str]:
    yield _TITLE.format(colour, escape(words.title(message)))
    yield f'<p style="margin:0 0 16px">{escape(words.sentence(message))}</p>'
    yield '<table width="100%" cellpadding="0" cellspacing="0">'
    for one in words.figures(message):
        yield _FIGURE.format(*map(escape, (one.label, one.value, one.note)))
    yield "</table>"
    if heading := words.heading(message):
        yield _HEADING.format(escape(heading))
        yield from (_finding(words.told(one, message)) for one in message.worst_new)
    if message.worst_blind:
        yield _HEADING.format("What could not be seen")
        items = [f"<li>{escape(words.blind(one))}</li>" for one in message.worst_blind]
        yield f"<ul>{''.join(items)}</ul>"
    if message.link:
        yield f'<p><a href="{escape(message.link)}">Open the reports</a></p>'
    small = " ".join(filter(None, [note, words.footer(message)]))
    yield f'<p style="margin:24px 0 0;color:#5b6472;font-size:13px">{escape(small)}</p>'


def _finding(told: words.Told) -> str:
    remedy = f"<br>What to do: {escape(told.remedy)}" if told.remedy else ""
    colour = _SEVERITIES[told.severity]
    about = (told.severity, told.subject, told.stake, told.reason, told.title)
    return _FINDING.format(colour, colour, *map(escape, about), remedy)


def _attached(names: Sequence[str], reports: Path) -> tuple[list[Path], list[str]]:
    """Return the reports that are there and together small enough, and the names of the others."""
    found: list[Path] = []
    missing: list[str] = []
    room = LARGEST
    for name in names:
        path = reports / f"{name}.html"
        size = path.stat().st_size if path.is_file() else None
        if size is None:
            continue
        if size > room:
            missing.append(path.name)
            continue
        room -= size
        found.append(path)
    return found, missing

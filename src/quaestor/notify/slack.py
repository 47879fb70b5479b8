"""A message as Slack's Block Kit takes it.

Text from outside stands in `rich_text` elements only, which Slack shows as they are: nothing in
them is markup, a mention or a link. What is ours is mrkdwn, escaped all the same.

Source: docs.slack.dev, "Block Kit" (50 blocks a message, 150 characters a header, 3,000 a text,
2,000 a field) and "Formatting message text" (escape &, < and >; `verbatim` leaves names and
addresses alone). In practice all blocks together have room for some 13,000 characters.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from quaestor.core.words import cut
from quaestor.notify import words
from quaestor.notify.message import Message

_TEXT, _FIELD = 450, 300


def render(message: Message) -> dict[str, Any]:
    """Return what is posted."""
    return {
        "text": escaped(f"{words.title(message)}. {words.sentence(message)}"),
        "unfurl_links": False,
        "unfurl_media": False,
        "blocks": list(_blocks(message)),
    }


def escaped(text: str) -> str:
    """Keep a text from being markup, a mention or a link in mrkdwn.

    >>> escaped("<!channel> & co")
    '&lt;!channel&gt; &amp; co'
    """
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _blocks(message: Message) -> Iterator[dict[str, Any]]:
    header = {"type": "plain_text", "text": words.title(message), "emoji": False}
    yield {"type": "header", "text": header}
    yield _section(escaped(words.sentence(message)))
    fields = [
        _mrkdwn(cut(escaped(f"{one.label}\n*{one.value}*\n{one.note}"), _FIELD))
        for one in words.figures(message)
    ]
    yield {"type": "section", "fields": fields}
    if heading := words.heading(message):
        yield {"type": "divider"}
        yield _section(f"*{heading}*")
        for finding in message.worst_new:
            yield _finding(words.told(finding, message))
    if message.worst_blind:
        yield {"type": "divider"}
        yield _section("*What could not be seen*")
        lines = [_text(cut(words.blind(spot), _TEXT)) for spot in message.worst_blind]
        items = [{"type": "rich_text_section", "elements": [line]} for line in lines]
        yield {"type": "rich_text", "elements": [_list(items)]}
    if message.link:
        yield _section(f"<{_address(message.link)}|Open the reports>")
    yield {"type": "context", "elements": [_mrkdwn(escaped(words.footer(message)))]}


def _finding(told: words.Told) -> dict[str, Any]:
    about = [
        _text(f"{told.severity}  ", bold=True),
        _text(cut(told.subject, 200), code=True),
        _text(f"  {told.stake}\n"),
        _text(cut(told.reason, _TEXT), bold=True),
        _text(f"\nRule: {cut(told.title, 200)}"),
    ]
    if told.remedy:
        about.append(_text(f"\nWhat to do: {cut(told.remedy, _TEXT)}"))
    section = {"type": "rich_text_section", "elements": about}
    return {"type": "rich_text", "elements": [section]}


def _list(items: list[dict[str, Any]]) -> dict[str, Any]:
    return {"type": "rich_text_list", "style": "bullet", "elements": items}


def _text(text: str, **style: bool) -> dict[str, Any]:
    """Return a piece of text that is shown as it is."""
    return {"type": "text", "text": text} | ({"style": style} if style else {})


def _section(text: str) -> dict[str, Any]:
    return {"type": "section", "text": _mrkdwn(text)}


def _mrkdwn(text: str) -> dict[str, Any]:
    return {"type": "mrkdwn", "text": text, "verbatim": True}


def _address(link: str) -> str:
    """Return an address that ends nowhere but at its end."""
    return escaped(link.strip().replace("|", "%7C").replace(">", "%3E").replace("<", "%3C"))

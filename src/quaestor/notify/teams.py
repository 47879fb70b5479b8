"""A message as a workflow of Microsoft Teams takes it: an Adaptive Card.

Text from outside stands in RichTextBlocks only, which know no Markdown; a mention needs an entity
beside the text, and none is sent.

Source: learn.microsoft.com, "Create incoming webhooks with Workflows for Microsoft Teams" (which
replace Office 365 connectors), "Text features" of Adaptive Cards, and the 28 KB that a message has.
"""

from __future__ import annotations

from typing import Any

from quaestor.core.words import cut
from quaestor.notify import words
from quaestor.notify.message import Message

LARGEST = 28 * 1024  # bytes, all of it
_TEXT = 400
_COLOURS = {"passed": "Good", "failed": "Attention"}
_SEVERITIES = {"critical": "Attention", "high": "Attention", "medium": "Warning", "low": "Default"}


def render(message: Message) -> dict[str, Any]:
    """Return what is posted."""
    card = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "msteams": {"width": "Full"},
        "fallbackText": words.title(message),
        "body": _body(message),
    }
    if message.link:
        open_it = {"type": "Action.OpenUrl", "title": "Open the reports", "url": message.link}
        card["actions"] = [open_it]
    attachment = {
        "contentType": "application/vnd.microsoft.card.adaptive",
        "contentUrl": None,
        "content": card,
    }
    return {"type": "message", "attachments": [attachment]}


def _body(message: Message) -> list[dict[str, Any]]:
    colour = _COLOURS.get(message.run.verdict, "Warning")
    title = {"size": "Large", "weight": "Bolder", "color": colour, "style": "heading"}
    facts = [
        {"title": one.label, "value": f"{one.value} ({one.note})" if one.note else one.value}
        for one in words.figures(message)
    ]
    body = [
        _line(words.title(message), **title),
        _line(words.sentence(message)),
        {"type": "FactSet", "facts": facts},
    ]
    if heading := words.heading(message):
        body.append(_line(heading, weight="Bolder", separator=True, spacing="Large"))
        body += [_finding(words.told(one, message)) for one in message.worst_new]
    if message.worst_blind:
        body.append(
            _line("What could not be seen", weight="Bolder", separator=True, spacing="Large")
        )
        body += [_rich(_run(cut(words.blind(one), _TEXT))) for one in message.worst_blind]
    return [*body, _line(words.footer(message), isSubtle=True, size="Small", spacing="Large")]


def _finding(told: words.Told) -> dict[str, Any]:
    items = [
        _rich(
            _run(f"{told.severity}  ", weight="Bolder", color=_SEVERITIES[told.severity]),
            _run(cut(told.subject, 200), fontType="Monospace"),
            _run(f"  {told.stake}"),
        ),
        _rich(_run(cut(told.reason, _TEXT), weight="Bolder")),
        _rich(_run(f"Rule: {cut(told.title, 200)}", isSubtle=True)),
    ]
    if told.remedy:
        items.append(_rich(_run(f"What to do: {cut(told.remedy, _TEXT)}")))
    return {"type": "Container", "spacing": "Medium", "items": items}


def _line(text: str, **look: Any) -> dict[str, Any]:
    """Return a line of our own words."""
    return {"type": "TextBlock", "text": text, "wrap": True, **look}


def _rich(*inlines: dict[str, Any]) -> dict[str, Any]:
    return {"type": "RichTextBlock", "spacing": "None", "inlines": list(inlines)}


def _run(text: str, **look: Any) -> dict[str, Any]:
    return {"type": "TextRun", "text": text, **look}

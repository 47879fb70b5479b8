"""Link every figure of a section that leads nowhere yet to the entry of its section.

A section writes plain amounts and registers nothing: what its template did not link to an entry
of its own leads to the section's, where its query and the landed files are.
"""

from __future__ import annotations

import re
from collections.abc import Collection

_ELEMENT = re.compile(
    r"<table\b|</table>|<a\b.*?</a>"
    r'|<dd class="value"[^>]*>.*?</dd>'
    r'|<span class="money"[^>]*>[^<]*</span>',
    re.DOTALL,
)
_LED = re.compile(r'(<a class="traced" href="#)([\w-]+)"')
_VALUE = re.compile(r"(<dd[^>]*>\s*)((?:(?!<small).)*?)(\s*(?:<small.*)?</dd>)", re.DOTALL)
_TAG = re.compile(r"<[^>]*>")
_DIGIT = re.compile(r"\d")
_ALONE = re.compile(r'title="[^"]*; (quaestor explain [^"]*)"')
_COUNTED = re.compile(r'<td class="n|<td [^>]*class="n')


def has_figures(body: str) -> bool:
    """Return whether a section shows any figure that could be asked about."""
    return bool(
        _COUNTED.search(body)
        or any(found.startswith(("<dd", "<span")) for found in _ELEMENT.findall(body))
    )


def link_figures(body: str, anchor: str, known: Collection[str]) -> str:
    """Return a section's markup in which every amount and key figure is a link.

    Args:
        body: Escaped by its template.
        anchor: Of the section's own entry, for what leads nowhere yet.
        known: Ids of the page that a link of the template may name; a link to a section that has
            nothing to show leads to the section's own entry instead.
    """

    def led(match: re.Match[str]) -> str:
        start, target = match.groups()
        is_there = target in known or target.startswith(("from-", "of-"))
        return f'{start}{target if is_there else anchor}"'

    in_table = 0
    parts, alone = [], []
    place = 0
    for match in _ELEMENT.finditer(body):
        parts.append(body[place : match.start()])
        place = match.end()
        text = match.group()
        if text.startswith("<dd"):
            text = _value_linked(text, anchor)
        elif text.startswith("<span"):
            alone += _ALONE.findall(text)
            text = _link(text, anchor, in_table > 0)
        elif text.endswith("table>") or text.startswith("<table"):
            in_table += -1 if text.startswith("</") else 1
        parts.append(text)
    parts.append(body[place:])
    return _LED.sub(led, "".join(parts)) + _said_alone(alone)


def _link(text: str, anchor: str, in_table: bool) -> str:
    """Return a link; of a table none is a stop of the tabulator: the heading's link is one."""
    stop = ' tabindex="-1"' if in_table else ""
    return f'<a class="traced" href="#{anchor}"{stop}>{text}</a>'


def _value_linked(text: str, anchor: str) -> str:
    """Return a key figure as a link, its unit left out; one without a digit says it is unknown."""
    match = _VALUE.fullmatch(text)
    if "<a " in text or match is None or not _DIGIT.search(_TAG.sub("", match[2])):
        return text
    return f"{match[1]}{_link(match[2], anchor, in_table=False)}{match[3]}"


def _said_alone(commands: list[str]) -> str:
    if not commands:
        return ""
    many = len(commands) > 1
    return (
        f'<p class="fine">{len(commands):,} {"figures" if many else "figure"} here '
        f"{'have' if many else 'has'} no entry of {'their' if many else 'its'} own below: the "
        f"command that explains {'each' if many else 'it'} is in its tooltip, "
        f"{'such as ' if many else ''}<code>{commands[0]}</code>.</p>"
    )

r"""Show hostile text inside Markdown, as GitHub and GitLab read it, without letting it act.

CommonMark takes no structure from character references, so whatever could be structure is
written as one. What both sites make of rendered text afterwards (mentions, references to
issues, addresses, GitLab's quick actions) is broken by a zero-width space.

Source: CommonMark 0.31, "Entity and numeric character references".
"""

from __future__ import annotations

import re
from collections.abc import Collection

from quaestor.core.text import printable

# Structure only at the start of a line, where no name stands, or beside what is a reference here.
_PLAIN = frozenset(" ,;'\".:-()=+%?\N{MINUS SIGN}\N{EN DASH}\N{MIDDLE DOT}→…")
_BREAK = "&#8203;"
# After these, rendered text becomes a mention, a reference, an address.
_ACTING = re.compile(r"(?<=@)|(?<=[#!$%&~])(?=\w)|(?<=//)|(?<=www\.)(?=\w)|(?<=GH-)(?=\d)", re.I)


def escaped(value: str, most: int) -> str:
    r"""Return a text that reads as itself and does nothing, of at most so many bytes.

    Args:
        value: A text; control and direction characters show as escapes.
        most: How long the result may be; what is longer is cut and ends in an ellipsis.

    >>> escaped("churn:7", 100), escaped("@all", 100), escaped("a|b", 100)
    ('churn:7', '&#64;&#8203;all', 'a&#124;b')
    >>> escaped("*" * 100, 20)
    '&#42;&#42;&#42;…'
    """
    text = printable(value[:most])  # a character is a byte at least
    return _written(text, most, {match.start() for match in _ACTING.finditer(text)})


def code(value: str, most: int) -> str:
    """Return a name set as code, in which neither site looks for mentions or references.

    >>> code("@churn", 100)
    '<code>&#64;churn</code>'
    """
    return f"<code>{_written(printable(value[:most]), most, frozenset())}</code>"


def _written(text: str, most: int, breaks: Collection[int]) -> str:
    """Write each character as it is or as a reference, with breaks before some positions."""
    parts: list[str] = []
    room = most - len("…".encode())
    for position, character in enumerate(text):
        part = _BREAK if position in breaks else ""
        plain = character.isalnum() or character in _PLAIN
        if character == "." and text[position - 3 : position].lower() == "www":
            plain = False  # else GitHub makes a link of it
        part += character if plain else f"&#{ord(character)};"
        room -= len(part.encode())
        if room < 0:
            return "".join(parts) + "…"
        parts.append(part)
    return "".join(parts)

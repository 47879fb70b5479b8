"""Make a page ready for paper, and what the browser made of it the same for everybody.

A page prints from any browser as it is. The copy made here also knows its paper, opens what is
folded, and has its title and date at the foot of each sheet.
"""

from __future__ import annotations

import base64
import hashlib
import html
import re
from datetime import datetime
from typing import Literal

from quaestor.core.errors import IncompleteError

Paper = Literal["a4", "letter"]
PAPERS: tuple[Paper, ...] = ("a4", "letter")

_FOOT = """
@page {{
  size: {paper};
  @bottom-left {{ content: "{title}"; white-space: nowrap; }}
}}
"""
_STYLE = re.compile(r"<style>(.*?)</style>", re.DOTALL)
_TITLE = re.compile(r"<title>(.*?)</title>", re.DOTALL)
_FOLDED = re.compile(r"<details(?![^>]*\sopen\b)")
# To another page of the folder: on paper it leads nowhere, and would name our temporary folder.
_AWAY = re.compile(r'(<a\b[^>]*?) href="(?!#|https?:)[^"]*"')
_SCRIPT = re.compile(r"<script\b.*?</script>", re.DOTALL)  # sorts and searches: nothing on paper
_CLOCK = re.compile(rb"/(CreationDate|ModDate) \(D:\d{14}[^)]*\)")
_NODE = re.compile(rb"\(node(\d{8})\)")


def title_of(page: str) -> str:
    """Return a page's title, as a reader sees it.

    >>> title_of("<head><title>Cost &amp; waste</title></head><svg><title>a bar</title></svg>")
    'Cost & waste'
    """
    found = _TITLE.search(page)
    return html.unescape(found[1]).strip() if found else ""


def for_paper(page: str, paper: Paper, now: datetime) -> str:
    """Return a copy of a page of ours that is to be printed.

    Args:
        page: As it is written for browsers.
        paper: Its size.
        now: What the page is dated by, UTC.
    """
    style = _STYLE.search(page)
    if style is None:
        raise ValueError("a page of ours has its style sheet in itself")
    title = f"{title_of(page)} · {now.day} {now:%B %Y, %H:%M} UTC"
    foot = _FOOT.format(paper=paper, title=_quoted(title))
    whole = style[1] + foot
    copy = page.replace(style[1], whole, 1).replace(_digest(style[1]), _digest(whole), 1)
    return _AWAY.sub(r"\1", _FOLDED.sub("<details open", _SCRIPT.sub("", copy)))


def settled(pdf: bytes, title: str, now: datetime) -> bytes:
    """Return a PDF of a page, dated by our clock, with names that do not change by the run.

    Chromium writes when it printed, and numbers the parts of the text by how many its process
    has seen. With both settled, the same page, browser and fonts give the same bytes. Every
    replacement is as long as what it replaces, so that the file's table of contents holds.

    Args:
        pdf: As printed.
        title: The page's.
        now: The clock, UTC.

    Raises:
        IncompleteError: It is not this page: a browser that may not open files prints its refusal.
    """
    wanted = title.encode("utf-16-be")
    if not any(
        one in pdf for one in (wanted.hex().upper().encode(), wanted.hex().encode(), wanted)
    ):
        raise IncompleteError(
            "the browser printed something else than the page",
            where="--format pdf",
            fix="A browser that an organisation manages may be forbidden to open files: name "
            "another by --browser or QUAESTOR_BROWSER, or print the page by hand.",
        )
    stamp = f"(D:{now:%Y%m%d%H%M%S}+00'00')".encode()
    dated = _CLOCK.sub(lambda found: _same_length(found, b"/" + found[1] + b" " + stamp), pdf)
    names = sorted(set(_NODE.findall(dated)))
    numbers = {name: f"(node{place:08d})".encode() for place, name in enumerate(names, start=1)}
    return _NODE.sub(lambda found: numbers[found[1]], dated)


def _same_length(found: re.Match[bytes], text: bytes) -> bytes:
    return text if len(text) == len(found[0]) else found[0]


def _digest(style: str) -> str:
    return base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()


def _quoted(text: str) -> str:
    r"""Return a text for a string in CSS: what is no letter or digit becomes its number.

    >>> _quoted('a"</style>')
    'a\\22 \\3c \\2f style\\3e '
    """
    return "".join(one if one.isalnum() else f"\\{ord(one):x} " for one in text)

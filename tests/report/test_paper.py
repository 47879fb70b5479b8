"""A page's copy for paper, and the PDF that is the same for everybody."""

from __future__ import annotations

import base64
import hashlib
import html
import re
from datetime import datetime

import pytest

from quaestor.core.errors import IncompleteError
from quaestor.report.paper import for_paper, settled, title_of

NOW = datetime(2026, 11, 21, 6, 30)
HOSTILE = '</style><img src=x onerror=alert(1)>"; } \\'
STYLE = "body { color: black; }"


def page(title="Cost", body=""):
    """A page as reports are: its style is let in by its hash."""
    digest = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{digest}'"
    return (
        f'<head><meta content="{html.escape(policy)}"><title>{html.escape(title)}</title>'
        f"<style>{STYLE}</style></head><body>{body}</body>"
    )


def pdf(title, *, clock="20260101120000", first=101):
    """What Chromium writes, as far as it matters here."""
    return (
        f"%PDF-1.4\n/Title <FEFF{title.encode('utf-16-be').hex().upper()}>\n"
        f"/CreationDate (D:{clock}+00'00')\n/ModDate (D:{clock}+00'00')>>\n"
        f"/ID (node{first:08d})\n/Headers [(node{first + 7:08d})(node{first:08d})]\n%%EOF\n"
    ).encode()


def test_the_style_with_the_foot_is_let_in():
    """The policy of the copy has the hash of the style of the copy, and no other."""
    copy = for_paper(page(), "letter", NOW)
    [style] = re.findall(r"<style>(.*?)</style>", copy, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()

    assert re.findall(r"sha256-([\w+/=]+)", copy) == [digest]
    assert "size: letter" in style
    assert style.startswith(STYLE)


def test_what_is_folded_is_opened_once():
    """Each fold, and those that were open are not opened twice."""
    copy = for_paper(page(body="<details><details open><details class=a>"), "a4", NOW)

    assert re.findall(r"<details[^>]*>", copy) == [
        "<details open>",
        "<details open>",
        "<details open class=a>",
    ]


def test_what_only_a_screen_can_do_is_left_out():
    """No script, and no link to a file of a folder that is gone when somebody reads."""
    body = (
        "<script>alert(1)</script><a href='#a' href=\"#teams\">in</a>"
        '<a class="x" href="cost.html">other</a><a href="models/a.html#x">model</a>'
        '<a href="https://law.example/1">law</a>'
    )
    copy = for_paper(page(body=body), "a4", NOW)

    assert "script" not in copy
    assert re.findall(r'href="([^"]*)"', copy) == ["#teams", "https://law.example/1"]


def test_a_hostile_title_stays_a_title():
    """It ends neither the string nor the style it stands in."""
    copy = for_paper(page(title=HOSTILE), "a4", NOW)
    [style] = re.findall(r"<style>(.*?)</style>", copy, re.DOTALL)
    [content] = re.findall(r'@bottom-left \{ content: "([^"]*)"; white-space', style)

    assert title_of(page(title=HOSTILE)) == HOSTILE
    assert re.fullmatch(r"(?:\w|\\[0-9a-f]+ )+", content)
    assert "<img" not in copy


def test_two_prints_become_the_same():
    """Our clock, and names that count from one; nothing else, and nothing longer or shorter."""
    one = settled(pdf("Cost · Q"), "Cost · Q", NOW)
    other = settled(pdf("Cost · Q", clock="20260101120007", first=4711), "Cost · Q", NOW)

    assert one == other
    assert len(one) == len(pdf("Cost · Q"))
    assert one.count(b"(D:20261121063000+00'00')") == 2
    assert b"/ID (node00000001)\n/Headers [(node00000002)(node00000001)]" in one


def test_the_browsers_refusal_is_no_report():
    """A managed browser that may not open files prints that it may not; that is not handed on."""
    with pytest.raises(IncompleteError, match="something else than the page"):
        settled(pdf("page.html is blocked"), "Cost · Q", NOW)

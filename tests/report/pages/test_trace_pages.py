"""On every page every figure leads to what explains it, and that is there on the page."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from html.parser import HTMLParser

import pytest

from builders.pages import REPORTS
from quaestor.report.html import render
from quaestor.report.linked import link_figures
from quaestor.report.traced import MOST

VOID = {"meta", "link", "br", "img", "input", "hr"}
# What holds amounts that are no links, and why they are none.
NO_LINKS = {
    "svg": "a drawing; its figures are in the table beside it, where they link",
    "where-from": "the entries themselves: amounts there are the parts that explain the others",
}
PAGES = [*REPORTS, "models/churn"]


class Figures(HTMLParser):
    """Find the figures of a page: which lead somewhere, which do not, and every id.

    Attributes:
        dead: Section, element and text of each amount or key figure outside a link.
        links: Where figures lead to.
        ids: Every id of the page.
        sections: Sections with a heading -> where their link leads to, or None.
        numbered: Sections that have a column of figures.
    """

    def __init__(self, source: str) -> None:
        super().__init__(convert_charrefs=True)
        self.dead: list[tuple[str, str, str]] = []
        self.links: list[str] = []
        self.ids: set[str] = set()
        self.sections: dict[str, str | None] = {}
        self.numbered: set[str] = set()
        self._open: list[tuple[str, dict]] = []
        self._section = ""
        self.feed(source)
        self.close()

    def handle_starttag(self, tag, attrs):
        facts = dict(attrs)
        if "id" in facts:
            self.ids.add(facts["id"])
        if tag == "section":
            self._section = facts.get("id", "")
            if "section" in (facts.get("class") or "").split():
                self.sections[self._section] = None
        classes = (facts.get("class") or "").split()
        if tag == "a" and "traced" in classes:
            self.links.append(facts["href"].removeprefix("#"))
        if tag == "a" and "whence" in classes:
            self.sections[self._section] = facts["href"].removeprefix("#")
        if tag == "td" and "n" in classes:
            self.numbered.add(self._section)
        if tag not in VOID:
            self._open.append((tag, {**facts, "class": classes}))

    def handle_endtag(self, tag):
        assert self._open.pop()[0] == tag

    def handle_data(self, data):
        is_figure = re.search(r"\d", data) and any(
            "money" in facts["class"] or (tag == "dd" and "value" in facts["class"])
            for tag, facts in self._open
        )
        apart = any(tag in ("a", "svg", "small") for tag, _ in self._open)
        if is_figure and not apart and self._section != "where-from":
            self.dead.append((self._section, self._open[-1][0], data.strip()))


@pytest.fixture(scope="module")
def figures(passports):
    """Every page of the fixture estate, read once."""
    return {
        name: Figures((passports / f"{name}.html").read_text(encoding="utf-8")) for name in PAGES
    }


@pytest.mark.parametrize("name", PAGES)
def test_every_amount_and_key_figure_is_a_link(figures, name):
    """In verdicts, key figures, sentences and tables; what is none has its reason in NO_LINKS."""
    page = figures[name]

    assert (page.dead, page.links == []) == ([], False)


@pytest.mark.parametrize("name", PAGES)
def test_no_link_of_a_figure_leads_nowhere(figures, name):
    """Entries, sections and evidence that are linked to are on the page itself."""
    page = figures[name]

    assert {link for link in page.links if link not in page.ids} == set()


@pytest.mark.parametrize("name", PAGES)
def test_shares_and_counts_have_a_way_down_by_their_section(figures, name):
    """A section with a column of figures says at its heading where they come from."""
    page = figures[name]
    wanted = {section for section in page.numbered if section in page.sections} - {"where-from"}

    assert {one: page.sections[one] for one in wanted} == {
        one: f"from-section-{one}" for one in wanted
    }
    assert {page.sections[one] for one in wanted} <= page.ids


def entry(source, title):
    """Return the entry of that title, as text."""
    entries = re.findall(r'<details class="from[^>]*>.*?</details>', source, re.DOTALL)
    [found] = [one for one in entries if f'<span class="what">{title} ' in one
               or f'<span class="what">{title}</span>' in one]  # fmt: skip
    return " ".join(re.sub(r"<[^>]+>", " ", found).split())


def test_a_share_leads_to_the_amount_that_it_is_of(pages):
    """The entry says the same share, of the month's whole cost."""
    source = pages["cost"].read_text(encoding="utf-8")
    [share] = re.findall(r"<dt>Reaches a model</dt>\s*<dd[^>]*><a[^>]*>(.*?)</a>", source)
    shown = re.sub(r"<[^>]+>", "", share)

    assert f"{shown} of all cost of November 2026" in entry(source, "Reaches a model").replace(
        " %", "\N{NO-BREAK SPACE}%"
    )


@pytest.mark.parametrize(
    ("row", "section"), [("no team", "teams"), ("no model", "models"), ("Amazon SageMaker", None)]
)
def test_rows_without_a_name_and_services_have_entries_of_their_own(pages, row, section):
    """What names no team or model, and each service: ledger lines, files, the same amount."""
    source = pages["cost"].read_text(encoding="utf-8")
    part = source.partition(f'id="{section or "services"}"')[2].partition("</section>")[0]
    lines = [one for one in part.split("<tr>") if one.startswith('<th scope="row">')]
    line = next(one for one in lines if f">{row}<" in one)
    anchor, amount = re.search(
        r'href="#(from-[0-9a-f]{12})"><span class="money" data-exact="([^"]*)"', line
    ).groups()  # fmt: skip
    body = re.search(rf'id="{anchor}">(.*?)</details>', source, re.DOTALL)[1]
    parts = re.findall(r'data-part="[^"]*"><span[^>]*data-exact="([^"]*)"', body)

    assert sum(map(Decimal, parts)) == Decimal(amount)


def test_a_finding_shows_the_landed_files_that_it_rests_on(pages):
    """That which is named after its model, with its hash; else those of its source."""
    source = pages["compliance"].read_text(encoding="utf-8")
    rows = [one for one in source.split("<tr>") if '<details class="evidence"' in one]
    churn = [one for one in rows if re.search(r'<th scope="row">churn\b', one)]
    others = [one for one in rows if re.search(r'<th scope="row">support-routing\b', one)]

    assert churn
    assert all(one.count('title="SHA-256 ') == 1 and "-churn.yaml" in one for one in churn)
    assert all(one.count('title="SHA-256 ') == 3 for one in others)


def test_landed_files_are_listed_by_source_with_their_hashes(pages):
    """Some of each with when it was read; the command for the others is there."""
    source = pages["cost"].read_text(encoding="utf-8")
    part = source.partition('id="landed-files"')[2]
    bill = part.partition("</details>")[0]

    assert "read 21 Nov 2026, 03:00 UTC" in bill
    assert bill.count('title="SHA-256 ') == 6
    assert (
        "and 2 files more: <code>quaestor query &#34;from meta.landed_file where source = " in bill
    )


def test_figures_beyond_the_limit_name_the_command_where_they_are(an_estate, tmp_path, now):
    """Not in a tooltip alone, which paper and telephones do not have."""
    for number in range(MOST + 7):
        an_estate.cost(date(2026, 11, 1), str(100 + number), model=f"m-{number:03}", team="a")
    [path] = render(an_estate.settle(), ["cost"], tmp_path, now=now, progress=lambda _: None)
    part = path.read_text(encoding="utf-8").partition('id="models"')[2].partition("</section>")[0]

    assert "7 figures here have no entry of their own below" in part
    assert "such as <code>quaestor explain model_month/m-006/2026-11</code>" in part


def test_a_link_to_a_section_with_nothing_to_show_leads_to_the_entry_instead():
    """No figure leads to a place that is not on the page."""
    body = '<dd class="value"><a class="traced" href="#budgets">1</a></dd>'

    assert [link_figures(body, "from-section-x", known) for known in (("budgets",), ())] == [
        body, body.replace("#budgets", "#from-section-x"),
    ]  # fmt: skip

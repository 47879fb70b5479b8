"""A summary for chat and pull requests: short, in the page's words, and dead."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest
from markdown_it import MarkdownIt

from builders.forms import HOSTILE, a_report, listed, written
from quaestor.report.forms.markdown import LONGEST

ALLOWED = {"h2", "h3", "p", "strong", "ul", "li", "table", "thead", "tbody", "tr", "th", "td"}


class Page(HTMLParser):
    """A summary as its readers' sites make it: elements, texts, and cells by row."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[str] = []
        self.rows: list[list[str]] = []
        self.texts: list[str] = []
        self._in_cell = False
        self.feed(MarkdownIt("commonmark", {"html": True}).enable("table").render(text))

    def handle_starttag(self, tag, attrs):
        self.elements += [tag, *(name for name, _ in attrs if name != "style")]
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append("")
            self._in_cell = True

    def handle_endtag(self, tag):
        if tag in ("td", "th"):
            self._in_cell = False

    def handle_data(self, data):
        self.texts.append(data)
        if self._in_cell:
            self.rows[-1][-1] += data


@pytest.fixture
def summary(estate, tmp_path):
    """The summary of a shipped report of the full estate."""

    def read(name):
        [path] = written(estate, "markdown", tmp_path, names=(name,))
        return path.read_text(encoding="utf-8")

    return read


def test_the_verdict_comes_first_in_the_pages_words(summary):
    """Then the blind spots, before any figure, then figures and tables."""
    text = summary("cost")
    lines = [line for line in text.splitlines() if line]

    assert lines[0] == "## Cost of machine learning"
    assert lines[1].startswith(
        "**30,887.31 EUR (without 1 charge of 1,205 CHF) in November 2026 so far (20 of 30 days)"
    )
    assert lines[2] == "**4 blind spots**: what could not be seen"
    assert "- prod: node-4: its exporter was silent" in lines
    assert "| Reaches a model | 92.9 % | 91.8 % in October · 9 models |" in lines
    assert "| search | 3 | 14,809.96 | 47.9 % | +8.4 % | 100.0 % |" in lines
    assert lines[-1].startswith("Billed up to 20 Nov 2026, data are 3 hours old, in EUR. Quaestor ")


def test_a_table_shows_its_top_and_says_how_much_more_there_is(summary):
    """Five rows and the totals; the sum is that of all rows."""
    rows = Page(summary("cost")).rows
    start = next(place for place, row in enumerate(rows) if row[0] == "Model")

    assert [row[0] for row in rows[start + 1 : start + 8]] == [
        *("search-ranking", "churn", "fraud-scoring", "<img src=x onerror=alert(1)>"),
        *("demand-forecast", "5 more", "All cost"),
    ]
    assert rows[start + 7][4] == "30,887.31"


def test_what_a_page_says_in_lists_is_there(summary):
    """A director who reads the summary in a chat learns what changed, and how sure it is."""
    text = summary("executive")
    [changes] = re.findall(r"### Since the audit before\n\n(.*?)\n\n", text, re.DOTALL)
    [sure] = re.findall(r"### How sure this is\n\n(.*?)\n\n", text, re.DOTALL)

    since = r"^- \d+ violations began, and \d+ ended(; \d+ (is|are) waived now)?\.$"
    assert re.search(since, changes, re.MULTILINE)
    assert "- The bill: It does not add up: 1 line of 5." in sure.splitlines()
    assert "- What was not seen: 4 blind spots, at the top of this page." in sure.splitlines()


def test_every_report_is_plain_and_short(estate, tmp_path):
    """No element but text and tables, no link, every row as wide as its head, a bounded size."""
    for path in written(estate, "markdown", tmp_path):
        text = path.read_text(encoding="utf-8")
        page = Page(text)

        assert set(page.elements) <= ALLOWED, path.stem
        assert len(text.encode()) <= LONGEST


def test_a_report_of_many_pages_names_the_way_to_each(summary):
    """Words are of one model each, so that all of them together have none."""
    text = summary("model")

    assert "Each model has a summary of its own: quaestor report --model NAME" in text
    assert "blind spot" not in text


def test_a_report_that_saw_all_says_so(an_estate, tmp_path, now):
    """And where nothing is known of the data, that no such thing can be said."""
    told = []
    for built in (False, True):
        if built:
            an_estate.built(now)
            an_estate.settle()
        [path] = written(an_estate.warehouse, "markdown", tmp_path, names=("cost",))
        told.append(path.read_text(encoding="utf-8"))

    assert "When these data were built is unknown, and so is what they leave out." in told[0]
    assert "No blind spot is recorded: nothing is known to be missing." in told[1]


def test_a_column_of_drawings_is_left_out(an_estate, tmp_path):
    """A summary has no place for a bar."""
    template = (
        '{% set title = "Things" %}<table><thead><tr><th>Name</th><th>Bar</th><th>Cost</th></tr>'
        "</thead><tbody><tr><td>a</td><td><svg></svg></td><td>5</td></tr></tbody></table>"
    )
    definitions = a_report(tmp_path, {"01-things": ("select 1 as n", template)})
    [path] = written(an_estate.warehouse, "markdown", tmp_path, definitions=definitions)

    assert "| Name | Cost |\n|---|---|\n| a | 5 |" in path.read_text(encoding="utf-8")


def test_a_section_without_words_has_no_heading(an_estate, tmp_path):
    """Of a drawing nothing would stand below it."""
    template = '{% set title = "Things" %}<svg><text>a</text></svg><p class="fine">b</p>'
    definitions = a_report(tmp_path, {"01-things": ("select 1 as n", template)})
    [path] = written(an_estate.warehouse, "markdown", tmp_path, definitions=definitions)

    assert "Things" not in path.read_text(encoding="utf-8")


def test_no_name_acts(an_estate, tmp_path):
    """As GitHub and GitLab read it: no element, link, mention or row of its own."""
    template = (
        '{% set title = "Things" %}<table><thead><tr><th>Name</th></tr></thead><tbody>'
        "{% for row in rows %}<tr><td>{{ row.name }}</td></tr>{% endfor %}</tbody></table>"
    )
    five = [name for name in HOSTILE if name.startswith(("<", "@", "https", "two", "x'"))]
    definitions = a_report(tmp_path, {"01-things": (listed(five), template)})
    [path] = written(an_estate.warehouse, "markdown", tmp_path, definitions=definitions)
    text = path.read_text(encoding="utf-8")
    page = Page(text)

    assert set(page.elements) <= ALLOWED
    assert len(page.rows) == 1 + len(five)
    assert not re.search(r"@\w|https?://\w", "".join(page.texts))
    assert "<img src=x onerror=alert(1)>" in "".join(page.texts)


def test_a_long_report_is_cut_at_a_section_and_says_so(an_estate, tmp_path):
    """Bounded whatever is in it; what is left out is counted."""
    template = '{% set title = "Long " ~ rows[0].n %}<p class="lead">{{ "<" * 500 }}</p>'
    sections = {f"{place:02}-s{place}": (f"select {place} as n", template) for place in range(60)}
    definitions = a_report(tmp_path, sections)
    [path] = written(an_estate.warehouse, "markdown", tmp_path, definitions=definitions)
    text = path.read_text(encoding="utf-8")
    shown = text.count("### Long")

    assert len(text.encode()) <= LONGEST
    assert f"\n{60 - shown} more sections did not fit; the page has them." in text


def test_a_second_run_gives_the_same_bytes(estate, tmp_path):
    """In place of the first ones."""
    names = ("cost", "reconciliation")
    runs = [
        [path.read_bytes() for path in written(estate, "markdown", tmp_path, names=names)]
        for _ in range(2)
    ]

    assert runs[0] == runs[1]
    assert list(tmp_path.glob(".*")) == []

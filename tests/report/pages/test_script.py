"""What the page's script does to its tables, in a real browser, from disk, with the network off."""

from __future__ import annotations

import csv
import json
import re
import shutil
from decimal import Decimal
from pathlib import Path

import pytest

from builders.large import a_large_estate
from quaestor.core.shipped import shipped
from quaestor.core.text import guarded
from quaestor.report import tables
from quaestor.report.html import render

pytestmark = pytest.mark.real

# model, team, severity, since, cost in EUR: as a section's SQL gives them
KNOWN = (
    ("model-10", "search", "low", "date '2026-11-03'", "1200.5"),
    ("model-2", "growth", "critical", "date '2026-10-21'", "0.30000000000000000002"),
    ("Ärger", "search", "medium", "date '2025-12-24'", "null"),
    ("zeta", "risk", "high", "date '2026-11-20'", "0.30000000000000000001"),
    ("aleph", "search", "medium", "null", "-5"),
    ("=cmd()", "growth", "low", "date '2026-01-01'", "2000"),
    ("<img src=x onerror=alert(1)>", "risk", "high", "date '2026-01-02'", "7"),
    ('a "quoted", name', "risk", "high", "date '2026-01-03'", "8"),
    ("+49 30 1234", "risk", "low", "date '2026-01-04'", "9"),
)
TEMPLATE = """\
{% set title = "Rows" %}
<div class="scroll"><table>
<thead><tr><th scope="col">Model</th><th scope="col" data-filter>Team</th>\
<th scope="col" data-filter>Severity</th><th scope="col" class="n">Since</th>\
<th scope="col" class="n">Cost</th><th scope="col" class="n">Share</th></tr></thead>
<tbody>
{% for row in rows %}
<tr><th scope="row">{{ row.model }}<span class="sub">no. {{ row.place }}</span></th>\
<td>{{ row.team }}</td><td><span class="tag {{ row.severity }}">{{ row.severity }}</span></td>\
<td class="n">{{ row.since|day }}</td><td class="n" data-sum="cost">{{ row.cost|money }}</td>\
<td class="n">{{ row.share|percent }}</td></tr>
{% endfor %}
</tbody>
<tfoot><tr><th scope="row">All rows</th><td></td><td></td><td></td>\
<td class="n" data-total="cost">{{ total(rows, "cost")|money }}</td><td></td></tr></tfoot>
</table></div>
"""


@pytest.fixture
def opened(visit):
    """Open a page from disk; whatever it complains about or asks for fails the test."""
    complaints = []

    def build(path, *, width=1280, **asked):
        page, noted = visit(path, width=width, **asked)
        complaints.append(noted)
        return page

    yield build
    assert [one for noted in complaints for one in noted] == []


@pytest.fixture
def a_table(an_estate, tmp_path, now):
    """Render a report of one table; by default of the known rows."""

    def build(rows=KNOWN):
        folder = tmp_path / "definitions"
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(shipped("reports"), folder)
        (folder / "tried").mkdir()
        (folder / "tried" / "page.html.j2").write_text(
            '{% extends "page.html.j2" %}{% block title %}Tried{% endblock %}'
        )
        (folder / "tried" / "10-rows.html.j2").write_text(TEMPLATE)
        (folder / "tried" / "10-rows.sql").write_text(_select(rows))
        return render(
            an_estate.settle(), ["tried"], tmp_path, now=now, progress=print, definitions=folder
        )[0]

    return build


def _select(rows):
    values = ", ".join(
        f"({place}, '{model}', '{team}', '{severity}', {since}, {cost}::decimal(38, 20))"
        for place, (model, team, severity, since, cost) in enumerate(rows, 1)
    )
    return (
        f"select *, cost / 7 as share from (values {values}) "
        "as r(place, model, team, severity, since, cost) order by place"
    )


def _models(page):
    return page.eval_on_selector_all(
        "tbody th", "cells => cells.map(cell => cell.firstChild.textContent)"
    )


def _head(page, name):
    return page.locator("thead th", has_text=name)


def _saved(page):
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Download CSV").click()
    content = Path(waiting.value.path()).read_bytes().decode("utf-8")
    return waiting.value.suggested_filename, content


NAMES = [row[0] for row in KNOWN]


def test_figures_sort_by_every_digit_and_unknown_is_last(opened, a_table):
    """Largest first, then smallest first, then as the page had them; unknown is neither."""
    page = opened(a_table())
    head = _head(page, "Cost")
    seen = []
    for _ in range(3):
        head.get_by_role("button").click()
        seen.append((head.get_attribute("aria-sort"), _models(page)))
    rising = ["aleph", "zeta", "model-2", NAMES[6], NAMES[7], NAMES[8], "model-10", "=cmd()"]

    assert seen == [
        ("descending", [*reversed(rising), "Ärger"]),
        ("ascending", [*rising, "Ärger"]),
        (None, NAMES),
    ]


@pytest.mark.parametrize(
    ("column", "first", "last"),
    [
        ("Model", "+49 30 1234", "zeta"),
        ("Severity", "model-2", NAMES[8]),
        ("Since", "zeta", "aleph"),
        ("Share", "=cmd()", "Ärger"),
    ],
)
def test_words_severities_and_dates_sort_as_people_expect(opened, a_table, column, first, last):
    """Words from A, critical before high, the latest day first, and no day last."""
    page = opened(a_table())
    _head(page, column).get_by_role("button").click()
    models = _models(page)

    assert (models[0], models[-1]) == (first, last)


def test_names_sort_by_their_numbers_and_without_accents(opened, a_table):
    """The second model comes before the tenth, and an umlaut near its letter."""
    page = opened(a_table())
    _head(page, "Model").get_by_role("button").click()
    models = _models(page)

    assert models.index("model-2") < models.index("model-10")
    assert models.index("aleph") < models.index("Ärger") < models.index("model-2")


def test_the_keyboard_sorts_and_searches(opened, a_table):
    """What a mouse can do, Tab and Enter can."""
    page = opened(a_table())
    page.get_by_role("searchbox", name="Search 9 rows").focus()
    page.keyboard.type("model")
    page.get_by_role("status").get_by_text("2 of 9 found").wait_for()
    for _ in range(4):  # team, severity, save, the first head
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")

    assert _models(page) == ["model-2", "model-10"]
    assert _head(page, "Model").get_attribute("aria-sort") == "ascending"


def test_a_search_adds_up_what_it_found_beside_the_total_of_all(opened, a_table):
    """A total over rows of which some are hidden says whose total it is."""
    page = opened(a_table())
    page.get_by_role("searchbox").fill("SEARCH no.")
    page.get_by_role("status").get_by_text("3 of 9 found").wait_for()
    exact = page.eval_on_selector_all(
        "tfoot [data-exact]", "all => all.map(one => one.dataset.exact)"
    )
    feet = [" ".join(text.split()) for text in page.locator("tfoot tr").all_inner_texts()]
    page.get_by_role("searchbox").fill("")
    page.locator("tfoot tr").nth(1).wait_for(state="detached")

    assert exact == ["1195.5", "3220.10000000000000000003"]
    assert feet == ["The 3 found 1,195.50 1 not in it", "All rows of all 9 rows 3,220.10"]
    assert _models(page) == NAMES
    assert page.locator("tfoot").inner_text().split() == ["All", "rows", "3,220.10"]


def test_columns_of_few_values_filter(opened, a_table):
    """Severities stand worst first; two filters and the search narrow together."""
    page = opened(a_table())
    severities = page.get_by_label("Filter by Severity")
    severities.select_option("high")
    page.get_by_label("Filter by Team").select_option("risk")
    page.get_by_role("searchbox").fill("img")
    page.get_by_role("status").get_by_text("1 of 9 found").wait_for()

    assert _models(page) == [NAMES[6]]
    assert severities.locator("option").all_inner_texts() == [
        *("Severity: all", "critical", "high", "medium", "low")
    ]


def test_the_file_holds_every_digit_and_no_formula(opened, a_table):
    """Units stand in the header, days are ISO days, and what could act is text."""
    name, content = _saved(opened(a_table()))
    rows = list(csv.reader(content.removeprefix("\ufeff").splitlines()))

    assert name == "tried-rows.csv"
    assert content.startswith("\ufeffModel,")
    assert content.count("\r\n") == 10
    assert rows[0] == ["Model", "Model, more", "Team", "Severity", "Since", "Cost, EUR", "Share, %"]
    assert [row[0] for row in rows[1:]] == [guarded(name) for name in NAMES]
    assert [row[4] for row in rows[1:4]] == ["2026-11-03", "2026-10-21", "2025-12-24"]
    assert [row[5] for row in rows[1:]] == [
        "unknown" if row[4] == "null" else row[4] for row in KNOWN
    ]
    assert rows[1] == [*("model-10", "no. 1", "search", "low", "2026-11-03", "1200.5", "17150.0")]


@pytest.mark.parametrize(
    "name",
    [
        *(
            "=1+1",
            "+1",
            "-2.5e3",
            "-2 + 3",
            "@SUM(A1)",
            "\uff1d1",
            "a=b",
            " =1",
            "-",
            "+49 30",
            "1e5",
        ),
        "|calc",
    ],
)
def test_a_name_is_guarded_as_everywhere_else(opened, a_table, name):
    """The script's guard and core/text.guarded agree."""
    _, content = _saved(opened(a_table([(name, *row[1:]) for row in KNOWN])))
    rows = list(csv.reader(content.removeprefix("\ufeff").splitlines()))

    assert rows[1][0] in (guarded(name), guarded(name.strip()))


def test_what_was_found_is_what_is_saved(opened, a_table):
    """In the order of the page."""
    page = opened(a_table())
    page.get_by_label("Filter by Team").select_option("growth")
    _head(page, "Cost").get_by_role("button").click()
    _, content = _saved(page)

    assert [line.split(",")[0] for line in content.splitlines()[1:]] == ["'=cmd()", "model-2"]


def _many(count):
    """Rows of which each is different, a hostile one after those that lie in the page."""
    names = [f"model-{place}" for place in range(count)]
    names[tables.FIRST + 50] = "</script><img src=x onerror=alert(1)><!--"
    names[tables.FIRST + 51] = "=1+1"
    known = [(row[2], row[3], row[4]) for row in KNOWN]
    return [(name, f"team {n % 7}", *known[n % len(known)]) for n, name in enumerate(names)]


def test_rows_made_by_the_script_are_those_of_the_template(opened, a_table, monkeypatch):
    """A row that was held as data is, element by element, what the template wrote."""
    rows = _many(tables.FIRST + 120)
    page = opened(a_table(rows))
    while page.get_by_role("button", name="more").count():
        page.get_by_role("button", name="more").click()
    made = page.eval_on_selector_all("tbody tr", "rows => rows.map(row => row.innerHTML)")
    monkeypatch.setattr(tables, "FIRST", len(rows))
    whole = opened(a_table(rows), script=False).content()
    plain = re.findall(r"<tr>(.*?)</tr>", whole.split("<tbody>")[1].split("</tbody>")[0], re.DOTALL)

    assert len(made) == len(rows)
    assert made == plain


def test_rows_that_are_held_are_found_sorted_summed_and_saved(opened, a_table):
    """A long table answers for all of its rows, also for those that the page does not list."""
    rows = _many(tables.FIRST + 120)
    page = opened(a_table(rows))
    listed = page.locator("tbody tr").count()
    page.get_by_role("searchbox").fill("onerror")
    page.get_by_role("status").get_by_text("1 of 420 found").wait_for()
    found = _models(page)
    page.get_by_role("searchbox").fill("")
    page.get_by_text("The first 100 of 420 rows are listed.").wait_for()
    _, content = _saved(page)
    saved = list(csv.reader(content.removeprefix("\ufeff").splitlines()))[1:]
    total = page.locator("tfoot [data-exact]").get_attribute("data-exact")

    assert listed == 100
    assert found == ["</script><img src=x onerror=alert(1)><!--"]
    assert [row[0] for row in saved] == [guarded(row[0]) for row in rows]
    assert sum(Decimal(row[5]) for row in saved if row[5] != "unknown") == Decimal(total)
    assert page.locator("img").count() == 0


def test_without_script_the_page_is_whole_and_says_what_it_holds_back(opened, a_table):
    """No control that does nothing; the first rows, how many more, and where they are."""
    page = opened(a_table(_many(tables.FIRST + 120)), script=False)

    assert page.locator("tbody tr").count() == tables.FIRST
    assert page.get_by_text("The first 300 of 420 rows are listed; every row:").is_visible()
    assert page.get_by_text("quaestor report tried --format csv").is_visible()
    assert page.locator("button, input, select, .tools").count() == 0
    assert page.locator("tfoot").is_visible()


def test_a_short_table_gets_what_it_needs(opened, a_table):
    """Nothing to search in eight rows, nothing to sort in three."""
    eight, three = (opened(a_table(KNOWN[:count])) for count in (8, 3))

    assert eight.get_by_role("searchbox").count() == 0
    assert eight.locator(".sort").count() == 6
    assert three.locator(".tools, .sort").count() == 0


def test_controls_are_not_printed(opened, a_table):
    """Paper cannot be clicked; what was left out is still said on it."""
    page = opened(a_table())
    page.get_by_role("searchbox").fill("model")
    page.get_by_role("status").get_by_text("2 of 9 found").wait_for()
    page.emulate_media(media="print")
    visible = [one for one in ("input", "select", ".save") if page.locator(one).first.is_visible()]

    assert visible == []
    assert page.get_by_text("2 of 9 found").is_visible()


@pytest.mark.parametrize("width", [360, 1280])
def test_the_controls_fit(opened, a_table, width):
    """Nothing to scroll sideways, in the narrowest of windows either."""
    page = opened(a_table(), width=width)

    assert page.evaluate("document.documentElement.scrollWidth") == width


def test_the_data_of_a_table_end_no_element(a_table):
    """Whatever a name holds, the block of data is text without a bracket."""
    source = a_table(_many(tables.FIRST + 120)).read_text(encoding="utf-8")
    [block] = re.findall(r'<script type="application/json">(.*?)</script>', source, re.DOTALL)

    assert "<" not in block
    assert ">" not in block
    assert len(json.loads(block)["rows"]) == 120


@pytest.fixture(scope="module")
def large_pages(tmp_path_factory):
    """The pages of ten thousand models."""
    folder = tmp_path_factory.mktemp("large")
    names = ["compliance", "cost", "maturity", "rightsizing"]
    with a_large_estate(10_000) as warehouse:
        (whole,) = warehouse.row(
            "select sum(effective_cost) from ledger.cost where day >= '2026-11-01'"
        )
        (saving,) = warehouse.row("select sum(saving_per_month) from ledger.recommendation")
        from datetime import datetime

        paths = render(warehouse, names, folder, now=datetime(2026, 11, 21, 6, 30), progress=print)
    return {path.stem: path for path in paths}, whole, saving


def test_pages_of_ten_thousand_models_stay_small(large_pages):
    """A page that is mailed is less than 5 MB."""
    pages, _, _ = large_pages

    assert {name: path.stat().st_size < 5_000_000 for name, path in pages.items()} == dict.fromkeys(
        pages, True
    )


@pytest.mark.parametrize(
    ("report", "section"),
    [
        *(("compliance", "models"), ("cost", "models"), ("maturity", "models")),
        ("rightsizing", "advice"),
    ],
)
def test_each_of_ten_thousand_models_is_found(opened, large_pages, report, section):
    """The last one as the first, and the hostile one as text."""
    page = opened(large_pages[0][report])
    page.eval_on_selector_all("details", "all => all.forEach(one => { one.open = true; })")
    search = page.get_by_role("searchbox", name="Search 10,000 rows")
    tools = page.locator(f"#{section} .tools").filter(has=search)
    for name in ("model-09999", "<img src=x onerror=alert(1)>"):
        tools.get_by_role("searchbox").fill(name)
        page.locator(f"#{section} tbody th", has_text=name).wait_for()
        tools.get_by_text("1 of 10,000 found").wait_for()


@pytest.mark.parametrize(("report", "section", "column"), [("cost", "models", "All stages, EUR")])
def test_the_rows_of_ten_thousand_models_are_the_ledgers(
    opened, large_pages, report, section, column
):
    """What is saved adds up to the ledger's sum, to the last digit, and so does the total."""
    pages, whole, _ = large_pages
    page = opened(pages[report])
    page.eval_on_selector_all("details", "all => all.forEach(one => { one.open = true; })")
    part = page.locator(f"#{section}")
    with page.expect_download() as waiting:
        part.get_by_role("button", name="Download CSV").click()
    content = Path(waiting.value.path()).read_text(encoding="utf-8-sig")
    rows = list(csv.DictReader(content.splitlines()))
    total = part.locator("[data-total=cost] [data-exact]").get_attribute("data-exact")

    assert len(rows) == 10_000
    assert sum(Decimal(row[column]) for row in rows) == whole
    assert Decimal(total) == whole


def test_the_total_of_advice_is_the_ledgers(large_pages, read_page):
    """It is that of all advice, not of the rows that the page lists."""
    pages, _, saving = large_pages

    assert read_page(pages["rightsizing"]).totals["advice", "saving"] == saving

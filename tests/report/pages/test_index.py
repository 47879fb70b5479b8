"""Where a reader of the folder begins: what each page answers, and how audits compare."""

from __future__ import annotations

import re
from datetime import date, timedelta
from decimal import Decimal
from urllib.parse import unquote

import pytest

from builders.large import a_large_estate
from builders.pages import REPORTS
from quaestor.report import pages
from quaestor.report.html import render


@pytest.fixture
def index(an_estate, tmp_path, now, read_page):
    """Render the index of an estate alone."""

    def build():
        [path] = render(an_estate.settle(), ["index"], tmp_path, now=now, progress=lambda _: None)
        return read_page(path)

    return build


def audited(estate, name, at, *, failed=0, cost=None, exit_code=1):
    """Keep an audit: how many violations, and what the 30 days before it cost."""
    estate.run(name, at, exit_code)
    estate.warehouse.run("update audit.run set failed = ? where run_id = ?", [failed, name])
    day = at.date()
    estate.insert(
        "audit.run_window",
        run_id=name,
        first_day=day - timedelta(days=31),
        last_day=day - timedelta(days=2),
        billed_days=30,
        currency="EUR",
        configuration="a",
    )
    for model, amount in (cost or {}).items():
        estate.insert(
            "audit.run_cost",
            run_id=name,
            model=model,
            effective_cost=None if amount is None else Decimal(amount),
        )


@pytest.mark.parametrize("report", REPORTS)
def test_every_page_leads_to_every_other(pages, read_page, report):
    """The head names them all, in the order of reading, and marks the one that is open."""
    page = read_page(pages[report])
    [head] = re.findall(r'<nav class="pages".*?</nav>', page.source, re.DOTALL)

    assert re.findall(r'href="([^"]+)"', head) == [f"{name}.html" for name in REPORTS]
    assert re.findall(r'href="([^"]+)" aria-current="page"', head) == [f"{report}.html"]


def test_a_page_that_is_rendered_alone_leads_nowhere(index):
    """There is no link to a page that was not written."""
    page = index()

    assert 'class="pages"' not in page.source
    assert [a["href"] for _, a in page.tags if "href" in a and a["href"].endswith("html")] == []


def test_each_page_stands_with_its_figure(pages, read_page, estate):
    """What a page is for, and the figure that stands for it."""
    text = read_page(pages["index"]).text
    (cost,) = estate.row(
        "select sum(effective_cost) from ledger.cost where date_trunc('month', day) = '2026-11-01'"
    )

    assert f"with budgets and forecast. {cost:,.0f} EUR in the latest month" in text
    assert "1,960 EUR could be saved a month" in text
    assert "13 violations" in text
    assert "1 of 5 lines that do not add up" in text


def test_without_an_audit_there_is_no_verdict(index):
    """An empty warehouse says so, and draws nothing."""
    page = index()

    assert "Nothing has been audited yet" in page.text
    assert "<figure" not in page.source
    assert 'data-exact="' not in page.source


def test_trends_begin_with_the_second_audit(an_estate, index, now):
    """One audit is a row, and no trend."""
    audited(an_estate, "a", now, failed=3, cost={"churn": "75", None: "25"})

    page = index()

    assert "The audit of 21 Nov 2026 failed : 3 violations ." in page.text
    assert "This is the first audit; trends begin with the second." in page.text
    assert "Of it, traced to a model 75.0 % no audit before" in page.text
    assert "<figure" not in page.source


def test_three_audits_are_three_rows_and_a_trend_of_each_figure(an_estate, index, now):
    """Newest first in the table, oldest first in the charts; what is unknown is a gap."""
    audited(an_estate, "a", now - timedelta(days=14), failed=9, cost={"churn": "60", None: "60"})
    audited(an_estate, "b", now - timedelta(days=7), failed=5, cost={"churn": "60", None: None})
    audited(an_estate, "c", now, failed=6, cost={"churn": "75", None: "75"}, exit_code=3)

    page = index()
    rows = re.findall(r'<tr><th scope="row">(\d+ Nov)', page.source)
    [violations] = re.findall(r'id="trend-failed".*?</figure>', page.source, re.DOTALL)

    assert "The audit of 21 Nov 2026 is incomplete : 6 violations , 1 more than on 14 Nov" in (
        page.text
    )
    assert rows == ["21 Nov", "14 Nov", "7 Nov"]
    assert re.findall(r"<title>([^<]* violations)</title>", violations) == [
        *("7 Nov 2026: 9 violations", "14 Nov 2026: 5 violations", "21 Nov 2026: 6 violations"),
    ]
    assert "charges in a currency that had no rate by then are in no cost" in page.text


def test_without_advice_nothing_is_to_be_saved(an_estate, index, now):
    """That is known, as on the page for management; advice without a price is not."""
    for name, at in (("a", now - timedelta(days=7)), ("b", now)):
        audited(an_estate, name, at)

    assert "Could be saved every month 0.00 EUR 0.00 on 14 Nov 2026" in index().text


def test_an_audit_keeps_what_the_days_before_it_had_cost(an_estate, index, now):
    """The bill of today says otherwise; the row of the audit stays what it was."""
    an_estate.cost(date(2026, 11, 1), "999", model="churn")
    audited(an_estate, "a", now, cost={"churn": "80.25", None: "20"})

    assert "Cost of the 30 days before 100.25 EUR" in index().text


def test_of_many_audits_the_latest_are_shown(an_estate, index, now):
    """A year of days and more is one page; it says how many there are."""
    for number in range(405):
        an_estate.run(f"run-{number}", now - timedelta(days=number), 0)

    text = index().text

    assert "The latest 24 of 405 audits" in text
    assert "400 of 405 audits are shown." in text


def test_every_model_is_listed_with_the_way_to_its_page(models_estate, passports, read_page):
    """What a registry, a bill or a policy knows, with what it costs and which rules it breaks."""
    page = read_page(passports / "index.html")
    names = [name for (name,) in models_estate.rows("select model from audit.known_model")]
    links = [a["href"] for tag, a in page.tags if tag == "a" and "models/" in a.get("href", "")]

    assert {(passports / unquote(link)).is_file() for link in links} == {True}
    assert len(links) == len(names)
    assert "a name leads to its page" in page.text
    assert f"{len(names)} known to a registry, a bill or a policy" in page.text
    assert ("a", {"href": "#models"}) in page.tags
    assert "--model" not in page.text


def test_a_model_without_a_page_is_named_with_the_command_for_it(
    models_estate, tmp_path, now, read_page, monkeypatch
):
    """Above a thousand models only the dearest have a page: that is said wherever one is named."""
    monkeypatch.setattr(pages, "MOST", 3)
    render(models_estate, [], tmp_path, now=now, progress=lambda _: None)
    index = read_page(tmp_path / "index.html")
    [(known,)] = models_estate.rows("select count(*) from audit.known_model")

    assert f"{known - 3} models of them have no page here, for only the 3 dearest" in index.text
    assert "Any one: quaestor report --model NAME" in index.text
    told = ("span", {"title": "quaestor report --model demand-forecast"})
    for name in ("index", "cost", "compliance"):
        page = read_page(tmp_path / f"{name}.html")
        assert told in page.tags
        assert f"{known - 3} models of lower cost have no page in this folder" in page.text


def test_ten_thousand_models_are_listed_on_less_than_5_mb(tmp_path, now, monkeypatch):
    """The list stays a page that can be mailed; each model is in it, with what makes its page."""
    monkeypatch.setattr(pages, "MOST", 1)
    with a_large_estate(10_000) as warehouse:
        render(warehouse, ["index", "model"], tmp_path, now=now, progress=lambda _: None)
        [(known,)] = warehouse.rows("select count(*) from audit.known_model")
    text = (tmp_path / "index.html").read_text(encoding="utf-8")

    assert known >= 10_000
    assert f'data-rows="{known}"' in text
    assert len(text.encode()) < 5_000_000

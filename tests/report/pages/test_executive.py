"""The page for management: one look, two sheets, and no figure that another page denies."""

from __future__ import annotations

import re
from datetime import date, timedelta
from decimal import Decimal

import pytest

from quaestor.core.shipped import shipped
from quaestor.ledger.advice import kinds
from quaestor.report.html import environment_of, render

_VALUE = r'</dt>\s*<dd class="value"[^>]*>(.*?)</dd>'


def exact(markup):
    """Return the first exact figure of some markup."""
    return Decimal(re.search(r'data-exact="([^"]+)"', markup).group(1))


def figure(page, heading):
    """Return what a key figure of a page says: its exact amount, else its words."""
    [value] = re.findall(f"<dt>{re.escape(heading)}{_VALUE}", page.source, re.DOTALL)
    return exact(value) if "data-exact" in value else re.sub(r"<[^>]+>|\s", "", value)


@pytest.fixture
def summary(an_estate, tmp_path, now, read_page):
    """Render the page of an estate alone."""

    def build():
        [path] = render(
            an_estate.settle(), ["executive"], tmp_path, now=now, progress=lambda _: None
        )
        return read_page(path)

    return build


@pytest.mark.parametrize(
    ("heading", "report", "there"),
    [
        ("Cost, November 2026 so far", "cost", "Cost, November 2026"),
        ("Paid for idle GPUs", "cost", "Idle GPUs"),
        ("Cost traced to a model", "cost", "Reaches a model"),
        ("Budgets exceeded", "cost", "Budgets exceeded"),
        ("Could be saved every month", "rightsizing", "Could be saved a month"),
        ("Saved by advice taken", "rightsizing", "Saved by advice taken"),
        ("Saved by advice taken", "index", "Saved by advice taken"),
        ("Could be saved every month", "index", "Could be saved every month"),
    ],
)
def test_a_key_figure_is_that_of_the_page_it_comes_from(pages, read_page, heading, report, there):
    """A director who clicks on finds the same figure, to the last digit."""
    here = figure(read_page(pages["executive"]), heading)

    assert here == figure(read_page(pages[report]), there)


def test_violations_are_those_of_the_page_of_governance(pages, read_page, estate):
    """All of them by severity, and the models that break what stops a release."""
    text = read_page(pages["executive"]).text
    latest = "from audit.finding where run_id = 'now' and verdict = 'fail'"
    (failed, critical) = estate.row(
        f"select count(*), count(*) filter (severity = 'critical') {latest}"
    )
    (stopped,) = estate.row(f"select count(distinct model) {latest} and blocking")

    assert f"Rules violated {failed} times {critical} critical" in text
    assert f"{failed} findings are open" in read_page(pages["compliance"]).text
    assert f"Models that must not run {stopped} of 10" in text
    assert f"{stopped} of 10 models break a rule" in text


def test_what_costs_most_is_what_the_page_of_cost_says(pages, read_page):
    """The five models and their order, and everything together."""
    here, there = (read_page(pages[name]) for name in ("executive", "cost"))

    assert here.sums["drivers", "cost"][:5] == there.sums["models", "cost"][:5]
    assert sum(here.sums["drivers", "cost"]) == here.totals["drivers", "cost"]
    assert here.totals["drivers", "cost"] == there.totals["models", "cost"]


def test_what_to_do_first_is_what_saves_most(pages, read_page):
    """The largest savings of the page of savings, those of jobs that may end told apart."""
    here, there = (read_page(pages[name]) for name in ("executive", "rightsizing"))
    first = here.sums["first", "saving"] + here.sums["first", "ending"]
    all_of_them = [
        Decimal(one)
        for one in re.findall(
            r'data-sum="(?:saving|ending)"[^>]*>.*?data-exact="([^"]+)"',
            there.source.split('id="advice"', 1)[1],
        )
    ]

    assert first == sorted((one for one in all_of_them if one > 0), reverse=True)[:5]


def test_what_changed_is_what_the_page_of_changes_says(pages, read_page):
    """How many violations began and ended is counted in one way."""
    here, there = (read_page(pages[name]).text for name in ("executive", "changes"))
    began, ended = re.search(r"(\d+) violations? began, and (\d+) ended", here).groups()

    assert f"New violations {began}" in there
    assert f"Ended violations {ended}" in there


def test_an_empty_warehouse_is_not_a_clean_one(summary):
    """Nothing billed, nothing audited: that is said, and no figure stands in for it."""
    page = summary()

    assert "No bill has been read yet , so nothing can be said about cost" in page.text
    assert "nothing has been audited yet , so nobody knows whether models are under control" in (
        page.text
    )
    assert 'data-exact="' not in page.source
    assert "nothing was audited" in page.text


@pytest.mark.parametrize(
    ("verdicts", "sentence"),
    [
        ({}, "no rule found anything to judge , so nobody knows"),
        ({"owner": ("fail", "high")}, "1 of 1 model breaks a rule that should stop it from"),
        ({"card": ("fail", "low")}, "no model breaks a rule that should stop it, and 1 lesser"),
        ({"owner": ("unknown", "high")}, "no rule is known to be broken, but 1 question about"),
        ({"owner": ("pass", "high")}, "and 1 model keeps every rule."),
    ],
    ids=["nothing judged", "must not run", "lesser", "unanswered", "clean"],
)
def test_the_sentence_tells_the_worst_of_governance(an_estate, summary, now, verdicts, sentence):
    """Not judged, must not run, lesser, unanswered and clean are five things."""
    an_estate.cost(date(2026, 11, 1), "1500.5", model="churn")
    an_estate.run("now", now, 0)
    for policy, (verdict, severity) in verdicts.items():
        an_estate.finding(policy, "churn", verdict, severity=severity, model="churn")

    text = summary().text

    assert "Machine learning cost 1,501 EUR in November 2026 so far (1 of 30 days)" in text
    assert sentence in text


def test_the_first_audit_says_that_there_is_nothing_to_compare_with(an_estate, summary, now):
    """A change since nothing is no change of nothing."""
    an_estate.run("now", now, 0)
    text = summary().text

    assert "This is the first audit, of 21 Nov 2026." in text
    assert "no audit before" in text


def test_what_nobody_judged_is_not_without_fault(an_estate, summary, now):
    """An audit in which no rule had anything to judge counts no violation as none."""
    an_estate.run("before", now - timedelta(days=7), 4)
    an_estate.run("now", now, 0)
    unjudged = summary()
    an_estate.finding("owner", "churn", "pass", model="churn")

    assert "Rules violated unknown no rule found anything to judge" in unjudged.text
    assert "Rules violated 0 times nothing was judged on 14 Nov 2026" in summary().text


def test_in_the_first_month_of_a_bill_no_model_is_called_new(an_estate, summary):
    """Nobody knows what was there before it."""
    an_estate.cost(date(2026, 11, 1), "90", model="churn")
    text = summary().text

    assert "churn costs most" in text
    assert "is new" not in text


def test_a_month_that_rose_names_what_rose_most(an_estate, summary):
    """The dearest is not always the one that changed."""
    for day, amount in ((date(2026, 10, 1), "90"), (date(2026, 11, 1), "100")):
        an_estate.cost(day, amount, model="large")
        an_estate.cost(day, str(Decimal(amount) / 10 * (day.month - 9)), model="rising")

    text = summary().text

    assert "large costs most, 83 % of everything" in text.replace("\xa0", " ")
    assert "rising also rose most, by 11.00 EUR" in text


def test_every_kind_of_advice_has_words_for_management(now):
    """A kind that is added says what was found and what to do without jargon."""
    environment = environment_of([shipped("reports")], {"currency": "EUR", "now": now})
    words = environment.get_template("parts.html.j2").module.advice_words

    assert words.keys() == kinds().keys()


@pytest.mark.real
@pytest.mark.parametrize("paper", ["A4", "Letter"])
def test_it_prints_on_two_sheets(pages, visit, paper):
    """With four blind spots, eight figures, a chart and four tables."""
    page, _ = visit(pages["executive"])
    pdf = page.pdf(format=paper, print_background=True)

    assert pdf.count(b"/Type /Page\n") <= 2


def test_a_sum_that_is_not_whole_says_so_beside_the_figure(an_estate, tmp_path, now, read_page):
    """What has no exchange rate is named where the cost stands, not in the blind spots alone."""
    for day in (date(2026, 10, 1), date(2026, 11, 2)):
        an_estate.cost(day, "100", model="churn")
    for _ in range(3):
        an_estate.cost(date(2026, 11, 3), None, currency="BRL", billed="20.5")
    an_estate.cost(date(2026, 11, 3), None, currency="CHF", billed="0")
    an_estate.cost(date(2026, 10, 3), None, currency="CHF", billed="7")
    estate = an_estate.settle()
    names = ["index", "executive", "cost"]
    index, executive, cost = map(
        read_page, render(estate, names, tmp_path, now=now, progress=lambda _: None)
    )

    gap = "without 3 charges of 61.50 BRL"
    assert f"cost 100.00 EUR ({gap}) in" in executive.text
    assert f"100.00 EUR ({gap}) in" in cost.text
    for page in (executive, cost):
        words = page.text.replace("\N{NO-BREAK SPACE}", " ")
        assert f"{gap}, for want of an exchange rate; 0.0 % on the same days of October" in words
        assert "October, without 1 charge of 7.00 CHF there" in words
    assert "in the latest month, without charges that have no exchange rate" in index.text


def test_a_whole_sum_names_no_gap(an_estate, tmp_path, now, read_page):
    """What costs nothing is missed by no sum, whatever its currency."""
    an_estate.cost(date(2026, 11, 2), "100", model="churn")
    an_estate.cost(date(2026, 11, 3), None, currency="CHF", billed="0")
    paths = render(an_estate.settle(), ["executive", "cost"], tmp_path, now=now, progress=print)

    assert ["for want of" in read_page(path).text for path in paths] == [False, False]

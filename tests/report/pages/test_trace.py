"""Every figure leads to where it comes from, in the page; the terminal says the same."""

from __future__ import annotations

import re
import shlex
from datetime import date
from decimal import Decimal
from html import unescape

import pytest

from quaestor.report.explain import explain
from quaestor.report.html import render
from quaestor.report.traced import MOST

LINK = re.compile(
    r'<a class="traced" href="#([^"]*)"[^>]*><span class="money" data-exact="([^"]*)"'
)
ENTRY = re.compile(r'<details class="from" id="([^"]*)">(.*?)</details>', re.DOTALL)
COMMAND = re.compile(r"<code>(quaestor explain [^<]*)</code>")


def exact(markup, kind):
    """Return the exact figures of the cells of one kind."""
    found = re.findall(rf'data-{kind}="[^"]*">(?:<span[^>]*data-exact="([^"]*)")', markup)
    return [Decimal(one) for one in found]


@pytest.fixture(scope="module")
def source(pages):
    """The cost page of the full estate."""
    return pages["cost"].read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def entries(source):
    """What the page says of where its figures come from, by anchor."""
    return dict(ENTRY.findall(source))


def page_of(estate, folder, now):
    """Return the cost page of an estate."""
    [path] = render(estate.settle(), ["cost"], folder, now=now, progress=lambda _: None)
    return path.read_text(encoding="utf-8")


def test_the_parts_of_every_entry_add_up_to_its_figure(entries):
    """To the last digit; an entry without parts explains nothing."""
    wrong = {
        anchor: (exact(body, "figure"), exact(body, "part"))
        for anchor, body in entries.items()
        if exact(body, "figure") != [sum(exact(body, "part"))]
    }

    assert (wrong, len(entries) > 30) == ({}, True)


def test_every_link_leads_to_an_entry_of_its_own_amount(source, entries):
    """Key figures, months, teams, models, providers and budgets; no anchor is missing."""
    links = LINK.findall(source)
    of_entries = {anchor: exact(body, "figure") for anchor, body in entries.items()}

    own = [(a, amount) for a, amount in links if re.fullmatch("from-[0-9a-f]{12}", a)]
    assert [(a, amount) for a, amount in own if of_entries.get(a) != [Decimal(amount)]] == []
    assert set(re.findall(r'href="#(from-[0-9a-f]{12})"', source)) == set(entries)


def test_the_terminal_says_the_same(estate, entries):
    """The command beside an entry, taken as a shell takes it: same sum, same files."""
    told, said = {}, {}
    for anchor, body in entries.items():
        [command] = COMMAND.findall(body)
        program, verb, name = shlex.split(unescape(command))
        trace = explain(estate, name).trace
        told[anchor] = exact(body, "figure"), re.findall(r'title="SHA-256 ([0-9a-f]{64})"', body)
        said[anchor] = [trace.rated], sorted({row["sha256"] for row in trace.files})

    assert (program, verb) == ("quaestor", "explain")
    assert {a: (figure, sorted(files)) for a, (figure, files) in told.items()} == said


def test_a_hostile_name_acts_neither_in_an_anchor_nor_in_a_command(entries, hostile_model):
    """An anchor is digits of a hash; what may be pasted into a shell is quoted."""
    [body] = [body for body in entries.values() if f"explain {shlex.quote('model_month/<')[:13]}"
              in unescape(body) and hostile_model in unescape(body)]  # fmt: skip
    [command] = COMMAND.findall(body)

    assert [a for a in entries if not re.fullmatch("from-[0-9a-f]{12}", a)] == []
    assert shlex.split(unescape(command))[2:] == [f"model_month/{hostile_model}/2026-11"]


def test_the_dearest_have_an_entry_and_all_have_their_command(an_estate, tmp_path, now):
    """A page of many models stays small; nothing is left without a way to ask."""
    for number in range(MOST + 7):
        an_estate.cost(date(2026, 11, 1), str(100 + number), model=f"m-{number:03}", team="a")
    source = page_of(an_estate, tmp_path, now)
    of_models = [body for _, body in ENTRY.findall(source) if "explain model_month/" in body]

    assert len(of_models) == MOST
    assert all("m-000" not in body for body in of_models)
    assert "EUR; quaestor explain model_month/m-000/2026-11" in source


def test_a_figure_that_does_not_add_up_is_said_to(an_estate, tmp_path, now):
    """The bill has more than the ledger gave to anybody: nobody reads on as if it were well."""
    an_estate.cost(date(2026, 11, 1), "100", model="churn", team="growth")
    an_estate.settle()
    view = "select * replace (effective_cost + 1 as effective_cost) from ledger.cost"
    an_estate.warehouse.run(f"create or replace view ledger.line as {view}")
    [path] = render(an_estate.warehouse, ["cost"], tmp_path, now=now, progress=lambda _: None)

    assert "figures do</strong> not add up" in path.read_text(encoding="utf-8").replace(
        "figures do not add up</strong>", "figures do</strong> not add up"
    )


def test_what_has_no_rate_is_said_and_in_no_sum(an_estate, tmp_path, now):
    """The sum of the others stands, and how many lines are not in it."""
    an_estate.cost(date(2026, 11, 1), "100", model="churn", team="growth")
    an_estate.cost(
        date(2026, 11, 2), None, currency="CHF", billed="7", model="churn", team="growth"
    )
    source = page_of(an_estate, tmp_path, now)
    bodies = dict(ENTRY.findall(source)).values()

    assert {tuple(exact(body, "figure")) for body in bodies} == {(Decimal(100),)}
    assert source.count("1 line has no exchange rate and is in no sum.") == len(bodies)
    assert f"{len(bodies)} figures are of what is known" in source
    assert "comes to the same amount, to the last digit" not in source


def test_an_empty_estate_has_nothing_to_trace(an_estate, tmp_path, now):
    """No section that explains no figure."""
    assert "Where these figures come from" not in page_of(an_estate, tmp_path, now)

"""What a director reads of how models are run, and of what running them by hand costs."""

from __future__ import annotations

import re

import pytest

from quaestor.report.html import render


@pytest.fixture
def maturity(pages, read_page):
    """The page on how models are run."""
    return read_page(pages["maturity"])


@pytest.fixture
def cost(pages, read_page):
    """The page on the cost of no MLOps."""
    return read_page(pages["cost-of-no-mlops"])


def test_the_verdict_is_the_level_and_whether_the_next_one_pays(maturity):
    """With what it would be worth and cost; the next level is no end in itself."""
    assert "5 models are run at level 1 of 4, continuous data . Level 2 pays" in maturity.text
    assert "it would be worth 410.00 EUR a month and cost 220.00" in maturity.text


def test_a_level_that_does_not_pay_is_said_to_be_enough(maturity):
    """A team with few models is told that what it does is good enough."""
    assert "no, 1 is enough" in maturity.text
    assert "no, 2 is enough" in maturity.text


def test_what_cannot_be_said_is_no_level(maturity):
    """A model without evidence is at no level, and is counted apart."""
    assert "cannot be said 1 fraud-scoring" in maturity.text
    assert "not known: who approved it" in maturity.text


def test_what_each_level_asks_for_is_shown_with_its_evidence(maturity):
    """How many models show it, how many do not, of how many nobody says, and who tells."""
    assert "1 training data named by digest 3 1 1 registry.dataset.digest" in maturity.text


def test_the_estimate_is_a_range_and_says_what_it_leaves_out(cost):
    """Low, base and high; a category of which nothing can be said is no zero."""
    assert "About 1,100.50 EUR a month, between 200.00 and 2,250.00 ." in cost.text
    assert "Of 1 of 3 categories nothing can be said (Human error)" in cost.text
    assert "Human error cannot say" in cost.text


def test_each_estimate_has_its_formula_and_inputs_beside_it(cost):
    """With unit and source; hostile text in them is text."""
    assert "Hours x rate, a month; hours are assumed." in cost.text
    assert "hours of <b>work</b>: 12.5 hours (advice: params)" in cost.text
    assert "spend: 20 EUR a month (ledger.model_day)" in cost.text
    assert "runs: unknown (ledger.run_cost)" in cost.text


def test_a_model_of_which_only_zeros_are_known_is_not_free(cost):
    """What is known of it costs nothing, and the rest cannot be said: so neither can the sum."""
    assert re.search(r"churn cannot say \S 1 ", cost.text)


@pytest.mark.parametrize(
    ("report", "words"),
    [
        ("maturity", "No model is known , so nothing can be said"),
        ("cost-of-no-mlops", "No model is known , so nothing can be estimated"),
    ],
)
def test_without_models_nothing_is_claimed(report, words, an_estate, tmp_path, now, read_page):
    """Neither level 0 nor a cost of nothing."""
    (path,) = render(an_estate.settle(), [report], tmp_path, now=now, progress=lambda _: None)

    assert words in read_page(path).text

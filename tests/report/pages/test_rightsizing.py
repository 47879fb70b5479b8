"""What a director reads of advice: the sum that counts, what to do first, what nobody knows."""

from __future__ import annotations

from decimal import Decimal

import pytest

from quaestor.report.html import render


@pytest.fixture
def page(pages, read_page):
    """The page of the full estate."""
    return read_page(pages["rightsizing"])


def test_the_verdict_is_the_sum_that_counts(page):
    """Alternatives once, without what is committed, and the unpriced apart."""
    assert "1,960.00 EUR a month could be saved by 2 changes" in page.text
    assert "Start with churn-eu : delete, 1,460.00 EUR." in page.text
    assert "Of 1 change the saving is not known, and not in the sum." in page.text


def test_every_table_adds_up_to_the_counted_saving(page, estate):
    """By kind and one by one: the ledger's sum, to the last digit."""
    [(counted,)] = estate.rows(
        "select sum(counted_saving_per_month) from audit.standing_recommendation"
    )

    assert counted == Decimal(1960)
    for section in ("kinds", "advice"):
        assert sum(page.sums[section, "saving"]) == page.totals[section, "saving"] == counted


def test_advice_that_does_not_count_says_so(page):
    """With what counts instead of it, or that the saving is not known."""
    assert "not in the sum: churn-eu counts" in page.text
    assert "not known" in page.text
    assert "effective rate; 230.00 more is committed" in page.text


def test_what_became_of_advice_is_told(page):
    """Dismissed and reopened advice is marked; what was taken is shown with its interval."""
    assert "dismissed low the owner needs it until May" in page.text
    assert "reopened" in page.text
    assert "910.50 EUR between 840.00 and 990.00 a month" in page.text


def test_what_nobody_knows_is_told_with_its_reason(page):
    """Silence is neither waste nor good use."""
    assert "Of 2 objects nothing can be said" in page.text
    assert "Nobody tells how often it is called." in page.text
    assert "4 % of the last days went beyond it." in page.text
    assert "No advice is wanted (standby): For the audit." in page.text


def test_sizes_are_shown_with_what_the_last_days_said_of_them(page):
    """Replayed, withheld, how often they were too small, and what of the possible they spare."""
    assert "container size CPU 2 1 45.0 % 5.0 % 80.0 %" in page.text


def test_an_estate_that_nobody_looked_at_is_not_called_clean(an_estate, tmp_path, now, read_page):
    """Nothing was looked at is what it says."""
    (path,) = render(
        an_estate.settle(), ["rightsizing"], tmp_path, now=now, progress=lambda _: None
    )

    assert "Nothing was looked at , so nothing is known to be wasted" in read_page(path).text


def test_a_job_that_runs_is_marked_where_savings_are_compared(an_estate, tmp_path, now, read_page):
    """Its bar stands beside savings that last; its label says why it is no such saving."""
    advice = {
        "subject": "job/sweep", "name": "sweep", "recommendation": "5" * 16, "action": "stop",
        "kind": "runaway_training", "counted_saving_per_month": Decimal(900), "may_end": True,
        "saving_per_month": Decimal(900), "confidence": "high", "counts_because": "best",
    }  # fmt: skip
    an_estate.insert("ledger.recommendation", **advice, reason="It runs on.", evidence="{}",
                     risk="It may end.", source="hpc")  # fmt: skip
    an_estate.insert("ledger.assessment", kind="runaway_training", subject="job/sweep",
                     name="sweep", answer="advise", reason="It runs on.")  # fmt: skip
    (path,) = render(
        an_estate.settle(), ["rightsizing"], tmp_path, now=now, progress=lambda _: None
    )

    text = read_page(path).text

    assert "runaway training (running)" in text
    assert "Start with sweep : stop, 900.00 EUR a month for as long as it runs." in text

"""What was spent of a budget, what the month will come to, and what that makes it."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from builders.ledgers import built
from builders.plans import a_past, add, plan
from quaestor.warehouse.duckdb import Warehouse

ENDS = date(2026, 11, 20)  # 19 complete days of November; 11 to come


def status(warehouse: Warehouse, budget: str = "b", month: str = "2026-11-01"):
    """The budget's line in a month."""
    [row] = warehouse.records(
        "from ledger.budget where budget = ? and month = ?::date", [budget, month]
    )
    return row


def test_a_running_month_has_spent_and_what_it_will_come_to():
    """20 days of 10 are spent, and 30 are expected; at 300 of 1,000 all is well."""
    row = status(plan(a_past(90, lambda _: 10), "budgets: [{name: b, amount: 1000}]"))

    assert (row["spent"], row["forecast_cost"], row["status"]) == (200, 300, "ok")
    assert (row["forecast_low"], row["forecast_high"]) == (300, 300)
    assert (row["overspent"], row["days"]) == (0, 20)


def test_eighty_per_cent_spent_is_a_warning_and_a_cent_less_is_none():
    """The line is at 80 %, as `algorithms` of budgets everywhere have it."""
    past = plan(
        a_past(20, lambda _: 10),  # all of November; 300 expected
        "budgets: [{name: at, amount: 250}, {name: below, amount: 330}]",
    )

    assert status(past, "at")["status"] == "warning"
    assert status(past, "below")["status"] == "ok"


def test_a_month_expected_above_its_budget_is_a_warning_before_it_is_spent():
    """200 of 299 are spent, which is 67 %; 300 are expected."""
    row = status(plan(a_past(90, lambda _: 10), "budgets: [{name: b, amount: 299}]"))

    assert (row["status"], round(row["spent_ratio"], 2)) == ("warning", 0.67)


def test_more_than_the_amount_is_a_breach_and_all_of_it_is_not():
    """Spent to the last cent is within the budget; a cent more is not."""
    past = plan(
        a_past(90, lambda _: 10),
        "budgets: [{name: all, amount: 200}, {name: cent, amount: 199.99}]",
    )

    assert (status(past, "all")["status"], status(past, "cent")["status"]) == ("warning", "breach")
    assert status(past, "cent")["overspent"] == Decimal("0.01")


def test_a_month_that_is_over_is_what_was_spent():
    """Nothing is left to expect, and 97 % of a closed month is no warning."""
    past = plan(a_past(90, lambda _: 10), "budgets: [{name: b, amount: 320}]")
    row = status(past, month="2026-10-01")

    assert (row["forecast_cost"], row["forecast_low"], row["status"]) == (310, 310, "ok")


def test_a_charge_without_a_rate_leaves_everything_unknown():
    """Neither spent, nor expected, nor well."""
    past = a_past(90, lambda day: None if day == 80 else 10)
    row = status(plan(past, "budgets: [{name: b, amount: 1000}]"))

    assert {row[name] for name in ("spent", "forecast_cost", "status", "overspent")} == {None}


def test_too_short_a_past_has_no_forecast_but_a_state():
    """Five days tell what is spent, and nothing of the month."""
    row = status(plan(a_past(5, lambda _: 10), "budgets: [{name: b, amount: 60}]"))

    assert (row["spent"], row["forecast_cost"], row["status"]) == (50, None, "warning")


def test_a_budget_nobody_charged_has_spent_nothing():
    """Zero is known here: the bill is there, and nobody of the team is on it."""
    row = status(plan(a_past(40, lambda _: 10), "budgets: [{name: b, amount: 60, team: ghost}]"))

    assert (row["spent"], row["forecast_cost"], row["status"]) == (0, 0, "ok")


def test_a_budget_asks_only_what_it_names():
    """A budget of a team in one environment holds that and nothing else."""
    past = a_past(40, lambda _: 10, team="growth", environment="test")
    add(past, 40, lambda _: 100, team="growth", environment="production")
    add(past, 40, lambda _: 1000, team="search", environment="test")
    plan(past, "budgets: [{name: b, amount: 600, team: growth, environment: test}]")

    assert status(past)["spent"] == 200


RENAMED = """
names: [{field: team, old: growth-old, new: growth}]
budgets: [{name: old, amount: 900, team: growth-old}, {name: new, amount: 900, team: growth}]
"""


def test_a_team_renamed_in_march_is_one_team():
    """In costs, months and budgets, whichever of its names a budget uses."""
    charges = [
        {
            "ChargePeriodStart": f"2026-{month:02}-{day:02}",
            "BillingPeriodStart": f"2026-{month:02}-01",
            "EffectiveCost": "10",
            "BilledCost": "10",
            "tags": {"team": "growth-old" if month < 3 else "growth", "model": "churn"},
        }
        for month, days in ((1, 31), (2, 28), (3, 31))
        for day in range(1, days + 1)
    ]
    warehouse = built(charges, RENAMED)

    assert warehouse.rows("select distinct team from ledger.cost") == [("growth",)]
    assert warehouse.rows(
        "select month, team, effective_cost from ledger.model_month order by month"
    ) == [(date(2026, month, 1), "growth", cost) for month, cost in ((1, 310), (2, 280), (3, 310))]
    assert warehouse.rows(
        "select distinct scope, subject, trained_days from ledger.forecast "
        "where scope in ('team', 'budget') order by all"
    ) == [("budget", "new", 90), ("budget", "old", 90), ("team", "growth", 90)]
    assert warehouse.rows(
        "select budget, spent, status from ledger.budget where month = '2026-01-01' order by all"
    ) == [("new", 310, "ok"), ("old", 310, "ok")]

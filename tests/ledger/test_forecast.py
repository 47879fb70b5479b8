"""What the bill will come to: from complete days, with an interval, and an error that is shown."""

from __future__ import annotations

import math
import sys
from datetime import date, timedelta
from decimal import Decimal

import pytest
from numpy.random import default_rng

from builders.plans import a_past, add, plan
from quaestor.ledger.forecast_model import outlook

WEEKDAYS = (100.0, 110.0, 105.0, 100.0, 95.0, 40.0, 30.0)


def season(day: int) -> float:
    """A week of one shape, forever."""
    return WEEKDAYS[day % 7]


def noisy(seed: int, days: int, *, level: float = 100.0, noise: float = 5.0) -> list[float]:
    """A weekly season with noise, and a level that wanders."""
    chance = default_rng(seed)
    values = []
    for day in range(days):
        level += chance.normal(0, 0.5)
        values.append(float(level * season(day) / 100 + chance.normal(0, noise)))
    return values


def whole_month(warehouse, scope: str = "total", subject: str = "total"):
    """The forecast of November 2026 as a record."""
    [row] = warehouse.records(
        "from ledger.forecast where scope = ? and subject = ? and day is null "
        "and month = '2026-11-01'",
        [scope, subject],
    )
    return row


def test_a_month_is_what_was_spent_and_what_is_expected():
    """Complete days count as billed, every other day of the month as expected."""
    warehouse = plan(a_past(100, season))
    month = whole_month(warehouse)
    first = date(2026, 11, 20) - timedelta(days=99)
    truth = sum(
        season(number)
        for number in range(120)
        if (first + timedelta(days=number)).strftime("%Y-%m") == "2026-11"
    )

    assert month["expected"] == Decimal(str(truth))
    assert month["trained_days"] == 99
    assert month["interval_ratio"] == 0.8


def test_the_last_day_of_a_bill_is_no_saving():
    """It has a tenth of its charges when it is read; the forecast does not know it."""
    whole = whole_month(plan(a_past(100, season)))
    partly = whole_month(plan(a_past(100, lambda day: 3.0 if day == 99 else season(day))))

    assert partly["expected"] == whole["expected"]


def test_days_that_are_still_delivered_are_told_by_their_charges():
    """Three late days with under half of their weekday's charges wait; so does all after them."""
    warehouse = plan(
        a_past(60, season, charges=lambda day: 10 if day < 56 else 4), upto="billed_day"
    )

    assert warehouse.row(
        "select max(day) filter (complete), count(*) filter (not complete) from ledger.billed_day"
    ) == (date(2026, 11, 16), 4)


def test_a_month_that_was_billed_to_its_end_is_complete():
    """The last day of a bill counts where it ends a month with its usual charges."""
    warehouse = plan(a_past(60, season, ends=date(2026, 10, 31)), upto="billed_day")

    assert warehouse.row("select bool_and(complete) from ledger.billed_day") == (True,)


def test_the_slowest_source_decides_and_one_that_ended_does_not():
    """A bill two days behind holds the day back; one that stopped long ago holds back nothing."""
    warehouse = a_past(60, season)
    add(warehouse, 40, season, ends=date(2026, 11, 18), source="slow")
    add(warehouse, 20, season, ends=date(2026, 10, 5), source="gone")
    plan(warehouse, upto="billed_day")

    assert warehouse.row("select max(day) from ledger.billed_day where complete") == (
        date(2026, 11, 17),
    )


def test_what_was_switched_off_is_believed_after_a_week():
    """Few charges for more than seven days are the new normal, and no late delivery."""
    warehouse = plan(
        a_past(60, season, charges=lambda day: 10 if day < 45 else 2), upto="billed_day"
    )

    assert warehouse.row("select max(day) from ledger.billed_day where complete") == (
        date(2026, 11, 19),
    )


@pytest.mark.parametrize(
    ("days", "method"),
    [
        (8, "mean of 7 days"),
        (21, "mean of 20 days"),
        (30, "mean of each weekday, 4 weeks"),
        (60, "mean of each weekday, 8 weeks"),
        (61, "exponential smoothing, weekly season: ETS(A,N,A)"),
    ],
)
def test_the_method_follows_from_the_past_and_says_what_it_is(days: int, method: str):
    """Under 60 complete days it is a mean; the row says which."""
    past = noisy(3, days, noise=1.0)
    found = whole_month(plan(a_past(days, lambda day: round(past[day], 2))))["method"]

    assert found.partition(" (better")[0].startswith(method.partition(":")[0]) or (
        days > 60 and "better than ETS" in found
    )


def test_too_short_a_past_is_no_forecast():
    """Six complete days tell nothing; nothing is said."""
    warehouse = plan(a_past(7, season))

    assert warehouse.rows("from ledger.forecast") == []


def test_without_the_library_the_method_says_so(monkeypatch: pytest.MonkeyPatch):
    """No silent fallback: the row names what is missing."""
    monkeypatch.setitem(sys.modules, "statsmodels.tsa.exponential_smoothing.ets", None)
    month = whole_month(plan(a_past(100, season)))

    assert month["method"] == "mean of each weekday, 8 weeks (statsmodels is not installed)"
    assert month["expected"] is not None


def test_a_short_series_needs_no_library(monkeypatch: pytest.MonkeyPatch):
    """It is imported when the first series is long enough, and its absence is no news before."""
    monkeypatch.setitem(sys.modules, "statsmodels.tsa.exponential_smoothing.ets", None)

    assert "statsmodels" not in whole_month(plan(a_past(50, season)))["method"]


def test_the_better_one_in_the_backtest_is_used():
    """Smoothing that does worse than a mean on the series itself is not used, and that is said."""
    methods = set()
    for seed in range(6):
        past = noisy(seed, 120, noise=25.0)
        found = outlook(past, 7)
        assert found is not None
        methods.add(found.method)

    assert methods <= {
        "exponential smoothing, weekly season: ETS(A,N,A)",
        "mean of each weekday, 8 weeks (better than ETS in the backtest)",
    }
    assert len(methods) == 2


def test_a_level_that_rose_is_followed():
    """Eight weeks' mean still remembers the old level; smoothing does not."""
    series = [value * (1.0 if day < 100 else 1.6) for day, value in enumerate(noisy(1, 142))]
    told, mean = outlook(series[:135], 7), outlook(series[79:135], 7)
    truth = math.fsum(series[135:])
    assert told is not None
    assert mean is not None

    assert told.method.startswith("exponential")
    assert abs(told.total(0, 7) - truth) < abs(mean.total(0, 7) - truth)


def test_four_of_five_days_lie_in_the_interval():
    """80 % of held-out days, within what chance does to 560 of them; and of month totals."""
    inside = totals = 0
    for seed in range(20):
        series = noisy(seed, 200)
        told = outlook(series[:172], 28)
        assert told is not None
        for step, truth in enumerate(series[172:]):
            half = told.half_width(step, step + 1)
            assert half is not None
            inside += abs(truth - told.expected[step]) <= half
        half = told.half_width(0, 28)
        assert half is not None
        totals += abs(math.fsum(series[172:]) - told.total(0, 28)) <= half

    assert 0.72 < inside / 560 < 0.90
    assert totals >= 12


def test_the_backtest_is_of_the_series_itself():
    """Four origins in its last 28 days, each forecasting a week: errors over cost."""
    steady, wild = (whole_month(plan(a_past(100, cost))) for cost in (season, alternating))

    assert (steady["backtest_error_ratio"], steady["backtest_days"]) == (0, 28)
    assert wild["backtest_error_ratio"] > 0.3


def alternating(day: int) -> float:
    """Nothing that a week tells: every fifth day is dear."""
    return 20.0 if day % 5 else 200.0


def test_a_charge_without_a_rate_is_no_forecast():
    """What a day cost is not known, so neither is what the month will."""
    warehouse = a_past(100, season, team="growth")
    add(warehouse, 100, lambda day: None if day == 50 else 1.0, team="search")
    plan(warehouse)

    assert warehouse.rows("select distinct scope, subject from ledger.forecast order by all") == [
        ("team", "growth")
    ]


def test_a_day_on_which_a_team_has_no_charge_cost_it_nothing():
    """The bill has that day, so it is a zero; before a team's first day there is nothing."""
    warehouse = a_past(100, season)
    add(warehouse, 30, lambda _: 10.0, team="growth", ends=date(2026, 11, 19))
    warehouse.run("delete from ledger.cost where team = 'growth' and day = '2026-11-10'")
    month = whole_month(plan(warehouse), "team", "growth")

    assert month["trained_days"] == 30
    assert month["expected"] < 300


def test_a_bill_with_too_many_holes_is_no_series():
    """One charge a month says nothing about days."""
    warehouse = a_past(100, season)
    warehouse.run("delete from ledger.cost where day(day) <> 1")

    assert plan(warehouse).rows("from ledger.forecast") == []


def test_only_the_dearest_of_each_scope_and_every_budget():
    """Ten teams, dearest first; a budget is forecast however small it is."""
    warehouse = a_past(30, lambda _: 1, team="team-00")
    for number in range(1, 25):
        add(warehouse, 30, lambda _, number=number: number + 1, team=f"team-{number:02}")
    plan(warehouse, "budgets: [{name: tiny, amount: 10, team: team-00}]")
    found = warehouse.rows(
        "select scope, count(distinct subject), min(subject) from ledger.forecast "
        "group by all order by all"
    )

    assert found == [("budget", 1, "tiny"), ("team", 10, "team-15"), ("total", 1, "total")]


def test_credits_may_fall_below_zero_and_costs_do_not():
    """An interval of cost ends at nothing; of a series that had negative days it may not."""
    chance = default_rng(5)
    wild = [max(0.0, float(chance.normal(5, 20))) for _ in range(100)]
    cost = plan(a_past(100, lambda day: round(wild[day], 2)))
    credit = plan(a_past(100, lambda day: round(wild[day], 2) - 20))
    lowest = "select min(low), bool_and(low <= expected and expected <= high) from ledger.forecast"

    assert cost.row(lowest) == (0, True)
    below, ordered = credit.row(lowest)
    assert (below < 0, ordered) == (True, True)


def test_what_is_already_billed_is_the_least_that_it_will_be():
    """Of a day that is still delivered more is billed than was expected: that is known by now."""
    warehouse = plan(a_past(100, lambda day: 900.0 if day == 99 else season(day)))
    day = warehouse.row(
        "select expected, low from ledger.forecast where day = '2026-11-20' and scope = 'total'"
    )
    spent = warehouse.row(
        "select sum(cost) from ledger.spend_day where day >= '2026-11-01' and scope = 'total'"
    )

    assert day == (900, 900)
    assert whole_month(warehouse)["low"] >= spent[0]


def test_the_same_past_gives_the_same_bytes():
    """No chance is in it."""
    past = noisy(11, 150)
    first, second = (
        plan(a_past(150, lambda day: round(past[day], 4))).rows("from ledger.forecast order by all")
        for _ in range(2)
    )

    assert first == second


def test_days_and_months_end_with_the_month_after():
    """The rest of this month and all of the next, each day and each month."""
    warehouse = plan(a_past(100, season))

    assert warehouse.rows(
        "select day is null, count(*), min(coalesce(day, month)), max(coalesce(day, month)) "
        "from ledger.forecast group by all order by all"
    ) == [
        (False, 42, date(2026, 11, 20), date(2026, 12, 31)),
        (True, 2, date(2026, 11, 1), date(2026, 12, 1)),
    ]

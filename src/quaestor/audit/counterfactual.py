"""What a thing would have cost had nothing been changed, and how sure that is.

Before and after are not compared plainly: what is cheaper anyway, because less was asked of it or
the season is over, is no saving of whoever changed something in between. Two ways to see what
would have been: how its like went on (difference in differences, each thing by its own level
before); and, where there are too few of those, its own trend, which knows of no season longer
than a week and is the less sure for it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import fmean, median

WEEK = 7
FEWEST_CONTROLS = 5
_NORMAL = 1.2815515655446004  # standard deviations that hold 80 % of a normal distribution
_TO_DEVIATION = 1.4826  # of a median absolute deviation, for a normal distribution
# A trend from few days is luck more often than its residuals tell: with this factor its interval
# held 80 % and more of made series with drift and a weekly season (tests/audit/test_realised.py).
_TREND_WIDTH = 1.6
_TREND_DAYS = 14  # so far ahead a trend is believed


@dataclass(frozen=True)
class Saving:
    """What a day costs less than it would have.

    Args:
        per_day: Mean of the days after; negative: it costs more.
        half_width: How far the truth may lie from it either way, 80 times of 100.
        controls: How many of its like it was held against; 0: its own trend.
        days: How many days after the change it is from.
    """

    per_day: float
    half_width: float
    controls: int
    days: int


def saving(
    before: Sequence[float], after: Sequence[float], controls: Sequence[tuple[Sequence[float], ...]]
) -> Saving:
    """Estimate what a change saves a day.

    Args:
        before: Cost of each day before the change, oldest first; whole weeks, two at least, and
            a mean above zero.
        after: Cost of each day after it; whole weeks, one at least.
        controls: Of each of its like, in which nothing was changed: the same days before, with a
            mean above zero, and after.

    >>> saving([10.0] * 14, [4.0] * 7, [([5.0] * 14, [5.0] * 7)] * 5).per_day
    6.0
    """
    if len(controls) >= FEWEST_CONTROLS:
        return _against_controls(before, after, controls)
    return _against_trend(before, after)


def _against_controls(
    before: Sequence[float], after: Sequence[float], controls: Sequence[tuple[Sequence[float], ...]]
) -> Saving:
    level = fmean(before)
    kept = [fmean(then) / fmean(once) for once, then in controls]  # of each one's own level
    expected = median(kept)
    spread = _TO_DEVIATION * median(abs(one - expected) for one in kept)
    number = len(kept)
    placebo = _t(number - 1) * spread * math.sqrt(1 + math.pi / 2 / number)
    days = [median(once[day] / fmean(once) for once, _ in controls) for day in range(len(before))]
    rest = [cost / level - day for cost, day in zip(before, days, strict=True)]
    own = _t(len(rest) - 1) * _error(rest, 1) * math.sqrt(1 / len(before) + 1 / len(after))
    per_day = level * expected - fmean(after)
    return Saving(per_day, level * max(placebo, own), number, len(after))


def _against_trend(before: Sequence[float], after: Sequence[float]) -> Saving:
    plain, after = _without_weekdays(before), after[:_TREND_DAYS]
    number, ahead = len(plain), len(after)
    middle = (number - 1) / 2
    squares = math.fsum((day - middle) ** 2 for day in range(number))
    level = fmean(plain)
    slope = math.fsum((day - middle) * cost for day, cost in enumerate(plain)) / squares
    rest = [cost - level - slope * (day - middle) for day, cost in enumerate(plain)]
    distance = number + (ahead - 1) / 2 - middle
    expected = max(level + slope * distance, 0.0)
    error = _error(rest, 2) * math.sqrt(1 / number + 1 / ahead + distance**2 / squares)
    return Saving(expected - fmean(after), _TREND_WIDTH * _t(number - 2) * error, 0, ahead)


def _without_weekdays(costs: Sequence[float]) -> list[float]:
    """Take off what each weekday differs by from the mean; the weeks are whole."""
    mean = fmean(costs)
    lift = [fmean(costs[weekday::WEEK]) - mean for weekday in range(WEEK)]
    return [cost - lift[place % WEEK] for place, cost in enumerate(costs)]


def _error(rest: Sequence[float], fitted: int) -> float:
    """Return the deviation of residuals, as much larger as neighbours are alike.

    A mean of days that follow each other is surer than a single day by less than the root of
    their number.
    """
    squares = math.fsum(one * one for one in rest)
    if squares == 0:
        return 0.0
    number = len(rest)
    alike = math.fsum(a * b for a, b in pairwise(rest)) / squares
    alike += (1 + 4 * alike) / number  # few days understate it (Marriott and Pope, 1954)
    alike = min(max(alike, 0.0), 0.9)
    return math.sqrt(squares / (number - fitted) * (1 + alike) / (1 - alike))


def _t(freedom: int) -> float:
    """Return how many deviations hold 80 % of Student's t distribution (Cornish and Fisher)."""
    z = _NORMAL
    first = (z**3 + z) / (4 * freedom)
    second = (5 * z**5 + 16 * z**3 + 3 * z) / (96 * freedom**2)
    return z + first + second

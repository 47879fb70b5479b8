"""What taken advice saves on the bill: never what would have been cheaper anyway."""

from __future__ import annotations

import math
import random  # noqa: TID251 - seeded: the same bills each time
from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal
from statistics import fmean

import pytest

from builders.rows import insert_all
from quaestor.audit.counterfactual import Saving, saving
from quaestor.audit.realised import realised, windows
from quaestor.warehouse.duckdb import Warehouse

CASES = 100
SHAPES: dict[str, Callable[[int], float]] = {
    "flat": lambda day: 1.0 + 0 * day,
    "growth": lambda day: 1.01**day,
    "decline": lambda day: 0.98**day,
    "weekdays": lambda day: 1 + 0.4 * (day % 7 < 5),
    "season": lambda day: 1 + 0.3 * math.cos(2 * math.pi * day / 60),
}


def costs(chance: random.Random, days: int, level: float, shape) -> list[float]:
    """A made bill: a shape that all share; noise that lasts for days, and drift, of its own."""
    made, noise, drift = [], 0.0, 0.0
    for day in range(days):
        noise = 0.5 * noise + chance.gauss(0, 0.07)
        drift += chance.gauss(0, 0.004)
        made.append(max(level * shape(day) * (1 + noise + drift), 0.0))
    return made


def seeded(seed: int, shape, *, kept: float, like: int) -> tuple[Saving, float, float]:
    """What is estimated of a change that leaves `kept`; what it really saves; before and after."""
    chance = random.Random(seed)  # noqa: S311 - no secret is made of it
    whole = costs(chance, 56, 100, shape)
    before, after = whole[:28], [kept * cost for cost in whole[28:]]
    others = [costs(chance, 56, math.exp(chance.gauss(2, 1)), shape) for _ in range(like)]
    found = saving(before, after, [(one[:28], one[28:]) for one in others])
    truth = (1 - kept) * fmean(whole[28:][: found.days])
    return found, truth, fmean(before) - fmean(after)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize(("kept", "like"), [(0.0, 5), (0.6, 5), (0.6, 15)])
def test_the_interval_holds_the_truth(shape, kept, like):
    """In three of four seeded bills at least, whatever all of them do at the same time."""
    found = [seeded(seed, SHAPES[shape], kept=kept, like=like) for seed in range(CASES)]
    held = sum(abs(one.per_day - truth) <= one.half_width for one, truth, _ in found)

    assert held >= 0.75 * CASES


@pytest.mark.parametrize("shape", ["flat", "growth", "decline", "weekdays"])
def test_a_trend_alone_holds_the_truth_too(shape):
    """Without anything alike the interval is wider, and holds what has no season."""
    alone = [seeded(seed, SHAPES[shape], kept=0.6, like=0) for seed in range(CASES)]
    held = sum(abs(one.per_day - truth) <= one.half_width for one, truth, _ in alone)
    beside = [seeded(seed, SHAPES[shape], kept=0.6, like=15)[0] for seed in range(CASES)]

    assert held >= 0.75 * CASES
    assert fmean(one.half_width for one, _, _ in alone) > 1.5 * fmean(
        one.half_width for one in beside
    )


@pytest.mark.parametrize("shape", ["decline", "season"])
def test_what_gets_cheaper_anyway_is_no_saving(shape):
    """Nothing was done: plainly before and after would credit every case, this one in ten."""
    found = [seeded(seed, SHAPES[shape], kept=1.0, like=8) for seed in range(CASES)]

    assert all(plain > 0 for _, _, plain in found)
    assert sum(one.per_day > one.half_width for one, _, _ in found) <= 0.15 * CASES


def test_growth_hides_no_saving():
    """Plainly, what was halved while its like doubled saved nothing; it saves what it would be."""
    before, after = [100.0] * 28, [100.0] * 28
    like = [([10.0 * n] * 28, [20.0 * n] * 28) for n in range(1, 7)]

    assert saving(before, after, like) == Saving(100.0, 0.0, 6, 28)


def test_one_odd_resource_moves_nothing():
    """What one of its like does by itself is no measure."""
    like = [([10.0] * 28, [10.0] * 28)] * 6 + [([10.0] * 28, [9000.0] * 28)]

    assert saving([10.0] * 28, [4.0] * 28, like).per_day == 6.0


# On a bill.

FIRST = date(2026, 9, 1)
DAYS, LIKE = 61, 6
ADVISED = datetime(2026, 10, 1, 6)
TAKEN = datetime(2026, 10, 2, 6)
NOW = datetime(2026, 11, 1, 6)
ROW = {
    "recommendation": "5f1d0c2ab93e4477",
    "state": "taken",
    "resource_id": "gpu-1",
    "inside": None,
    "advised_at": ADVISED,
    "state_since": TAKEN,
    "saving_per_month": Decimal(730),
    "stranded_per_month": None,
    "realised_per_month": None,
}


def a_bill(cost, *, service="Compute") -> Warehouse:
    """The bill of 61 days: gpu-1 by `cost` of each day (None: no charge), its like at 10 to 15."""
    warehouse = Warehouse(":memory:")
    every = [FIRST + timedelta(days=number) for number in range(DAYS)]
    told = [("gpu-1", service, day, cost(day)) for day in every]
    told += [(f"like-{n}", "Compute", day, 10 + n) for n in range(LIKE) for day in every]
    rows = [
        {
            "day": day,
            "source": "bill",
            "service": of,
            "resource_id": name,
            "charge_category": "Usage",
            "rate": 1,
            "billing_billed_cost": f"{each}",
            "billing_effective_cost": f"{each}",
            "charges": 1,
            "is_transfer": False,
        }
        for name, of, day, each in told
        if each is not None
    ]
    insert_all(warehouse, "ledger.charge_day", rows)
    days = [{"day": day, "charges": 7, "complete": day < every[-1]} for day in every]
    insert_all(warehouse, "ledger.billed_day", days)
    return warehouse


def until_taken(day: date) -> int | None:
    """A machine that is paid for until it goes on 1 October."""
    return 24 if day <= date(2026, 10, 1) else None


def test_what_went_saves_what_it_cost():
    """24 a day are 730 a month; a day without a charge is one at no cost."""
    (row,) = realised(a_bill(until_taken), [ROW], now=NOW)

    assert row["realised_per_month"] == Decimal("730.0000")
    assert (row["realised_low"], row["realised_high"]) == (Decimal(730), Decimal(730))
    assert row["realised_how"] == (
        "28 days from 2026-10-03 against 6 resources of the same service in which nothing was "
        "changed; both by the 28 days up to 2026-09-30"
    )


def test_what_gets_dearer_with_its_like_has_saved_nothing():
    """And what everybody stops paying in the same week is nobody's saving."""
    warehouse = a_bill(until_taken)
    warehouse.run(
        "update ledger.charge_day set billing_effective_cost = 20 * "
        "billing_effective_cost where resource_id like 'like-%' and day > '2026-10-01'"
    )
    (dearer,) = realised(warehouse, [ROW], now=NOW)
    warehouse.run(
        "update ledger.charge_day set billing_effective_cost = 0 "
        "where resource_id like 'like-%' and day > '2026-10-01'"
    )
    (cheaper,) = realised(warehouse, [ROW], now=NOW)

    assert (dearer["realised_per_month"], cheaper["realised_per_month"]) == (14600, 0)


def test_without_its_like_the_trend_is_said():
    """Others of another service are no measure."""
    (row,) = realised(a_bill(until_taken, service="Storage"), [ROW], now=NOW)

    assert row["realised_per_month"] == Decimal(730)
    assert (
        "against its own trend and weekdays, as there are too few of its like"
        in (row["realised_how"])
    )


TOO_EARLY = "too early: the bill is complete for 6 of the 7 days that it takes"
TOO_SHORT = "not known: the bill has 9 days before it, not 14"
NO_LINE = "it is a part of something larger, and the bill has no line of its own for it"
NOBODY = "not known: the bill does not name it before it was changed"
NEW = "not known: the bill has it for 7 days before, not 14"


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"state_since": datetime(2026, 10, 25)}, TOO_EARLY.replace("6", "5")),
        ({"state_since": datetime(2026, 10, 24)}, TOO_EARLY),
        ({"advised_at": datetime(2026, 9, 10)}, TOO_SHORT),
        ({"resource_id": None, "inside": "i-1"}, f"not known: {NO_LINE}"),
        ({"resource_id": "nobody"}, NOBODY),
        ({"resource_id": "new"}, NEW),
    ],
)
def test_what_is_not_known_is_null_with_its_reason(changes, why):
    """Too early, too short a past, or nothing on the bill: never zero."""
    warehouse = a_bill(until_taken)
    warehouse.run(
        "insert into ledger.charge_day select * replace ('new' as resource_id) "
        "from ledger.charge_day where resource_id = 'gpu-1' and day > '2026-09-23'"
    )
    (row,) = realised(warehouse, [{**ROW, **changes}], now=NOW)

    assert row["realised_how"] == why
    assert {row[f"realised_{name}"] for name in ("per_month", "low", "high")} == {None}


def test_two_changes_of_one_resource_count_once():
    """With the larger; stranded commitments are said."""
    other = {**ROW, "recommendation": "0" * 16, "saving_per_month": Decimal(9)}
    first = {**ROW, "stranded_per_month": Decimal(100)}
    open_ = {"recommendation": "1" * 16, "state": "open"}
    rows = realised(a_bill(until_taken), [other, first, open_], now=NOW)

    assert rows[0]["realised_how"] == (
        f"counted with {ROW['recommendation']}, which changed the same resource"
    )
    assert rows[1]["realised_how"].endswith(
        "; of it, up to 100.00 a month of commitments may then stand unused"
    )
    assert rows[2] == open_

    """It was on one of them; four weeks after it are enough."""
    days = [FIRST + timedelta(days=number) for number in range(61)]
    before, after = windows(days, datetime(2026, 9, 20, 23), datetime(2026, 9, 27, 1))

    assert (before[0], before[-1], len(before)) == (date(2026, 9, 1), date(2026, 9, 19), 19)
    assert (after[0], len(after)) == (date(2026, 9, 28), 28)


def test_what_is_settled_is_not_measured_again():
    """Seven weeks after it a figure stays; one that was not known may still come."""
    known = {**ROW, "realised_per_month": Decimal(700), "realised_how": "then"}
    late = datetime(2026, 11, 21, 6)
    (kept,) = realised(a_bill(until_taken), [known], now=late)
    (anew,) = realised(a_bill(until_taken), [known], now=NOW)
    (found,) = realised(a_bill(until_taken), [ROW], now=late)

    assert [row["realised_per_month"] for row in (kept, anew, found)] == [700, 730, 730]

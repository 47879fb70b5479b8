"""The fast words of money say the same digits as the slow ones, for every size and boundary."""

from __future__ import annotations

import pyarrow as pa
import pytest

from quaestor.warehouse.duckdb import Warehouse

UNIT, WHOLE = 10**18, 10**18
EDGES = [0, 1, 10**9 - 1, 10**9, 10**9 + 1, 5 * 10**17, UNIT // 3, UNIT - 1]
MADE = """
select
    (units::decimal(18, 0) * 0.0000000001::decimal(11, 10))::decimal(38, 20) as amount,
    (ratio::decimal(19, 0) * 0.000000000000000001::decimal(18, 18))::decimal(19, 18) as ratio,
    units, ratio as ratio_units
from pairs
"""


@pytest.fixture
def warehouse():
    with Warehouse(":memory:") as opened:
        yield opened


def spread(place: int) -> int:
    """A number below 10^18 that tells nothing of its place."""
    return (place + 1) * 0x9E3779B97F4A7C15 * (place + 7) % 2**89 // 2**20 % UNIT


def pairs(count: int) -> list[tuple[int, int]]:
    """Amounts and ratios of every size; and such whose product rounds up at the last digit."""
    made = [
        (spread(place) % 10 ** (place % 18 + 1), spread(-place) % 10 ** (place // 18 % 18 + 1))
        for place in range(count)
    ]
    for place in range(count):
        units = spread(place) // 10 * 10 + (1, 3, 7, 9)[place % 4]
        rest = UNIT - 5 * 10**9 + place % 7 - 3
        made.append((units, rest * pow(units, -1, UNIT) % UNIT))
    return [*made, *((units, ratio) for units in EDGES for ratio in [*EDGES, WHOLE])]


def test_whole_numbers_divide_money_to_the_same_digit(warehouse):
    """An amount of ten digits after the point, by units and by its decimals."""
    table = pa.table(dict(zip(("units", "ratio"), zip(*pairs(100_000), strict=True), strict=True)))
    warehouse.connection.register("pairs", table)
    warehouse.run(f"create temp table made as {MADE}")

    wrong = warehouse.rows(
        """
        select * from made
        where money_units(amount) is distinct from units
            or ratio_units(ratio) is distinct from ratio_units
            or money_share(amount, units, 0, ratio, 0::bigint, ratio_units)
                is distinct from money_upto(amount, ratio)
            or money_share(amount, units, ratio, 1, ratio_units, 1000000000000000000::bigint)
                is distinct from money_part(amount, ratio, 1)
        limit 5
        """
    )

    assert wrong == []


@pytest.mark.parametrize(
    "amount", ["-1", "-0.00000000005", "100000000", "999999999999999999", "0.00000000001", "null"]
)
def test_an_amount_that_has_no_units_is_divided_by_its_digits(warehouse, amount):
    """Below zero, too large, or with more digits than a unit tells."""
    found = warehouse.row(
        f"""
        with a as (select {amount}::decimal(38, 20) as amount, 0.3::decimal(19, 18) as ratio)
        select money_units(amount),
            money_share(amount, money_units(amount), 0, ratio, 0::bigint, ratio_units(ratio))
                is not distinct from money_part(amount, 0, ratio)
        from a
        """
    )

    assert found == (None, True)


def test_hours_divide_to_the_same_digit_whatever_their_size(warehouse):
    """A ratio of small wholes is worked out in 64 bits: as the division of integers says."""
    made = [
        (spread(place) % (whole + 1), whole)
        for place in range(50_000)
        for whole in [spread(-place) % 10 ** (place % 15 + 1) + 1]
    ]
    made += [
        (portion, whole)
        for whole in (9 * 10**12 - 1, 9 * 10**12, 1, 3, 7)
        for portion in (0, 1, whole // 2, whole // 3, whole - 1, whole)
    ]
    table = pa.table(
        {
            "portion": [portion for portion, _ in made],
            "whole": [whole for _, whole in made],
            "expected": [portion * UNIT // whole for portion, whole in made],
        }
    )
    warehouse.connection.register("hours", table)

    wrong = warehouse.rows(
        """
        with hour as (
            select
                (portion::decimal(18, 0) * 0.000000001::decimal(10, 9))::decimal(38, 9) as portion,
                (whole::decimal(18, 0) * 0.000000001::decimal(10, 9))::decimal(38, 9) as whole,
                (expected::decimal(19, 0) * 0.000000000000000001::decimal(18, 18))
                    ::decimal(19, 18) as expected
            from hours
        )
        select * from hour where share_ratio(portion, whole) is distinct from expected limit 5
        """
    )

    assert wrong == []

"""Exchange rates: read exactly, or refused with the line."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from quaestor.core.errors import ConfigurationError
from quaestor.normalise.currency import blind_spots, read_rates
from quaestor.warehouse.duckdb import Warehouse
from quaestor.warehouse.errors import OutOfRangeError


@pytest.fixture
def rates(tmp_path: Path):
    """Read lines of rates as a file has them below its header."""

    def read(*lines: str) -> list[Decimal]:
        path = tmp_path / "rates.csv"
        path.write_text("\n".join(["date,currency,rate", *lines, ""]))
        with Warehouse(":memory:") as warehouse:
            read_rates(warehouse, path)
            found = warehouse.rows("select rate from config.rate order by valid_from, currency")
        return [rate for (rate,) in found]

    return read


@pytest.mark.parametrize(
    "rate",
    [
        "0.000000004",
        "1E-18",
        "9999999999.999999999999999999",
        "1.5",
        "4e-9",
        "1.50000000000000000000",
    ],
)
def test_a_rate_is_read_to_its_last_digit(rates, rate: str):
    """18 digits after the point and 10 before it; zeros at the end are no digits."""
    assert rates(f"2026-10-01,EUR,{rate}") == [Decimal(rate)]


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ("2026-10-02,EUR,0.0000000000000000001", "more than 18 digits after the point"),
        ("2026-10-02,EUR,1.0000000000000000001", "more than 18 digits after the point"),
        ("2026-10-02,EUR,1E-999999999", "more than 18 digits after the point"),
        ("2026-10-02,EUR,10000000000", "10000000000 is no rate above zero and below 10^10"),
        ("2026-10-02,EUR,1E+999999999", "is no rate above zero and below 10^10"),
        ("2026-10-02,EUR,0", "0 is no rate above zero"),
        ("2026-10-02,EUR,-1", "-1 is no rate above zero"),
        ("2026-10-02,EUR,inf", "inf is no rate above zero"),
        ("2026-10-02,EUR,nan", "'nan' is no number"),
        ("2026-10-02,EUR,one", "'one' is no number"),
        ("2026-10-02,EUR,", "'' is no number"),
        ("2026-10-02,EUR", "cannot be read"),
        ("2.10.2026,EUR,1", "Invalid isoformat"),
    ],
)
def test_a_rate_that_cannot_be_held_is_refused_with_its_line(rates, line: str, what: str):
    """Never cut short: a rate of zero would make a bill free."""
    with pytest.raises(ConfigurationError) as caught:
        rates("2026-10-01,EUR,1", line)

    assert what in caught.value.what
    assert str(caught.value.where).endswith("rates.csv:3")
    assert "reporting currency per unit" in str(caught.value.fix)


def test_two_rates_for_one_currency_and_day_are_refused_with_both_lines(rates):
    """The order of lines in a file decides no figure; another day or currency is another rate."""
    with pytest.raises(ConfigurationError) as caught:
        rates(
            "2026-10-01,EUR,1.1", "2026-10-01,NOK,0.1", "2026-10-02,EUR,1.2", " 2026-10-01,EUR ,1.3"
        )

    assert "EUR has two rates on 2026-10-01, in the lines 2 and 5" in caught.value.what
    assert str(caught.value.where).endswith("rates.csv:5")


def test_unrated_money_beyond_what_money_can_hold_is_said():
    """Not a traceback: a sum of the blind spot's amounts is a figure as well."""
    with Warehouse(":memory:") as warehouse:
        warehouse.run(
            """
            insert into focus.charge by name
            select 6e17 as BilledCost, 1 as EffectiveCost, 'EUR' as BillingCurrency,
                timestamp '2026-10-01' as BillingPeriodStart,
                timestamp '2026-10-01' as ChargePeriodStart, 'bill' as x_source, 'a' as x_file,
                '00' as x_file_sha256, n as x_row
            from range(2) as number(n)
            """
        )
        with pytest.raises(OutOfRangeError) as caught:
            blind_spots(warehouse)

    assert "larger than its type can hold" in caught.value.what
    assert "18 digits before the point" in str(caught.value.fix)

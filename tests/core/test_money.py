"""Money is exact from the bill to the report."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as some

from quaestor.core.money import MONEY_DIGITS, amount_text, exact_text, rounded

amounts = some.decimals(min_value=-(10**17), max_value=10**17, places=MONEY_DIGITS, allow_nan=False)


@pytest.mark.parametrize(
    ("amount", "digits", "expected"),
    [
        ("0.005", 2, "0.01"),
        ("-0.005", 2, "-0.01"),
        ("0.00499999999999999999", 2, "0.00"),
        ("123456789012345678.12345678901234567895", 19, "123456789012345678.1234567890123456790"),
        ("0.1234567890123456789050000001", 20, "0.12345678901234567891"),
    ],
)
def test_rounding_is_half_away_from_zero(amount: str, digits: int, expected: str):
    """As on an invoice, at full width, also below zero."""
    assert str(rounded(Decimal(amount), digits)) == expected


@given(amounts)
def test_exact_text_loses_nothing(amount: Decimal):
    """What is shown as exact reads back as the same amount."""
    assert Decimal(exact_text(amount)) == amount


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        (None, "unknown"),
        (Decimal(0), "0.00"),
        (Decimal("-0.000412"), "-0.00041"),
        (Decimal("0.0096"), "0.0096"),
        (Decimal("0.01"), "0.01"),
        (Decimal("999999999999.994"), "999,999,999,999.99"),
    ],
)
def test_an_amount_is_never_shown_as_nothing(amount: Decimal | None, text: str):
    """Unknown is a word, and small is not zero."""
    assert amount_text(amount) == text


@given(amounts.filter(bool))
def test_no_amount_above_zero_reads_as_zero(amount: Decimal):
    """However small it is, a digit of it is seen."""
    assert any(digit in amount_text(amount) for digit in "123456789")

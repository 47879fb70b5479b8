"""What is shown of a value, wherever a report shows it."""

from __future__ import annotations

from decimal import Decimal

import pytest

from quaestor.report import format as show


@pytest.mark.parametrize("what", [show.percent, show.number])
@pytest.mark.parametrize("endless", ["inf", "-inf", "nan"])
def test_what_a_division_by_zero_leaves_is_unknown(what, endless):
    """The engine divides by zero without a word; a page calls that unknown, and does not break."""
    assert what(float(endless)) == what(Decimal(endless)) == show.UNKNOWN
    assert show.plain_percent(float(endless)) == "unknown"


@pytest.mark.parametrize("sign", [1, -1])
def test_a_small_fall_does_not_read_as_a_rise(sign):
    """What is too small for its digits says on which side of nothing it is."""
    text = show.plain_percent(sign * 0.0002)

    assert text == {1: "<\xa00.1\xa0%", -1: f">\xa0{show.MINUS}0.1\xa0%"}[sign]

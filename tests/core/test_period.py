"""Time is UTC."""

from __future__ import annotations

from datetime import date, datetime

import pytest

from quaestor.core.period import Window, utc


@pytest.mark.parametrize("text", ["2026-11-21T00:30:00Z", "2026-11-20T19:30:00-05:00"])
def test_an_instant_is_utc_without_zone(text: str):
    """Offsets are worked out, then dropped."""
    assert utc(text) == datetime(2026, 11, 21, 0, 30)


@pytest.mark.parametrize("text", ["", "yesterday", "21.11.2026", "2026-13-01"])
def test_what_is_no_instant_is_refused(text: str):
    """No guess about day and month."""
    with pytest.raises(ValueError):
        utc(text)


@pytest.mark.parametrize(
    ("window", "held"),
    [
        (Window(), True),
        (Window(since=date(2026, 10, 31)), True),
        (Window(since=date(2026, 11, 1)), False),
        (Window(until=date(2026, 10, 1)), True),
        (Window(until=date(2026, 9, 30)), False),
        (Window(since=date(2026, 10, 7), until=date(2026, 10, 7)), True),
    ],
)
def test_a_window_takes_whole_periods(window: Window, held: bool):
    """October 2026 is in a window that has one of its days."""
    assert window.holds(date(2026, 10, 1), date(2026, 10, 31)) is held


@pytest.mark.parametrize(
    ("window", "months"),
    [
        (Window(), ["2026-10", "2026-11", "2026-12", "2027-01"]),
        (Window(since=date(2026, 12, 31)), ["2026-12", "2027-01"]),
        (Window(since=date(2026, 11, 1), until=date(2026, 11, 30)), ["2026-11"]),
        (Window(until=date(2030, 1, 1)), ["2026-10", "2026-11", "2026-12", "2027-01"]),
        (Window(since=date(2027, 2, 1)), []),
    ],
)
def test_a_window_has_months_up_to_the_present_one(window: Window, months: list[str]):
    """Four months back in January, where nothing else is said; never the future."""
    found = window.months(datetime(2027, 1, 2), back=4)

    assert [f"{day:%Y-%m}" for day in found] == months

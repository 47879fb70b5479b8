"""Time is UTC."""

from __future__ import annotations

from datetime import datetime

import pytest

from quaestor.core.period import utc


@pytest.mark.parametrize("text", ["2026-11-21T00:30:00Z", "2026-11-20T19:30:00-05:00"])
def test_an_instant_is_utc_without_zone(text: str):
    """Offsets are worked out, then dropped."""
    assert utc(text) == datetime(2026, 11, 21, 0, 30)


@pytest.mark.parametrize("text", ["", "yesterday", "21.11.2026", "2026-13-01"])
def test_what_is_no_instant_is_refused(text: str):
    """No guess about day and month."""
    with pytest.raises(ValueError):
        utc(text)

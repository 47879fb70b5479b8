"""A bill on disk, landed and loaded into a warehouse of its own."""

from __future__ import annotations

from pathlib import Path

import pytest

from builders.bills import Bill


@pytest.fixture
def bill(tmp_path: Path) -> Bill:
    """A folder for exports, empty."""
    return Bill(tmp_path)

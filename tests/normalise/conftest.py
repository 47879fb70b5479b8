"""A warehouse of its own for every test, and a bill on disk to load."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from builders.bills import Bill
from quaestor.warehouse.duckdb import Warehouse


@pytest.fixture
def warehouse() -> Iterator[Warehouse]:
    """An empty warehouse in memory."""
    with Warehouse(":memory:") as open_one:
        yield open_one


@pytest.fixture
def bill(tmp_path: Path) -> Bill:
    """A folder for exports, empty."""
    return Bill(tmp_path)

"""A bill is loaded in little memory, and nothing of that outlasts it."""

from __future__ import annotations

import duckdb
import pytest

from quaestor.warehouse import duckdb as engine
from quaestor.warehouse.duckdb import Warehouse
from quaestor.warehouse.errors import NoRoomError, OutOfRangeError

LIMIT = "select current_setting('memory_limit')"
TOO_WIDE = "select list(n) from (select range as n from range(200_000_000))"
TOO_LARGE = "select 9223372036854775807 + 1"


def load(warehouse: Warehouse, sql: str) -> None:
    """Run one step as a build does."""
    with warehouse.transaction(), warehouse.frugal():
        warehouse.rows(sql)


@pytest.mark.parametrize(
    ("step", "error"),
    [(TOO_WIDE, NoRoomError), (TOO_LARGE, OutOfRangeError)],
    ids=["no room", "too large a figure"],
)
def test_what_ended_a_load_is_what_is_raised(step: str, error: type[Exception]):
    """A build reads again by it; giving the memory back neither hides it nor is left undone."""
    warehouse = Warehouse(":memory:")
    warehouse.run("set max_temp_directory_size = '0MB'")
    before = warehouse.row(LIMIT)

    with pytest.raises(error):
        load(warehouse, step)

    assert warehouse.row(LIMIT) == before


def test_no_room_is_told_as_such():
    """A block that cannot be allocated is no lock that somebody holds."""
    said = duckdb.OutOfMemoryException("Out of Memory Error: could not allocate block of 256 MiB")

    assert isinstance(engine._explained(said, "w.duckdb"), NoRoomError)

"""A warehouse that is opened while its questions are still prepared."""

from __future__ import annotations

import pytest

from quaestor.core.errors import ConfigurationError, IncompleteError
from quaestor.warehouse.duckdb import Warehouse, opened_ahead


def test_it_is_read_inside_and_free_to_be_written_afterwards(tmp_path):
    """What was opened ahead is closed, also where nobody read it."""
    path = tmp_path / "quaestor.duckdb"
    Warehouse(path).close()

    with opened_ahead(path), Warehouse(path, read_only=True) as warehouse:
        assert warehouse.row("select count(*) from registry.model") == (0,)
    with opened_ahead(path):
        pass

    with Warehouse(path) as warehouse:
        warehouse.run("insert into meta.property values ('mine', '1')")


@pytest.mark.parametrize(
    ("content", "problem"), [(None, IncompleteError), ("no database", ConfigurationError)]
)
def test_what_is_wrong_with_a_file_is_told_by_whoever_reads_it(tmp_path, content, problem):
    """No file, or none of the engine's: to open it ahead says nothing."""
    path = tmp_path / "quaestor.duckdb"
    if content is not None:
        path.write_text(content)

    with opened_ahead(path), pytest.raises(problem):
        Warehouse(path, read_only=True)

"""The warehouse from Python."""

from __future__ import annotations

import sys
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

import quaestor
from quaestor.core.errors import ConfigurationError, IncompleteError
from quaestor.warehouse.duckdb import Warehouse

EXACT = Decimal("0.12345678901234567891")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A warehouse with one month of one model, the one before unknown."""
    file = tmp_path / "w.duckdb"
    with Warehouse(file) as warehouse:
        warehouse.run(
            """
            insert into ledger.model_month by name
            select date '2026-10-01' as month, 'churn' as model, 0.25 as shared_ratio,
                ?::decimal(38, 20) as effective_cost, 31 as days, true as complete
            """,
            [str(EXACT)],
        )
    return file


def test_a_table_is_a_data_frame_with_exact_money(path: Path):
    """All twenty digits arrive; what is unknown is None, never 0 and never NaN."""
    with quaestor.open(path) as warehouse:
        months = warehouse.table("ledger.model_month")

    (row,) = months.to_dict("records")
    assert row["model"] == "churn"
    assert row["month"].date() == date(2026, 10, 1)
    assert row["effective_cost"] == EXACT
    assert row["previous_effective_cost"] is None
    assert row["shared_ratio"] == 0.25


def test_a_query_keeps_its_order(path: Path):
    """`order by` holds, although money takes a detour through text."""
    with quaestor.open(path) as warehouse:
        found = warehouse.query(
            "select i::decimal(38, 20) as cost from range(300000) as t(i) order by i desc -- last"
        )

    assert found["cost"].iloc[0] == Decimal(299999)
    assert found["cost"].is_monotonic_decreasing


def test_a_query_takes_parameters(path: Path):
    """Values are bound, never pasted into the SQL."""
    with quaestor.open(path) as warehouse:
        found = warehouse.query(
            "select count(*)::hugeint as n from ledger.model_month where model = $model;",
            {"model": "churn' or 'a' = 'a"},
        )

    assert found["n"].to_list() == [0]


def test_a_misspelt_table_is_named(path: Path):
    """The nearest table is suggested."""
    with quaestor.open(path) as warehouse, pytest.raises(ConfigurationError) as caught:
        warehouse.table("ledger.model_months")

    assert caught.value.what == "there is no table 'ledger.model_months'"
    assert caught.value.fix == "Did you mean 'ledger.model_month'?"


@pytest.mark.parametrize("sql", ["selec 1", "select a from b", "drop table ledger.cost", "select"])
def test_wrong_sql_is_a_message(path: Path, sql: str):
    """And a statement that is no SELECT is refused."""
    with quaestor.open(path) as warehouse, pytest.raises(ConfigurationError) as caught:
        warehouse.query(sql)

    assert "the query cannot be run" in caught.value.what


def test_a_missing_warehouse_is_not_created(tmp_path: Path):
    """Reading never leaves a file behind."""
    with pytest.raises(IncompleteError):
        quaestor.open(tmp_path / "none.duckdb")

    assert list(tmp_path.iterdir()) == []


def test_without_pandas_the_remedy_is_said(path: Path, monkeypatch: pytest.MonkeyPatch):
    """Its extra is named; a base install has none."""
    monkeypatch.setitem(sys.modules, "pandas", None)
    with quaestor.open(path) as warehouse, pytest.raises(ConfigurationError) as caught:
        warehouse.table("ledger.model_month")

    assert caught.value.fix == "Install it: pip install 'quaestor[pandas]'"

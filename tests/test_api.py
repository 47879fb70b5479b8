"""The warehouse from Python."""

from __future__ import annotations

import sys
from datetime import date
from decimal import Decimal
from pathlib import Path

import pandas
import pytest

import quaestor
from quaestor.core.errors import ConfigurationError, IncompleteError
from quaestor.warehouse.ask import ask
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


def test_a_dtype_follows_from_the_type_and_not_from_what_is_in_a_column(path: Path):
    """Full, half empty and empty columns are of one dtype, and what is unknown is of one kind."""
    columns = {
        "money": ("1.5::decimal(38, 20)", "object", Decimal("1.5"), None),
        "huge": ("170141183460469231731687303715884105727::hugeint", "object", 2**127 - 1, None),
        "number": ("7::bigint", "Int64", 7, pandas.NA),
        "small": ("7::integer", "Int64", 7, pandas.NA),
        "ratio": ("0.5::double", "float64", 0.5, float("nan")),
        "sure": ("true", "boolean", True, pandas.NA),
        "text": ("'a'", "object", "a", None),
        "day": ("date '2026-10-01'", "datetime64[us]", pandas.Timestamp("2026-10-01"), pandas.NaT),
        "list": ("['a', null]", "object", ["a", None], None),
        "sums": ("[0.1::decimal(38, 20)]", "object", [Decimal("0.1")], None),
        "map": ("map {'a': 'b'}", "object", {"a": "b"}, None),
    }
    full = ", ".join(f"{sql} as {name}" for name, (sql, *_) in columns.items())
    blank = ", ".join("null" for _ in columns)
    with quaestor.open(path) as warehouse:
        answers = [
            warehouse.query(f"select {full}"),
            warehouse.query(f"select {full} union all select {blank}"),
            warehouse.query(f"select * from (select {full}) where false"),
        ]

    for answer in answers:
        assert {name: str(kind) for name, kind in answer.dtypes.items()} == {
            name: dtype for name, (_, dtype, *_) in columns.items()
        }
    first, second = ({name: answers[1][name].iloc[row] for name in columns} for row in (0, 1))
    assert first == {name: value for name, (_, _, value, _) in columns.items()}
    unknown = {name: str(value) for name, (*_, value) in columns.items()}
    assert {name: str(value) for name, value in second.items()} == unknown


def test_every_table_of_the_ledger_is_a_data_frame(path: Path):
    """With the dtypes that `frame` documents, and with the same rows as `quaestor query` gives."""
    dtypes = {
        "DECIMAL": "object",
        "HUGEINT": "object",
        "VARCHAR": "object",
        "MAP": "object",
        "DOUBLE[]": "object",
        "BIGINT": "Int64",
        "INTEGER": "Int64",
        "DOUBLE": "float64",
        "BOOLEAN": "boolean",
        "DATE": "datetime64[us]",
        "TIMESTAMP": "datetime64[us]",
    }
    values = {
        "DECIMAL": "0.5",
        "HUGEINT": "5",
        "VARCHAR": "'a'",
        "MAP": "map {'a': 'b'}",
        "DOUBLE[]": "[0.5]",
        "BIGINT": "5",
        "INTEGER": "5",
        "DOUBLE": "0.5",
        "BOOLEAN": "true",
        "DATE": "date '2026-10-01'",
        "TIMESTAMP": "timestamp '2026-10-01 10:00:00'",
    }
    with Warehouse(path) as warehouse:
        warehouse.run("delete from ledger.model_month")
        kinds: dict[str, dict[str, str]] = {}
        for table, column, kind in warehouse.rows(
            "select table_name, column_name, data_type from duckdb_columns()"
            " where schema_name = 'ledger' and table_name in"
            " (select table_name from duckdb_tables() where schema_name = 'ledger')"
            " order by table_name, column_index"
        ):
            kinds.setdefault(table, {})[column] = kind.partition("(")[0]
        for table, columns in kinds.items():
            row = ", ".join(f'{values[kind]} as "{name}"' for name, kind in columns.items())
            warehouse.run(f"insert into ledger.{table} by name select {row}")
    frames, answers = {}, {}
    with quaestor.open(path) as reader:
        for table in kinds:
            frames[table] = reader.table(f"ledger.{table}")
    with Warehouse(path, read_only=True) as warehouse:
        for table in kinds:
            answers[table] = ask(warehouse, f"select * from ledger.{table}")

    for table, columns in kinds.items():
        found = {name: str(kind) for name, kind in frames[table].dtypes.items()}
        assert found == {name: dtypes[kind] for name, kind in columns.items()}, table
        assert answers[table].names == tuple(columns)
        assert len(answers[table].rows) == len(frames[table]) == 1


def test_without_pandas_the_remedy_is_said(path: Path, monkeypatch: pytest.MonkeyPatch):
    """Its extra is named; a base install has none."""
    monkeypatch.setitem(sys.modules, "pandas", None)
    with quaestor.open(path) as warehouse, pytest.raises(ConfigurationError) as caught:
        warehouse.table("ledger.model_month")

    assert caught.value.fix == "Install it: pip install 'quaestor[pandas]'"

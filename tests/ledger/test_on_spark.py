"""Spark builds the ledger that DuckDB builds: each table, row for row, money to the last digit."""

from __future__ import annotations

import shutil
from importlib.util import find_spec
from typing import Any

import pytest

from builders.estate import CONFIG, estate, rates
from builders.ledgers import build
from quaestor.warehouse.duckdb import Warehouse

pytestmark = [
    pytest.mark.skipif(
        find_spec("pyspark") is None, reason="pyspark is not here: pip install 'quaestor[spark]'"
    ),
    pytest.mark.skipif(shutil.which("java") is None, reason="Spark needs Java, which is not here"),
]
# Without compiling each query, and in one task: there are few rows, and many queries.
SPARK = """
spark:
  master: local[2]
  options:
    spark.sql.adaptive.enabled: "false"
    spark.sql.codegen.wholeStage: "false"
    spark.sql.shuffle.partitions: "1"
"""
SIZES = {"models": 3, "days": 4, "clusters": 2, "nodes": 2}


def rows(warehouse: Warehouse, table: str) -> list[tuple[Any, ...]]:
    """The rows of a table of the ledger, in an order that tiny differences of doubles keep."""
    return sorted(
        warehouse.rows(f"from ledger.{table}"),
        key=lambda row: repr(
            [f"{value:.6g}" if isinstance(value, float) else value for value in row]
        ),
    )


def same(one: Any, other: Any) -> bool:
    """Equal; doubles, which are no money, to 12 digits."""
    if isinstance(one, float) and isinstance(other, float):
        return bool(other == pytest.approx(one, rel=1e-12, abs=1e-12))
    return bool(one == other)


def differences(one: Warehouse, other: Warehouse) -> dict[str, Any]:
    """Each table that is not the same in both: how many rows, and the first that differ."""
    names = one.rows(
        "select table_name from duckdb_tables() where schema_name = 'ledger' order by 1"
    )
    found = {}
    for (name,) in names:
        ours, theirs = rows(one, name), rows(other, name)
        wrong = [
            (a, b)
            for a, b in zip(ours, theirs, strict=False)
            if len(a) != len(b) or not all(map(same, a, b))
        ]
        if wrong or len(ours) != len(theirs):
            found[name] = (len(ours), len(theirs), wrong[:2])
    return found


@pytest.fixture(scope="module")
def both(tmp_path_factory) -> Any:
    """The same estate, its ledger built by DuckDB and by Spark."""
    text = CONFIG + rates(tmp_path_factory.mktemp("rates"))
    with Warehouse(":memory:") as plain, Warehouse(":memory:") as spark:
        for warehouse, asked in ((plain, text), (spark, text + SPARK)):
            estate(warehouse, **SIZES)
            build(warehouse, asked)
        yield plain, spark


def test_a_generated_estate_has_the_same_ledger(both):
    """Bills of two currencies, clusters with GPUs, jobs, endpoints, shared and idle cost."""
    plain, spark = both

    assert plain.row("select count(*) > 200 from ledger.cost") == (True,)
    assert differences(plain, spark) == {}

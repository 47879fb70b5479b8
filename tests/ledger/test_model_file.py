"""What the header of a SELECT of the ledger promises holds."""

from __future__ import annotations

from pathlib import Path

import pytest

from builders.estate import CONFIG, estate, rates
from builders.ledgers import build
from quaestor import ledger
from quaestor.ledger import advice
from quaestor.ledger.model_file import ModelFile, read
from quaestor.ledger.presence import Presence
from quaestor.warehouse.duckdb import Warehouse

CHECKS = [read(path) for path in sorted(ledger.CHECKS.glob("*.sql"))]
MODELS = [read(path) for path in sorted(ledger.SQL.rglob("*.sql"))]
FILES = MODELS + CHECKS
TABLES = [one for one in MODELS if one.name not in advice.kinds()]


def empty_with(tables: tuple[str, ...]) -> set[str]:
    """Return what a build leaves empty where these tables are."""
    empty = set(tables)
    while True:
        more = {
            f"ledger.{one.name}" for one in TABLES if one.rows_from and set(one.rows_from) <= empty
        }
        if more <= empty:
            return empty
        empty |= more


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    """The ledger of an estate that has something of everything."""
    warehouse = estate(Warehouse(":memory:"))
    build(warehouse, CONFIG + rates(tmp_path_factory.mktemp("rates")))
    return warehouse


@pytest.mark.parametrize(
    "model", [one for one in FILES if one.rows_from], ids=lambda model: model.name
)
def test_without_the_tables_that_its_rows_are_from_a_select_gives_none(
    model: ModelFile, built: Warehouse
):
    """So that a build that leaves it out is the same as one that asks it."""
    built.run("begin")
    try:
        for table in empty_with(model.rows_from):
            built.run(f"delete from {table}")
        assert built.rows(f"select * from ({model.filled({})}) limit 1") == []
        assert not Presence(built, model.rows_from).of(model.rows_from)
    finally:
        built.run("rollback")


def test_a_header_is_read(tmp_path: Path):
    """Tables over several lines, values of each type, and what they mean over several lines."""
    path = tmp_path / "kind.sql"
    path.write_text(
        """-- Things that are idle. More of it.
--
-- param     days = 14: days without a call, up to the last
--            hour that is known
-- param     names = ["a'b", "c"]: names that count
-- param     strategy = "simple": how it is sized
-- param     ratio = 0.05: below which it is idle
-- param     strict = false: whether to be strict
-- rows from usage.endpoint,
--           usage.notebook
select $days, $names, $strategy, $ratio, $strict, '$5' as price
"""
    )
    model = read(path)

    assert model.about == "Things that are idle."
    assert model.rows_from == ("usage.endpoint", "usage.notebook")
    assert model.params["days"].says == "days without a call, up to the last hour that is known"
    with Warehouse(":memory:") as warehouse:
        [(days, names, strategy, ratio, strict, price)] = warehouse.rows(
            model.filled({"days": 7, "names": ["x'; drop table t --"]})
        )
    assert (days, names, strategy) == (7, ["x'; drop table t --"], "simple")
    assert (float(ratio), strict, price) == (0.05, False, "$5")

"""A new release reads anew what an older one read: a mended SELECT mends the ledger at once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pytest

import quaestor
from builders.bills import csv_text
from quaestor import pipeline
from quaestor.core.blind_spot import BlindSpot
from quaestor.core.config import Config, FilesSource
from quaestor.normalise import bill
from quaestor.warehouse.duckdb import Warehouse

NOW = datetime(2026, 11, 21, 6)


def test_a_new_release_reads_what_is_landed_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Not only once a file happens to arrive, which would move old months unexplained."""
    (tmp_path / "a.csv").write_text(csv_text({}))
    config = Config(sources=(FilesSource(name="bill", path="a.csv"),), base=str(tmp_path))
    pipeline.collect(config, now=NOW, progress=lambda _: None)

    def read_as() -> str:
        pipeline.build(config, tmp_path / "w.duckdb", now=NOW, progress=lambda _: None)
        with Warehouse(tmp_path / "w.duckdb", read_only=True) as warehouse:
            [(told,)] = warehouse.rows("select read_as from focus.file")
        return str(told).partition(" {")[0]

    before = read_as()
    for module in (pipeline, bill):
        monkeypatch.setattr(module, "__version__", "9.9.9")

    assert before != "quaestor 9.9.9"
    assert read_as() == "quaestor 9.9.9"


@dataclass
class Pruned:
    """A source whose exporter has pruned a month, built before it was and since."""

    folder: Path
    schema: str | None = None

    def build(self) -> tuple[BlindSpot, ...]:
        """Collect and build."""
        source = FilesSource(name="bill", path="bills", schema=self.schema)  # type: ignore[arg-type]  # a text here
        config = Config(sources=(source,), base=str(self.folder))
        pipeline.collect(config, now=NOW, progress=lambda _: None)
        warehouse = self.folder / "w.duckdb"
        return pipeline.build(config, warehouse, now=NOW, progress=lambda _: None).blind_spots

    def rows(self, sql: str) -> list[tuple[object, ...]]:
        """Ask the warehouse."""
        with Warehouse(self.folder / "w.duckdb", read_only=True) as warehouse:
            return warehouse.rows(sql)

    def releases(self) -> dict[object, object]:
        """Which release read each file."""
        return dict(self.rows("select scope, split_part(read_as, ' ', 2) from focus.file"))


@pytest.fixture
def pruned(tmp_path: Path) -> Pruned:
    """September left the source when October came."""
    estate = Pruned(tmp_path)
    (tmp_path / "bills").mkdir()
    september = {"BillingPeriodStart": "2026-09-01", "BilledCost": "100"}
    (tmp_path / "bills/a.csv").write_text(csv_text(september, {"BilledCost": "many"}))
    estate.build()
    (tmp_path / "bills/a.csv").unlink()
    (tmp_path / "bills/b.csv").write_text(csv_text({"BilledCost": "7"}))
    estate.build()
    return estate


def upgrade(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the next build be that of another release."""
    for module in (pipeline, bill):
        monkeypatch.setattr(module, "__version__", "9.9.9")


def test_months_the_exporter_pruned_are_read_anew_too(
    pruned: Pruned, monkeypatch: pytest.MonkeyPatch
):
    """What was landed of them is still there; one ledger has one reading of all its months."""
    upgrade(monkeypatch)
    pruned.build()

    assert pruned.releases() == {"bills/a.csv": "9.9.9", "bills/b.csv": "9.9.9"}
    assert pruned.rows("select sum(BilledCost) from focus.charge") == [(107,)]
    assert len(pruned.rows("from quarantine.row")) == 1


def test_a_pruned_month_whose_landed_file_is_gone_too_stays_as_it_was_read(
    pruned: Pruned, monkeypatch: pytest.MonkeyPatch
):
    """Nothing can read it anew; it is not lost for that."""
    [(path,)] = pruned.rows("select file from focus.file where scope = 'bills/a.csv'")
    (pruned.folder / "landing" / str(path)).unlink()
    upgrade(monkeypatch)
    pruned.build()

    assert pruned.releases() == {"bills/a.csv": quaestor.__version__, "bills/b.csv": "9.9.9"}
    assert pruned.rows("select sum(BilledCost) from focus.charge") == [(107,)]


def test_an_option_that_makes_a_pruned_month_unreadable_does_not_lose_it(pruned: Pruned):
    """The option is wrong, and told by the files in force; the month stays as it was."""
    pruned.schema = "cur"
    assert pruned.build()

    assert pruned.rows("select sum(BilledCost) from focus.charge") == [(100,)]
    pruned.schema = None
    pruned.build()
    assert pruned.rows("select sum(BilledCost) from focus.charge") == [(107,)]

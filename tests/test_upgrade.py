"""A new release reads anew what an older one read: a mended SELECT mends the ledger at once."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest

from builders.bills import csv_text
from quaestor import pipeline
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

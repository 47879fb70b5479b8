"""The demo estate, written once, and audited once, for all tests that look at it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from quaestor import demo, pipeline
from quaestor.core.config import Config, read_config
from quaestor.core.period import utc

NOW = utc("2026-11-21T06:00:00")


@dataclass(frozen=True)
class Estate:
    """Where the demo lies, its configuration, and what its audit came to."""

    folder: Path
    config: Config
    audited: pipeline.Audited

    @property
    def warehouse(self) -> Path:
        return self.folder / "quaestor.duckdb"


@pytest.fixture(scope="session")
def written(tmp_path_factory) -> Path:
    """The estate as `build` writes it."""
    folder = tmp_path_factory.mktemp("demo") / "estate"
    demo.build(folder, progress=[].append)
    return folder


@pytest.fixture(scope="session")
def estate(tmp_path_factory) -> Estate:
    """The estate, audited with the clock of the demo."""
    folder = tmp_path_factory.mktemp("demo") / "audited"
    config = read_config(demo.build(folder, progress=[].append), {})
    audited = pipeline.audit(config, folder / "quaestor.duckdb", now=NOW, progress=[].append)
    return Estate(folder, config, audited)

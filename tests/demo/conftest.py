"""The demo estate, written once, and audited as the demo does, for all tests that look at it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from quaestor import demo, pipeline
from quaestor.core.config import Config, read_config
from quaestor.demo.changes import EARLIER, LATEST


@dataclass(frozen=True)
class Estate:
    """Where the demo lies, its configuration, and what its two audits came to."""

    folder: Path
    config: Config
    earlier: pipeline.Audited
    audited: pipeline.Audited

    @property
    def warehouse(self) -> Path:
        return self.folder / "quaestor.duckdb"


@pytest.fixture(scope="session")
def written(tmp_path_factory) -> Path:
    """The estate as `build` writes it for the latest audit."""
    folder = tmp_path_factory.mktemp("demo") / "estate"
    demo.build(folder, now=LATEST, progress=[].append)
    return folder


@pytest.fixture(scope="session")
def estate(tmp_path_factory) -> Estate:
    """The estate, audited with both clocks of the demo."""
    folder = tmp_path_factory.mktemp("demo") / "audited"
    audited = []
    for now in (EARLIER, LATEST):
        config = read_config(demo.build(folder, now=now, progress=[].append), {})
        warehouse = folder / "quaestor.duckdb"
        audited.append(
            pipeline.audit(config, warehouse, now=now, progress=[].append, render=now == LATEST)
        )
    return Estate(folder, config, *audited)

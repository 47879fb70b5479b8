"""A real Slurm's accounting, read as the product reads it: GPU-hours are those sacct adds up to.

It is asked where SLURM=1 says that this machine's `sacct` reaches a cluster with jobs in its
accounting (SLURM_CONF says which), and skipped elsewhere: a cluster is heavy to set up.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from builders.loaded import load
from quaestor.warehouse.duckdb import Warehouse

pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(
        os.environ.get("SLURM") != "1" or not shutil.which("sacct"),
        reason="SLURM=1 is not set, or there is no sacct: asks a real Slurm",
    ),
]
COLUMNS = (
    "job, attempt, name, team, gpu_model, gpus, started_at, ended_at, state, gpu_hours, cpus, "
    "ram_gib, model, model_version"
)


def sacct(now: datetime, *words: str) -> list[list[str]]:
    """What sacct prints of the same days, told apart by what no name holds."""
    since = f"{now - timedelta(days=7):%Y-%m-%d}T00:00:00"
    done = subprocess.run(
        ["sacct", "-aXDn", "--parsable2", "--delimiter=\x1f", "-S", since, *words],
        env={**os.environ, "TZ": "UTC"},
        capture_output=True,
        text=True,
        check=True,
    )
    return [line.split("\x1f") for line in done.stdout.splitlines() if "\x1f" in line]


def read(folder: Path, now: datetime, **keys: object) -> list[tuple[object, ...]]:
    """Every job that has ended, as the product reads it."""
    since = f"{now - timedelta(days=7):%Y-%m-%d}"
    with Warehouse(":memory:") as warehouse:
        load(warehouse, folder, {"name": "hpc", "kind": "slurm", "since": since, **keys}, now)
        assert warehouse.rows("from quarantine.row") == []
        return warehouse.rows(
            f"select {COLUMNS} from usage.gpu_job where ended_at is not null order by job, attempt"
        )


@pytest.fixture
def now() -> datetime:
    """The cluster's clock."""
    told = subprocess.run(["date", "-u", "+%FT%T"], capture_output=True, text=True, check=True)
    return datetime.fromisoformat(told.stdout.strip())


def test_gpu_hours_are_those_that_sacct_adds_up_to(tmp_path: Path, now: datetime):
    """Elapsed seconds times allocated GPUs, of every attempt that has ended."""
    rows = sacct(now, "--format=ElapsedRaw,AllocTRES,End")
    seconds = sum(
        int(elapsed) * int(tres.split("gres/gpu=")[1].split(",")[0])
        for elapsed, tres, end in rows
        if "gres/gpu=" in tres and end != "Unknown"
    )
    found = read(tmp_path, now)

    assert len(found) > 0
    assert round(sum(float(str(row[9])) for row in found) * 3600) == seconds


def test_text_and_json_say_the_same(tmp_path: Path, now: datetime):
    """Two ways to ask, one answer."""
    text = read(tmp_path / "text", now)

    assert read(tmp_path / "json", now, json=True) == text

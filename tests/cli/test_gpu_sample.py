"""`quaestor gpu-sample`: the real nvidia-ml-py, on a driver library made for the test."""

from __future__ import annotations

import getpass
import os
import shutil
import signal
import subprocess
import sys
import time
from datetime import datetime
from pathlib import Path

import pytest

from builders.loaded import load
from builders.nvml import compile_library
from quaestor.warehouse.duckdb import Warehouse

NOW = "2026-11-21T06:00:00Z"


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a driver's library with two GPUs."""
    if not shutil.which("gcc"):
        pytest.skip("gcc is missing, which makes the driver's library")
    return compile_library(tmp_path_factory.mktemp("nvml")).parent


def start(folder: Path, library: Path | None, *words: str, **environment: str):
    """Start the program with a driver, or without one."""
    found = {"LD_LIBRARY_PATH": str(library)} if library else {}
    return subprocess.Popen(
        [sys.executable, "-m", "quaestor", "gpu-sample", "--now", NOW, "--out", "out", *words],
        cwd=folder,
        env={**os.environ, **found, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def finish(process: subprocess.Popen[str]) -> tuple[int, str, str]:
    out, err = process.communicate(timeout=60)
    return process.returncode, out, err


def loaded(folder: Path) -> list[tuple[object, ...]]:
    """Load what was written as a source, and return it by GPU and time."""
    source = {"name": "gpus", "kind": "files", "path": "out", "schema": "gpu-samples"}
    with Warehouse(":memory:") as warehouse:
        assert load(warehouse, folder, source, datetime(2026, 11, 22)) == []
        return warehouse.rows(
            "select gpu_index, gpu_uuid, gpu_model, gpu_util_ratio, memory_used_gib, memory_gib, "
            "power_watts, job, \"user\", sampled_at >= '2026-11-21 06:00:00' from usage.gpu_sample "
            "order by gpu_index, sampled_at"
        )


def test_samples_become_a_source(tmp_path: Path, library: Path):
    """Ratios, GiB, watts, and whose process it is; what a GPU does not know is unobserved."""
    run = start(tmp_path, library, "--interval", "0.4", "--for", "0.6", NVML_PID=str(os.getpid()))
    code, out, err = finish(run)

    assert (code, err) == (0, "")
    assert out == "4 samples of 2 GPUs in 1 file\n"
    busy = (0, "GPU-0", "NVIDIA H200", 0.93, 96.0, 141.0, 612.5, None, getpass.getuser(), True)
    mig = (1, "GPU-1", "NVIDIA H200", None, 96.0, 141.0, 612.5, None, None, True)
    assert loaded(tmp_path) == [busy, busy, mig, mig]


@pytest.mark.parametrize("sign", [signal.SIGTERM, signal.SIGINT])
def test_a_stop_writes_what_there_is(tmp_path: Path, library: Path, sign: signal.Signals):
    """Files that are whole, and exit code 0; a file is written each so many seconds."""
    run = start(tmp_path, library, "--interval", "0.1", "--every", "0.3")
    deadline = time.monotonic() + 30
    while len(list(tmp_path.glob("out/*.parquet"))) < 2 and time.monotonic() < deadline:
        time.sleep(0.05)
    run.send_signal(sign)
    code, out, err = finish(run)

    assert (code, err) == (0, "")
    assert f"{len(loaded(tmp_path))} samples of 2 GPUs" in out
    assert list(tmp_path.glob("out/.*")) == []


def test_a_kill_loses_only_what_was_not_written(tmp_path: Path, library: Path):
    """No file is half written."""
    run = start(tmp_path, library, "--interval", "0.05", "--every", "0.1")
    deadline = time.monotonic() + 30
    while not list(tmp_path.glob("out/*.parquet")) and time.monotonic() < deadline:
        time.sleep(0.02)
    run.kill()
    run.communicate()

    assert len(loaded(tmp_path)) >= 2


def test_a_gpu_that_falls_silent_is_unobserved_and_told_once(tmp_path: Path, library: Path):
    """Not idle: its values are empty, and the others go on."""
    lost = tmp_path / "lost"
    lost.touch()
    run = start(tmp_path, library, "--interval", "0.2", "--for", "0.5", NVML_LOST=str(lost))
    code, _, err = finish(run)

    assert code == 0
    assert err == "GPU 1 does not answer: unobserved until it does\n"
    assert {row[3:7] for row in loaded(tmp_path) if row[0] == 1} == {(None, None, None, None)}


@pytest.mark.parametrize(
    ("driver", "environment", "what"),
    [
        (False, {}, "the NVIDIA driver cannot be asked"),
        (True, {"NVML_NO_DRIVER": "1"}, "the NVIDIA driver cannot be asked"),
        (True, {"NVML_NONE": "1"}, "the driver shows no GPU"),
    ],
    ids=["no library", "no driver", "no GPU"],
)
def test_without_gpus_nothing_is_written(tmp_path, library, driver, environment, what):
    """Exit code 3 and how to mend it; no zeros."""
    if not driver and shutil.which("nvidia-smi"):
        pytest.skip("this machine has a driver")
    run = start(tmp_path, library if driver else None, "--for", "1", **environment)
    code, out, err = finish(run)

    assert (code, out) == (3, "")
    assert what in err
    assert "fix:" in err
    assert not (tmp_path / "out").exists()


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path, library: Path):
    """Samples are not dropped in silence."""
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "no").write_text("a file")
    run = start(tmp_path, library, "--for", "0.1", "--out", "out/no/folder")
    code, _, err = finish(run)

    assert code == 3
    assert "cannot be written" in err


@pytest.mark.parametrize("said", ["--for", "--interval", "--every"])
@pytest.mark.parametrize("number", ["nan", "inf", "1e300"])
def test_a_time_that_never_ends_is_refused(tmp_path: Path, said: str, number: str):
    """Neither does `--for nan` end at once without a sample, nor does waiting break down."""
    code, out, err = finish(start(tmp_path, None, said, number))

    assert (code, out) == (2, "")
    assert f"'{number}' is no number up to 1,000,000,000" in err

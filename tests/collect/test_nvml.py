"""collect.nvml: whose work a GPU does, and what is said where the client is missing."""

from __future__ import annotations

import sys
from datetime import datetime
from pathlib import Path
from types import SimpleNamespace

import pytest

from quaestor.collect import nvml
from quaestor.core.errors import ConfigurationError


class _GoneError(Exception):
    """What pynvml raises."""


def a_gpu(*pids: int) -> nvml.Sampler:
    """A GPU with these processes, which answers nothing else."""

    def silent(_: object) -> None:
        raise _GoneError

    answers = SimpleNamespace(
        NVMLError=_GoneError,
        nvmlDeviceGetUtilizationRates=silent,
        nvmlDeviceGetMemoryInfo=silent,
        nvmlDeviceGetPowerUsage=silent,
        nvmlDeviceGetComputeRunningProcesses=lambda _: [SimpleNamespace(pid=pid) for pid in pids],
    )
    return nvml.Sampler(answers, "n1", lambda _: None, [nvml.Gpu("gpu", 0, "GPU-1", "H200")])


def process(folder: Path, pid: int, group: str) -> None:
    (folder / str(pid)).mkdir()
    (folder / str(pid) / "cgroup").write_text(group)


def test_a_gpu_belongs_to_the_job_of_its_processes(tmp_path, monkeypatch):
    """Where all are of one; two jobs on one GPU, or a process that has ended, are nobody's."""
    monkeypatch.setattr(nvml, "_PROCESSES", tmp_path)
    slurm = "0::/system.slice/slurmstepd.scope/job_{}/step_batch/user/task_0\n"
    process(tmp_path, 1, slurm.format(7))
    process(tmp_path, 2, slurm.format(7))
    process(tmp_path, 3, slurm.format(8))
    process(tmp_path, 4, "0::/user.slice\n")

    def job(*pids: int) -> str | None:
        return a_gpu(*pids).sample(datetime(2026, 11, 21))[0]["job"]

    assert [job(1), job(1, 2), job(1, 3), job(4), job(1, 99), job()] == ["7", "7", *[None] * 4]


def test_a_gpu_that_was_lost_before_is_one_that_does_not_answer():
    """It fell off the bus before we came: unobserved and told, and no traceback."""

    def lost(_: int) -> object:
        raise _GoneError

    said: list[str] = []
    sampler = a_gpu()
    sampler.nvml.nvmlDeviceGetCount = lambda: 1
    sampler.nvml.nvmlDeviceGetHandleByIndex = lost
    sampler.nvml.nvmlDeviceGetUUID = sampler.nvml.nvmlDeviceGetName = lambda handle: str(handle)
    found = nvml.Sampler(sampler.nvml, "n1", said.append)
    found.find()
    (row,) = found.sample(datetime(2026, 11, 21))

    assert (row["gpu_index"], row["gpu_uuid"], row["gpu_util_ratio"]) == (0, None, None)
    assert said == ["GPU 0 does not answer: unobserved until it does"]


def test_without_the_client_one_is_told_which_extra_it_is(monkeypatch):
    """No traceback."""
    monkeypatch.setitem(sys.modules, "pynvml", None)
    with (
        pytest.raises(ConfigurationError, match="not installed") as caught,
        nvml.sampler("n1", lambda _: None),
    ):
        pass

    assert "quaestor[gpu]" in str(caught.value.fix)

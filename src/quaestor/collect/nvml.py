"""Ask the NVIDIA driver of this machine what its GPUs do, through NVML.

What a GPU does not answer stays unobserved (None): one that fell off the bus, or one in MIG mode,
which knows no utilisation of the whole, is never idle by silence. Whose work it is follows from
the processes on it: their user, and the Slurm job that their control group is named after.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from quaestor.core.errors import ConfigurationError, IncompleteError

_GIB = 1024**3
_JOB = re.compile(r"\bjob_([0-9]+)\b")
_PROCESSES = Path("/proc")


@dataclass(frozen=True)
class Gpu:
    """One GPU, and what of it does not change."""

    handle: Any
    index: int
    uuid: str | None
    model: str | None


@dataclass
class Sampler:
    """The GPUs of this machine, ready to be asked.

    Args:
        nvml: The module pynvml, initialised.
        host: How the machine is called in samples.
        say: Takes what is worth a line, such as a GPU that does not answer any more.
    """

    nvml: Any
    host: str
    say: Callable[[str], None]
    gpus: list[Gpu] = field(default_factory=list)
    silent: set[int] = field(default_factory=set)

    def find(self) -> None:
        """Look which GPUs there are.

        Raises:
            IncompleteError: None.
        """
        count = self.nvml.nvmlDeviceGetCount()
        if not count:
            raise IncompleteError(
                "the driver shows no GPU",
                where=self.host,
                fix="Run it on a machine with NVIDIA GPUs; in a container, give it the GPUs.",
            )
        for index in range(count):
            handle = self._answer(self.nvml.nvmlDeviceGetHandleByIndex, index)
            uuid = self._answer(self.nvml.nvmlDeviceGetUUID, handle)
            model = self._answer(self.nvml.nvmlDeviceGetName, handle)
            self.gpus.append(Gpu(handle, index, uuid, model))

    def sample(self, moment: datetime) -> list[dict[str, Any]]:
        """Return one row of `usage.gpu_sample` for each GPU, less its source."""
        return [self._row(gpu, moment) for gpu in self.gpus]

    def _row(self, gpu: Gpu, moment: datetime) -> dict[str, Any]:
        rates = self._answer(self.nvml.nvmlDeviceGetUtilizationRates, gpu.handle)
        memory = self._answer(self.nvml.nvmlDeviceGetMemoryInfo, gpu.handle)
        power = self._answer(self.nvml.nvmlDeviceGetPowerUsage, gpu.handle)
        self._tell_of_silence(gpu, answers=any((rates, memory, power)))
        job, user = self._whose(gpu)
        return {
            "host": self.host,
            "gpu_uuid": gpu.uuid,
            "gpu_index": gpu.index,
            "gpu_model": gpu.model,
            "sampled_at": moment.isoformat(),
            "gpu_util_ratio": None if rates is None else rates.gpu / 100,
            "memory_used_gib": None if memory is None else memory.used / _GIB,
            "memory_gib": None if memory is None else memory.total / _GIB,
            "power_watts": None if power is None else power / 1000,
            "job": job,
            "user": user,
        }

    def _answer(self, question: Callable[[Any], Any], handle: Any) -> Any:
        if handle is None:  # it was lost before we came
            return None
        try:
            return question(handle)
        except self.nvml.NVMLError:
            return None

    def _tell_of_silence(self, gpu: Gpu, *, answers: bool) -> None:
        if answers:
            self.silent.discard(gpu.index)
        elif gpu.index not in self.silent:
            self.silent.add(gpu.index)
            self.say(f"GPU {gpu.index} does not answer: unobserved until it does")

    def _whose(self, gpu: Gpu) -> tuple[str | None, str | None]:
        """Return the job and the user of a GPU, where all its processes are of one."""
        processes = self._answer(self.nvml.nvmlDeviceGetComputeRunningProcesses, gpu.handle) or ()
        jobs, users = set(), set()
        for process in processes:
            folder = _PROCESSES / str(process.pid)
            jobs.add(_job_of(folder))
            users.add(_owner_of(folder))
        return _only(jobs), _only(users)


@contextmanager
def sampler(host: str, say: Callable[[str], None]) -> Iterator[Sampler]:
    """Yield the GPUs of this machine.

    Raises:
        ConfigurationError: nvidia-ml-py is not installed.
        IncompleteError: There is no driver, or it shows no GPU.
    """
    try:
        import pynvml
    except ImportError:
        raise ConfigurationError(
            "nvidia-ml-py is not installed",
            where="quaestor gpu-sample",
            fix="Install it: pip install 'quaestor[gpu]'",
        ) from None
    try:
        pynvml.nvmlInit()
    except pynvml.NVMLError as problem:
        raise IncompleteError(
            f"the NVIDIA driver cannot be asked ({problem})",
            where=host,
            fix="Run it on a machine with an NVIDIA driver (`nvidia-smi` works there); in a "
            "container, give it the GPUs (--gpus all).",
        ) from None
    try:
        found = Sampler(pynvml, host, say)
        found.find()
        yield found
    finally:
        pynvml.nvmlShutdown()


def _job_of(folder: Path) -> str | None:
    try:
        match = _JOB.search((folder / "cgroup").read_text(encoding="utf-8", errors="replace"))
    except OSError:  # it has ended since
        return None
    return match[1] if match else None


def _owner_of(folder: Path) -> str | None:
    try:
        return folder.owner()
    except (OSError, KeyError):  # ended, or a user of the container that nobody here knows
        return None


def _only(values: set[str | None]) -> str | None:
    return next(iter(values)) if len(values) == 1 else None

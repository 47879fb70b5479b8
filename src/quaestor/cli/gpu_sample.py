"""`quaestor gpu-sample`: what the GPUs of this machine do, into Parquet files."""

from __future__ import annotations

import os
import re
import signal
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from quaestor.cli.options import Call, Positive, shared

if TYPE_CHECKING:
    from quaestor.collect.nvml import Sampler

_SECONDS = Positive(1_000_000_000)  # 31 years; what waits cannot wait for ever


@click.command("gpu-sample")
@shared
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("gpu-samples"),
    show_default=True,
    help="The folder that files are added to.",
)
@click.option(
    "--interval", type=_SECONDS, default=10, show_default=True, help="Seconds between samples."
)
@click.option("--every", type=_SECONDS, default=300, show_default=True, help="Seconds a file.")
@click.option("--for", "limit", type=_SECONDS, help="Stop after so many seconds. Default: never.")
def command(call: Call, out: Path, interval: float, every: float, limit: float | None) -> int:
    """Sample the NVIDIA GPUs of this machine until it is stopped, into Parquet files.

    For machines that no Prometheus watches. Utilisation, memory, power, and whose work it is, by
    NVML. Ctrl-C and SIGTERM write what there is and end well. Read the folder as a source:
    `kind: files, schema: gpu-samples`. A GPU that does not answer is unobserved, not idle.

    \b
    Examples:
      quaestor gpu-sample --out /var/lib/quaestor/gpu-samples
      quaestor gpu-sample --interval 1 --for 60
    """
    from quaestor.collect.nvml import sampler

    def say(text: str) -> None:
        click.echo(text, err=True)

    with sampler(socket.gethostname(), say) as gpus, _until_stopped() as stop:
        run = _Run(call, out, every, gpus)
        run.sample(interval, limit, stop)
    if not call.quiet:
        plural = "s" if run.files != 1 else ""
        click.echo(f"{run.rows:,} samples of {len(gpus.gpus)} GPUs in {run.files} file{plural}")
    return 0


@dataclass
class _Run:
    """Samples that wait for their file, and how many there were."""

    call: Call
    out: Path
    every: float
    gpus: Sampler
    waiting: list[dict[str, Any]] = field(default_factory=list)
    rows: int = 0
    files: int = 0

    def sample(self, interval: float, limit: float | None, stop: threading.Event) -> None:
        """Sample and write until the time is over or somebody stops it; write what waits."""
        started = time.monotonic()
        elapsed = due = begun = 0.0
        try:
            while not stop.is_set() and (limit is None or elapsed < limit):
                moment = self.call.now + timedelta(seconds=round(elapsed, 3))
                self.waiting += self.gpus.sample(moment)
                if elapsed - begun >= self.every:
                    self.write()
                    begun = elapsed
                due = max(due + interval, time.monotonic() - started)
                until = due if limit is None else min(due, limit)
                stop.wait(until - (time.monotonic() - started))
                elapsed = time.monotonic() - started
        finally:
            self.write()

    def write(self) -> None:
        """Write the samples that wait into a file of their own."""
        from quaestor.warehouse.parquet import write_rows

        if not self.waiting:
            return
        first = re.sub(r"[^0-9T]", "", self.waiting[0]["sampled_at"].partition(".")[0])
        host = re.sub(r"[^A-Za-z0-9.-]", "_", self.gpus.host)
        name = f"gpu-samples-{host}-{first}Z-{os.getpid()}-{self.files}.parquet"
        write_rows(self.waiting, "usage.gpu_sample", self.out / name)
        self.rows += len(self.waiting)
        self.files += 1
        self.waiting = []


@contextmanager
def _until_stopped() -> Iterator[threading.Event]:
    """Yield what SIGTERM and Ctrl-C set, so that they stop between two samples."""
    stop = threading.Event()
    before = {
        number: signal.signal(number, lambda *_: stop.set())
        for number in (signal.SIGTERM, signal.SIGINT)
    }
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)

"""Time two ways of doing something, in turn."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Measured:
    """One line of the table; seconds. Without a baseline, the target is in seconds too."""

    name: str
    ours: float
    baseline: float | None
    target: float

    def row(self) -> str:
        """Return the line as Markdown."""
        ratio = self.ours / self.baseline if self.baseline else None
        reached = "reached" if (ratio or self.ours) < self.target else "**missed**"
        shown = f"{ratio:.2f}x" if ratio else ""
        against = f"{self.baseline:.3f} s" if self.baseline else ""
        wanted = f"under {self.target:g}{'x' if ratio else ' s'}"
        return f"| {self.name} | {self.ours:.3f} s | {against} | {shown} | {wanted} | {reached} |"


def seconds(work: Callable[[], object]) -> float:
    """Return how long one call takes."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def peak_megabytes() -> float:
    """Return the most memory that this process ever had.

    `ru_maxrss` would count what its parent had when it started this one (Linux hands it on).
    """
    status = Path("/proc/self/status").read_text(encoding="ascii")
    [line] = [line for line in status.splitlines() if line.startswith("VmHWM:")]
    return int(line.split()[1]) / 1000


def in_turn(rounds: int, *works: Callable[[], object]) -> list[float]:
    """Return the median of each, after one round that does not count."""
    for work in works:
        work()
    times = [[seconds(work) for work in works] for _ in range(rounds)]
    return [statistics.median(column) for column in zip(*times, strict=True)]

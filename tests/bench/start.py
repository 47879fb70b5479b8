"""What a person waits for at a prompt: help, the gate, the demo."""

from __future__ import annotations

import functools
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from measure import Measured, in_turn, seconds

PROGRAM = str(Path(sys.executable).with_name("quaestor"))
NOW = "2026-11-21T06:00:00Z"  # the demo's own


def command(*words: str, folder: Path) -> Callable[[], None]:
    """Return a call that runs a program and insists that it succeeds."""

    def run() -> None:
        done = subprocess.run(words, cwd=folder, capture_output=True, text=True, check=False)
        if done.returncode:
            raise SystemExit(f"{' '.join(words)}: {done.returncode}\n{done.stdout}{done.stderr}")

    return run


@functools.cache
def estate(folder: Path) -> float:
    """Build the demo estate once and return the seconds it took."""
    return seconds(command(PROGRAM, "demo", "estate", folder=folder))


def help_text(folder: Path) -> Iterator[Measured]:
    """`quaestor --help` against importing its argument parser."""
    ours, baseline = in_turn(
        15,
        command(PROGRAM, "--help", folder=folder),
        command(sys.executable, "-c", "import click", folder=folder),
    )
    yield Measured("`quaestor --help` / `import click`", ours, baseline, 3)


def demo(folder: Path) -> Iterator[Measured]:
    """The whole demo, two audits of it, from nothing to the reports."""
    yield Measured("`quaestor demo`", estate(folder), None, 40)


def gate(folder: Path) -> Iterator[Measured]:
    """The CI job on the demo's warehouse against importing its engine."""
    estate(folder)
    ours, baseline = in_turn(
        9,
        command(PROGRAM, "gate", "churn:7", "--now", NOW, folder=folder / "estate"),
        command(sys.executable, "-c", "import duckdb", folder=folder),
    )
    yield Measured("`quaestor gate churn:7` / `import duckdb`", ours, baseline, 4)

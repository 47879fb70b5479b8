"""A real warehouse in a file, and the program itself, run as a user runs it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import pytest

from quaestor.cli.main import run
from quaestor.warehouse.duckdb import Warehouse


@pytest.fixture
def home(tmp_path, monkeypatch):
    """An empty folder to work in, with nothing in the environment that names Quaestor."""
    monkeypatch.chdir(tmp_path)
    clouds = ("AWS_", "AZURE_", "GOOGLE_", "CLOUDSDK_")
    for name in [name for name in os.environ if name.startswith(clouds)]:
        monkeypatch.delenv(name)
    for name in ("QUAESTOR_CONFIG", "MLFLOW_TRACKING_URI", "KUBECONFIG"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    return tmp_path


@pytest.fixture
def warehouse(home):
    """An open, empty warehouse in the working folder, where commands look for it."""
    with Warehouse("quaestor.duckdb") as opened:
        yield opened


@dataclass(frozen=True)
class Said:
    """What one run of the program came to."""

    code: int
    out: str
    err: str


@pytest.fixture
def quaestor(home, capsys):
    """Run the program in the working folder."""

    def call(*arguments: str | Path) -> Said:
        capsys.readouterr()
        code = run([str(argument) for argument in arguments])
        said = capsys.readouterr()
        return Said(code, said.out, said.err)

    return call

"""What every command takes, and what it says while it works."""

from __future__ import annotations

import sys
import time
from datetime import datetime
from pathlib import Path

import pytest

from quaestor.cli.options import Call
from quaestor.cli.progress import steps

NOON = datetime(2026, 11, 21, 12)


def a_call(folder: Path, **given: object) -> Call:
    """Return the options of a command that was called in a folder."""
    options = {
        "config_path": folder / "quaestor.yaml",
        "warehouse_path": None,
        "now": NOON,
        "quiet": False,
        "verbose": False,
        "color": False,
    }
    return Call(**{**options, **given})


def test_the_warehouse_is_the_one_named_first(tmp_path: Path):
    """--warehouse, else the configuration's (relative to it), else the default name here."""
    assert a_call(tmp_path).warehouse() == Path("quaestor.duckdb")

    (tmp_path / "quaestor.yaml").write_text("warehouse: w.duckdb", encoding="utf-8")

    assert a_call(tmp_path).warehouse() == tmp_path / "w.duckdb"
    assert a_call(tmp_path, warehouse_path="x.duckdb").warehouse() == Path("x.duckdb")


def test_a_file_or_a_quiet_run_sees_no_progress(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    """Progress is for people who watch."""
    for call in (a_call(tmp_path), a_call(tmp_path, quiet=True, verbose=True)):
        with steps(call) as say:
            say("collect bills")

    assert capsys.readouterr() == ("", "")


def test_verbose_says_each_step_on_standard_error(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    """One line each, with the time; standard output is for results."""
    with steps(a_call(tmp_path, verbose=True)) as say:
        say("collect bills")
        say("build")
    out, err = capsys.readouterr()

    assert out == ""
    assert [line.split(" s  ")[1] for line in err.splitlines()] == ["collect bills", "build"]


def test_a_terminal_has_one_line_that_is_wiped(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    """Only for work over a second, and gone when it is done."""
    seconds = iter([0.0, 0.5, 2.0, 3.0])
    monkeypatch.setattr(time, "monotonic", lambda: next(seconds))
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    with steps(a_call(tmp_path)) as say:
        say("quick")
        say("collect a\x1b[31m")
        say("build")

    assert capsys.readouterr().err == (
        "\r\x1b[K    2 s  collect a\\x1b[31m\r\x1b[K    3 s  build\r\x1b[K"
    )

"""The program: every ending has its exit code, and a crash never looks like a verdict."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import click
import pytest

from quaestor import __version__
from quaestor.cli import main
from quaestor.core.errors import IncompleteError


def ending(monkeypatch: pytest.MonkeyPatch, problem: BaseException | None, *options: str) -> int:
    """Run the program with a command that ends in a given way; return the exit code."""

    @click.command()
    @click.option("--json-errors", is_flag=True, expose_value=False)
    def command() -> int:
        if problem is not None:
            raise problem
        return 0

    monkeypatch.setattr(main._Commands, "get_command", lambda *_: command)
    return main.run(["doctor", *options])


def test_an_error_is_three_lines(monkeypatch, capsys):
    """What, where, what to do, on standard error; the code is the error's own."""
    problem = IncompleteError("no answer", where="registry", fix="Start it.")

    assert ending(monkeypatch, problem) == 3
    assert capsys.readouterr() == ("", "error: no answer\n  in:  registry\n  fix: Start it.\n")


def test_an_error_is_one_json_line_for_programs(monkeypatch, capsys):
    """`--json-errors` carries the exit code too."""
    code = ending(monkeypatch, IncompleteError("no answer"), "--json-errors")
    said = json.loads(capsys.readouterr().err)

    assert code == said["exit_code"] == 3
    assert said == {"error": "no answer", "in": None, "fix": None, "exit_code": 3}


def test_a_bug_is_70_with_its_traceback(monkeypatch, capsys):
    """Neither 0 nor 1: a crash is no verdict."""
    assert ending(monkeypatch, ZeroDivisionError("oops")) == 70
    text = capsys.readouterr().err
    assert "Traceback" in text
    assert "ZeroDivisionError: oops" in text
    assert "a bug in Quaestor" in text


def test_ctrl_c_is_130(monkeypatch, capsys):
    """As shells expect, and nothing is lost."""
    assert ending(monkeypatch, KeyboardInterrupt()) == 130
    assert "the last good state is kept" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["audti"], "There is no command 'audti'. Did you mean 'audit'?"),
        (["zzzzzz"], "There is no command 'zzzzzz'. See `quaestor --help`."),
        (["--nothing"], "No such option"),
        (["build", "--now", "soon"], "'soon' is no ISO 8601 time"),
        (["gate"], "Missing argument"),
    ],
)
def test_wrong_usage_is_2(capsys, arguments: list[str], said: str):
    """And says what would be right."""
    assert main.run(arguments) == 2
    assert said in capsys.readouterr().err


def test_help_lists_every_command_and_code(capsys):
    """One line each, from the registry, without importing a command."""
    assert main.run(["--help"]) == 0
    text = capsys.readouterr().out
    for name, sentence in main.COMMANDS.items():
        assert name in text
        assert sentence.split(",")[0][:40] in text
    for code in (0, 1, 2, 3, 4, 70):
        assert f"  {code}  " in text


def test_wrong_usage_is_json_too(capsys):
    """A program that asked for JSON never has to read prose."""
    assert main.run(["doctor", "--json-errors", "--nothing"]) == 2
    assert json.loads(capsys.readouterr().err) == {
        "error": "No such option '--nothing'.",
        "in": None,
        "fix": "See `quaestor --help`.",
        "exit_code": 2,
    }


def test_the_version_is_said(capsys):
    """The same as the package's."""
    assert main.run(["--version"]) == 0
    assert __version__ in capsys.readouterr().out


def test_python_m_is_the_same_program(tmp_path: Path):
    """`python -m quaestor`, its exit code included."""
    result = subprocess.run(
        [sys.executable, "-m", "quaestor", "build"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )

    assert result.returncode == 2
    assert result.stdout == ""
    assert result.stderr.startswith("error: no such file\n  in:  quaestor.yaml\n  fix: ")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full here")
def test_an_output_that_is_full_is_no_verdict_and_no_bug():
    """A log on a full disk: said in one line, with exit code 3."""
    with Path("/dev/full").open("w") as full:
        result = subprocess.run(
            [sys.executable, "-m", "quaestor", "--help"],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )

    assert result.returncode == 3
    assert result.stderr.startswith("error: the output could not be written (No space left")


def test_an_output_that_was_closed_from_the_start_is_no_verdict():
    """`quaestor ... >&-` in a cron line: exit code 0 where all went well, not 1, a failed gate."""
    closed = ["sh", "-c", '"$0" -m quaestor --help >&-', sys.executable]
    result = subprocess.run(closed, capture_output=True, text=True, check=False)

    assert (result.returncode, result.stderr) == (0, "")


def test_a_reader_that_goes_away_is_no_verdict():
    """`quaestor gate churn:7 | true` ends quietly, and neither as passed nor as failed."""
    with subprocess.Popen(
        [sys.executable, "-m", "quaestor", "--help"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        process.stdout.close()
        _, said = process.communicate()

    assert (process.returncode, said) == (141, "")

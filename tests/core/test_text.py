"""Names as one word of a command: what a reader pastes is what was meant."""

from __future__ import annotations

import shutil
import subprocess

import pytest

from quaestor.core.text import shell_word
from quaestor.warehouse.duckdb import Warehouse

NAMES = (
    "churn",
    "two words",
    "a  gap",
    "",
    "it's",
    "line\nbreak",
    "\x1b[2J\x1b]0;owned\x07",
    "'\\\n$(touch /tmp/x)`id`",
    "\u202egpj.exe",
    "caf\u00e9\u00a0\u2028\u3000",
    "tab\tand\r\x7f",
)


@pytest.fixture(scope="module")
def quoted():
    """Quote a text as the SQL of advice does."""
    with Warehouse(":memory:") as warehouse:
        yield lambda text: warehouse.row("select shell_quoted(?)", [text])[0]


@pytest.mark.parametrize("name", NAMES)
def test_a_pasted_name_is_the_name(name, quoted):
    """A shell reads back every character of it, whoever wrote the command: page or advice."""
    for word in (shell_word(name), quoted(name)):
        said = subprocess.run(
            [shutil.which("bash"), "-c", f"printf %s {word}"], check=True, capture_output=True
        )

        assert said.stdout.decode() == name
        assert " ".join(word.split()) == word, "a page shows it otherwise"
        assert word.isprintable()


@pytest.mark.parametrize("name", ["zero\0character", "half a pair \ud800"])
def test_there_is_no_command_for_what_no_program_can_be_handed(name):
    """None says so; a command that means another name would be worse than none."""
    assert shell_word(name) is None


def test_advice_about_a_name_with_a_zero_character_has_no_command(quoted):
    """As in pages, none is better than one that is about something else."""
    assert quoted("zero\0character") is None

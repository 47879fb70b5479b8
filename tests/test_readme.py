"""The README's five-minute tour is run, command by command, and says what it really says."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
import pytest

from quaestor.cli.main import COMMANDS, EXIT_CODES
from quaestor.collect import COLLECTORS
from quaestor.core.config import parse_config
from quaestor.core.shipped import shipped
from quaestor.normalise.formats import FORMATS

SKIPPED = "..."  # a line that stands for lines left out


@dataclass
class Step:
    """One command of the tour and the lines that are shown below it."""

    command: str
    shown: list[str] = field(default_factory=list)


def tour(text: str) -> list[Step]:
    """Return every `$ ` line of every console block, in order, with the lines below it."""
    steps: list[Step] = []
    for block in blocks("console", text):
        for line in block.splitlines():
            if line.startswith("$ "):
                steps.append(Step(line.removeprefix("$ ")))
            elif line.startswith("> "):
                steps[-1].command += "\n" + line.removeprefix("> ")
            elif line.strip() and line.strip() != SKIPPED:
                steps[-1].shown.append(line.rstrip())
    return steps


def walk(steps: list[Step], folder: Path) -> list[str]:
    """Run the commands in one shell, as a reader would; return what each printed."""
    mark = "-- end of a command, exit code "
    script = "".join(f"{step.command}\necho; echo '{mark}'$?\n" for step in steps)
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-c", script],
        cwd=folder,
        env={**os.environ, "PATH": path, "NO_COLOR": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    printed = re.findall(rf"(.*?)\n{mark}(\d+)\n", done.stdout, re.DOTALL)
    for step, (text, code) in zip(steps, printed, strict=True):
        assert code == "0", f"$ {step.command}\n{text}"
    return [text for text, _ in printed]


def missing(shown: list[str], printed: str) -> list[str]:
    """Return the shown lines that were not printed, in that order."""
    lines = iter(line.rstrip() for line in printed.splitlines())
    return [line for line in shown if line not in lines]


@pytest.fixture(scope="module")
def readme(checkout: Path) -> str:
    """The text of README.md."""
    return (checkout / "README.md").read_text(encoding="utf-8")


def test_the_tour_says_what_it_says(readme: str, checkout: Path, tmp_path: Path):
    """Every command of the README works, and every line shown below it is printed."""
    folder = tmp_path / "checkout"
    shutil.copytree(checkout / "examples", folder / "examples")
    steps = tour(readme)
    steps += [Step(f"python -W error -c '{program}'") for program in blocks("python", readme)]
    for step, printed in zip(steps, walk(steps, folder), strict=True):
        assert missing(step.shown, printed) == [], f"$ {step.command}\n{printed}"
    assert len(steps) >= 5


def blocks(language: str, text: str) -> list[str]:
    """Return the code blocks of a language."""
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


def test_the_configuration_shown_is_a_configuration(readme: str, tmp_path: Path):
    """Every key in it is a key, and every policy in it is a policy."""
    text, *_ = blocks("yaml", readme)
    config = parse_config(text, tmp_path, {"MLFLOW_HOST": "mlflow.example"})

    assert len(config.sources) == 6
    for policy in config.params:
        assert list(shipped("policies").glob(f"*/{policy}.yaml")), policy


def test_every_source_is_shown_as_it_is_set_up(readme: str, tmp_path: Path):
    """A newcomer copies a source of each kind and it loads; no kind is left to be guessed."""
    _, *texts = blocks("yaml", readme)
    secrets = {
        name: f"https://{name}.example".lower() for name in re.findall(r"\$\{(\w+)\}", readme)
    }
    sources = [one for text in texts for one in parse_config(text, tmp_path, secrets).sources]

    shown = {source["kind"] for source in msgspec.to_builtins(sources)}
    assert len({source.name for source in sources}) == len(sources)
    assert set(COLLECTORS) - shown == {"mlflow", "model-gov"}  # shown above


@pytest.mark.parametrize("names", [COLLECTORS, FORMATS], ids=["kinds", "formats"])
def test_every_kind_and_every_format_is_in_the_tables(readme: str, names: dict[str, str]):
    """What is not written down is not found."""
    written = set(re.findall(r"`([a-z0-9-]+)`", "\n".join(re.findall(r"^\| .*", readme, re.M))))
    internal = {"mlflow", "model-gov", "cost-explorer", "azure-query"}  # shown above; by API only

    assert set(names) - written - internal == set()


def test_the_tour_is_read_as_written():
    """A line that goes on, a block of two commands, lines left out."""
    text = "```console\n$ a \\\n> b\nout\n...\n$ c\n```\n```sh\n$ no\n```\n"

    assert tour(text) == [Step("a \\\nb", ["out"]), Step("c")]
    assert missing(["b", "a"], "a\nb\n") == ["a"]


def test_the_first_screen_has_the_two_commands(readme: str):
    """What it is, and how to try it, before any scrolling."""
    screen = "\n".join(readme.splitlines()[:40])

    assert "make demo" in screen
    assert "make test" in screen


def test_every_command_is_named(readme: str):
    """A command that the README does not know is not found."""
    assert [name for name in COMMANDS if f"quaestor {name}" not in readme] == []


def test_the_exit_codes_are_the_programs(readme: str):
    """The table in the README and the list in `--help` are one list."""
    listed = re.findall(r"^ *(\d+)  (.+)$", EXIT_CODES, re.MULTILINE)
    table = re.findall(r"^\| (\d+) \| (.+?) \|$", readme, re.MULTILINE)

    assert [(code, words.replace("`", "")) for code, words in table] == listed

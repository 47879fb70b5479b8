"""`quaestor permissions`: what a source needs to be allowed, before anything is set up."""

from __future__ import annotations

from pathlib import Path

import pytest

from quaestor.cli.main import run
from quaestor.collect import COLLECTORS

SOURCES = """
sources:
  - {name: bill, kind: files, path: bills}
  - {name: registry, kind: mlflow, uri: "https://ada:s3cret@mlflow.example/ml"}
  - {name: cards, kind: model-gov, path: models}
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a configuration, where the command is started."""
    (tmp_path / "quaestor.yaml").write_text(SOURCES)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("name", "reads"), [("bill", "bills"), ("cards", "models"), ("registry", "mlflow.example/ml")]
)
def test_a_source_without_a_cloud_says_what_it_reads(folder, capsys, name, reads):
    """There is nothing to apply, and no secret in what is said."""
    assert run(["permissions", name]) == 0
    said = capsys.readouterr().out

    assert said.startswith("No cloud permission. ")
    assert reads in said
    assert "s3cret" not in said
    assert "ada" not in said


@pytest.mark.parametrize("kind", ["files", "mlflow", "model-gov"])
def test_a_kind_needs_no_configuration(tmp_path, monkeypatch, capsys, kind):
    """What only the owner knows is shown as YOUR-..."""
    monkeypatch.chdir(tmp_path)

    assert run(["permissions", "--kind", kind]) == 0
    assert "YOUR-" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "Name one source of the configuration, or a --kind."),
        (["bill", "--kind", "files"], "Name one source of the configuration, or a --kind."),
        (["bil"], "Choose from bill, registry, cards."),
        (["--kind", "file"], "Did you mean 'files'?"),
    ],
)
def test_what_is_asked_for_must_be_one_source(folder, capsys, arguments, said):
    """Wrong usage is exit code 2, with the remedy."""
    assert run(["permissions", *arguments]) == 2
    assert said in capsys.readouterr().err


def test_a_source_that_there_is_not_is_told_of_its_argument(folder, capsys):
    """The command has no option `--source`: what is wrong is the argument SOURCE."""
    assert run(["permissions", "nosuch"]) == 2
    assert capsys.readouterr().err == (
        "error: there is no source 'nosuch'\n"
        "  in:  SOURCE\n"
        "  fix: Choose from bill, registry, cards.\n"
    )


@pytest.mark.parametrize("kind", COLLECTORS)
def test_every_kind_answers_without_asking_anybody(tmp_path, monkeypatch, capsys, kind):
    """No collector needs its service, its library or credentials to say what it needs."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))

    assert run(["permissions", "--kind", kind]) == 0
    assert capsys.readouterr().out.strip()

"""`quaestor demo`: one command from nothing to a report."""

from __future__ import annotations

from pathlib import Path

import pytest

from builders.pages import REPORTS
from quaestor.cli.main import run
from quaestor.warehouse.duckdb import Warehouse


def test_the_demo_succeeds_and_says_what_to_do_next(estate, capsys, monkeypatch):
    """Exit code 0 although the estate has violations; figures, reports and commands to try."""
    monkeypatch.chdir(estate.folder.parent)
    code = run(["demo", estate.folder.name])
    said = capsys.readouterr().out
    [first] = [Path(line[8:]) for line in said.splitlines() if line.startswith("report: ")]
    [others] = [line[11:] for line in said.splitlines() if line.startswith("beside it: ")]

    assert code == 0
    assert "cost of October 2026:" in said
    assert "idle GPUs, last 7 days:" in said
    assert "since 14 November 2026: 5 violations began, 6 ended, 1 waived" in said
    assert "quaestor gate churn:7 --now 2026-11-21T06:00:00Z" in said
    assert "quaestor gate upsell:5 --now 2026-11-21T06:00:00Z" in said
    assert first.name == "index.html"
    assert {f"{name}.html" for name in REPORTS} | {"models/"} == {first.name, *others.split(", ")}
    assert all((first.parent / name).exists() for name in others.split(", "))


def test_a_rerun_changes_nothing(estate, capsys):
    """Same folder, same words, same reports, and still two audits."""
    said, reports = [], []
    for _ in range(2):
        assert run(["demo", str(estate.folder)]) == 0
        said.append(capsys.readouterr().out)
        pages = (estate.folder / "quaestor-reports").rglob("*.html")
        reports.append({path.name: path.read_bytes() for path in pages})
    with Warehouse(estate.warehouse, read_only=True) as warehouse:
        [(audits,)] = warehouse.rows("select count(*) from audit.run")

    assert said[0] == said[1]
    assert len(reports[0]) > 40
    assert [name for name, page in reports[0].items() if page != reports[1][name]] == []
    assert audits == 2


def test_the_gate_answers_as_the_demo_says(estate, monkeypatch):
    """The commands that the demo prints do what it says of them."""
    monkeypatch.chdir(estate.folder)

    assert run(["gate", "churn:7", "--now", "2026-11-21T06:00:00Z"]) == 0
    assert run(["gate", "upsell:5", "--now", "2026-11-21T06:00:00Z"]) == 1


@pytest.mark.parametrize(
    "arguments",
    [
        ["query", "from ledger.model_month where month = '2026-10-01'"],
        ["explain", "model_month/support-chat/2026-10"],
        ["diff"],
    ],
)
def test_what_the_demo_prints_to_try_works(estate, monkeypatch, capsys, arguments):
    """A newcomer's first question must not fail."""
    monkeypatch.chdir(estate.folder)
    code = run(arguments)

    assert code == 0
    assert "support-chat" in capsys.readouterr().out


def test_a_folder_that_is_no_demo_is_refused(tmp_path, capsys):
    """Exit code 2, with what, where and what to do."""
    (tmp_path / "mine.txt").write_text("mine", encoding="utf-8")
    code = run(["demo", str(tmp_path)])
    said = capsys.readouterr().err

    assert code == 2
    assert said == (
        "error: the folder exists and is no demo; nothing in it was touched\n"
        f"  in:  {tmp_path}\n"
        "  fix: Name a new folder: quaestor demo DIR.\n"
    )

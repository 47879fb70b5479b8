"""collect, build, audit and doctor, as a user types them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from builders.bills import csv_text
from quaestor.cli.main import run

NOW = "2026-11-21T06:00:00Z"
TAGGED = '{"team": "search", "model": "ranker"}'


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a good bill, where the command is started."""
    (tmp_path / "bills").mkdir()
    (tmp_path / "bills" / "a.csv").write_text(csv_text({"Tags": TAGGED}))
    (tmp_path / "quaestor.yaml").write_text("sources: [{name: bill, kind: files, path: bills}]")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def add(folder: Path, source: str) -> None:
    """Configure one more source."""
    path = folder / "quaestor.yaml"
    path.write_text(path.read_text().removesuffix("]") + f", {source}]")


def test_the_steps_of_an_audit_can_be_taken_one_by_one(folder, capsys):
    """Collect lands, build builds, and the second build says that nothing changed."""
    assert run(["collect", "--now", NOW]) == 0
    assert capsys.readouterr().out == "1 of 1 source collected\n"
    assert run(["build", "--now", NOW]) == 0
    assert capsys.readouterr().out == "quaestor.duckdb is built\n"
    assert run(["build", "--now", NOW]) == 0
    assert capsys.readouterr().out == "quaestor.duckdb is up to date\n"


def test_a_source_that_fails_is_said_with_its_remedy(folder, capsys):
    """Exit code 3; the other source is collected all the same."""
    add(folder, "{name: gone, kind: files, path: gone}")

    assert run(["collect", "--now", NOW]) == 3
    said = capsys.readouterr()
    assert said.out == "1 of 2 sources collected\n"
    assert said.err == (
        "source gone: error: no such file or folder\n"
        "  in:  gone (source gone)\n"
        "  fix: Correct `path:`; a folder is searched for .csv, .csv.gz, .parquet, .parq, "
        ".json, .jsonl, .ndjson, .json.gz, .jsonl.gz, .ndjson.gz.\n"
    )
    assert run(["build", "--now", NOW]) == 3
    assert "blind spot: gone, all: the last look failed" in capsys.readouterr().err
    assert run(["build", "--now", NOW, "--on-missing", "warn"]) == 0


def test_sources_that_fail_are_said_to_programs_too(folder, capsys):
    """`--json-errors`: a line for each, with the source's name."""
    add(folder, "{name: gone, kind: files, path: gone}")
    add(folder, "{name: lost, kind: files, path: lost}")

    assert run(["collect", "--now", NOW, "--json-errors"]) == 3
    said = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert [one["source"] for one in said] == ["gone", "lost"]
    assert {"no such file or folder"} == {one["error"] for one in said}


def test_only_the_sources_named_are_collected(folder, capsys):
    """A name that no source has is a mistake, with those there are."""
    add(folder, "{name: gone, kind: files, path: gone}")

    assert run(["collect", "--source", "bill"]) == 0
    assert run(["collect", "--source", "bil"]) == 2
    assert "Choose from bill, gone." in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "command", "where"),
    [
        ("sources: []", "collect", ""),
        ("attribution: [{name: a, match: {ServiceNam: x}, team: t}]", "build", " (attribution)"),
        ("shared: [{name: a, match: {ServiceNam: x}, by: even}]", "build", " (shared)"),
        ("advice: {skip: [idle_endpont]}", "build", ", advice"),
        ("notify: []", "notify", ""),
    ],
)
def test_a_mistake_is_told_of_the_file_that_was_read(folder, capsys, text, command, where):
    """Of `-c other.yaml`, not of the quaestor.yaml beside it."""
    bill = "" if text.startswith("sources") else "sources: [{name: bill, kind: files, path: bills}]"
    (folder / "other.yaml").write_text(f"{bill}\n{text}")
    if command == "build":
        run(["collect", "-q"])
    capsys.readouterr()

    assert run([command, "-q", "-c", "other.yaml"]) == 2
    assert f"\n  in:  other.yaml{where}\n" in capsys.readouterr().err


def test_a_configuration_of_another_name_builds_nothing_anew(folder, capsys):
    """The file's name decides no figure."""
    assert run(["collect", "-q"]) == 0
    assert run(["build", "--now", NOW]) == 0
    (folder / "quaestor.yaml").rename(folder / "other.yaml")
    capsys.readouterr()
    assert run(["build", "-v", "--now", NOW, "-c", "other.yaml"]) == 0

    assert "ledger" not in capsys.readouterr().err


@pytest.mark.parametrize("key", ["rates", "prices", "carbon"])
def test_a_file_that_the_configuration_names_and_is_not_there_is_told(folder, capsys, key):
    """What, where and what to do, in words and not in a number of the system's."""
    (folder / "quaestor.yaml").write_text(
        f"{key}: no.csv\nsources: [{{name: b, kind: files, path: bills}}]"
    )
    run(["collect", "-q"])
    capsys.readouterr()

    assert run(["build", "-q"]) == 2
    assert capsys.readouterr().err == (
        "error: there is no such file\n"
        "  in:  no.csv\n"
        f"  fix: Make it, or correct `{key}:` in quaestor.yaml.\n"
    )


def test_the_audit_says_its_verdict_and_where_the_reports_lie(folder, capsys):
    """The bill has an owner and nothing else is registered: nothing is wrong."""
    code = run(["audit", "--now", NOW, "--format", "table", "--format", "json=audit.json"])
    said = capsys.readouterr()
    decision = json.loads((folder / "audit.json").read_text())

    assert code == decision["exit_code"] == 0
    assert "report: quaestor-reports/index.html" in said.err
    assert (folder / "quaestor-reports" / "compliance.html").is_file()


def test_the_audit_can_judge_what_is_landed_without_looking(folder):
    """--no-collect: the file may be gone."""
    run(["audit", "--now", NOW])
    (folder / "bills" / "a.csv").unlink()

    assert run(["audit", "--now", NOW, "--no-collect"]) == 0
    assert run(["audit", "--now", NOW]) == 3


def test_the_same_inputs_and_clock_give_the_same_bytes(folder):
    """Reports, JSON and SARIF, twice."""
    arguments = ["audit", "--now", NOW, "--format", "json=a.json", "--format", "sarif=a.sarif"]
    made = ["a.json", "a.sarif", "quaestor-reports/cost.html", "quaestor-reports/compliance.html"]
    run(arguments)
    first = [(folder / name).read_bytes() for name in made]
    run(arguments)

    assert [(folder / name).read_bytes() for name in made] == first


def test_doctor_says_how_each_source_is(folder, capsys):
    """Reachable, how fresh, what it cannot see, how to mend it; nothing is landed."""
    add(folder, "{name: gone, kind: files, path: gone}")

    assert run(["doctor", "--now", NOW]) == 3
    said = capsys.readouterr()
    assert [line.split()[:4] for line in said.out.splitlines()[2:]] == [
        ["bill", "files", "ok", "never"],
        ["gone", "files", "failed", "never"],
    ]
    assert "source gone: error: no such file or folder" in said.err
    assert not (folder / "landing").exists()


def test_doctor_says_partly_of_an_export_that_is_half_written(folder, capsys):
    """It is no failure to be mended here, and no health either."""
    delivery = folder / "bills" / "cur" / "20261001-20261101"
    delivery.mkdir(parents=True)
    (delivery / "cur-Manifest.json").write_text('{"reportKeys": ["cur/20261001-20261101/c.csv"]}')

    assert run(["doctor", "--now", NOW]) == 3
    said = capsys.readouterr()
    assert said.out.splitlines()[2].split()[:3] == ["bill", "files", "partly"]
    assert "1 file, " in said.out
    assert "c.csv is listed and not there" in said.out


def test_doctor_knows_how_old_the_data_is_and_what_is_in_quarantine(folder, capsys):
    """From the last look and the last build."""
    (folder / "bills" / "b.csv").write_text(csv_text({"BilledCost": "x"}))
    run(["audit", "--now", NOW])
    capsys.readouterr()

    assert run(["doctor", "--now", "2026-11-21T12:00:00Z"]) == 0
    said = capsys.readouterr()
    assert "6 h ago" in said.out
    assert "blind spot: bill, bills/b.csv: 1 row cannot be read" in said.err


def test_a_hostile_name_does_nothing_to_the_terminal(folder, capsys):
    """Control characters of a tag or a file name are shown, not obeyed."""
    (folder / "bills" / "evil\x1b[31m.csv").write_text("nothing")
    run(["audit", "--now", NOW])
    said = capsys.readouterr()

    assert "\x1b" not in said.out + said.err


def test_a_window_must_begin_before_it_ends(folder, capsys):
    """Wrong usage, before anything is asked; a source without periods is read whole."""
    assert run(["collect", "--since", "2026-11-02", "--until", "2026-11-01"]) == 2
    assert "--since 2026-11-02 is after --until 2026-11-01" in capsys.readouterr().err
    assert run(["collect", "--now", NOW, "--since", "2026-11-01"]) == 0

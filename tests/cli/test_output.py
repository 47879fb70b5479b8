"""Results go to standard output or to a file, whole or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from quaestor.cli.output import emit, outputs, table
from quaestor.core.errors import ConfigurationError, IncompleteError
from quaestor.core.whole_file import whole, write_whole
from quaestor.warehouse.duckdb import Warehouse

KNOWN = ["table", "json", "sarif"]


def test_without_a_wish_the_default_is_printed():
    """One format, on standard output."""
    assert outputs([], KNOWN, "table") == [("table", None)]


def test_several_formats_each_have_a_place():
    """One may stay on standard output; a path may hold an equals sign."""
    assert outputs(["table", "sarif=out/a=b.sarif"], KNOWN, "table") == [
        ("table", None),
        ("sarif", Path("out/a=b.sarif")),
    ]


@pytest.mark.parametrize(
    ("requested", "what"),
    [
        (["yaml"], "there is no format 'yaml'"),
        ([""], "there is no format ''"),
        (["table", "json"], "two formats would share standard output"),
        (["json=a", "sarif=a"], "two formats would be written to one file"),
    ],
)
def test_a_wish_that_cannot_be_met_is_refused(requested: list[str], what: str):
    """Before any work is done."""
    with pytest.raises(ConfigurationError) as caught:
        outputs(requested, KNOWN, "table")

    assert caught.value.what == what


def test_a_result_is_printed_with_one_line_end(capsys: pytest.CaptureFixture[str]):
    """Whatever a renderer ends with."""
    emit("a\nb\n\n", None)

    assert capsys.readouterr().out == "a\nb\n"


def test_a_result_file_is_replaced_as_a_whole(tmp_path: Path):
    """Nothing but the finished file lies there afterwards."""
    target = tmp_path / "gate.json"
    target.write_text("old", encoding="utf-8")
    emit("new", target)

    assert target.read_text(encoding="utf-8") == "new\n"
    assert list(tmp_path.iterdir()) == [target]


@pytest.mark.parametrize("target", ["none/gate.json", "folder"])
def test_a_file_that_cannot_be_written_is_said(tmp_path: Path, target: str):
    """And no half of it stays behind."""
    (tmp_path / "folder").mkdir()
    with pytest.raises(IncompleteError) as caught:
        emit("new", tmp_path / target)

    assert caught.value.where == str(tmp_path / target)
    assert [path.name for path in tmp_path.iterdir()] == ["folder"]


def test_a_table_shows_hostile_names_harmlessly():
    """A model's name cannot paint the terminal or forge a row."""
    text = table(
        [{"model": "a\x1b[2J\nb", "cost": None}, {"model": "c", "cost": 1}], right=["cost"]
    )

    assert text.splitlines() == [
        "model        cost",
        "-----------  ----",
        "a\\x1b[2J\\nb",
        "c               1",
    ]


def test_an_empty_table_says_so():
    """Silence could be read as a failure to print."""
    assert table([]) == "(no rows)"


@pytest.mark.parametrize("said", ["csv=quaestor.duckdb", "parquet=sub/../quaestor.duckdb"])
def test_a_result_never_takes_the_place_of_a_warehouse(home: Path, quaestor, said: str):
    """Its audits could not be had back; nothing is asked or written."""
    (home / "sub").mkdir()
    with Warehouse(home / "quaestor.duckdb"):
        pass
    before = (home / "quaestor.duckdb").read_bytes()
    refused = quaestor("query", "select 1 as one", "--format", said)

    assert (refused.code, refused.out) == (2, "")
    assert "this is a warehouse" in refused.err
    assert (home / "quaestor.duckdb").read_bytes() == before


@pytest.mark.parametrize(
    "arguments",
    [
        ("query", "select 1 as one", "--format", "csv=sub/../quaestor.yaml"),
        ("policy", "list", "--format", "json=policies/own.YML"),
        ("export", "metrics", "quaestor.yaml"),
        ("export", "admission", "quaestor.yaml"),
    ],
)
def test_a_result_never_takes_the_place_of_what_people_wrote(
    home: Path, quaestor, arguments: tuple[str, ...]
):
    """A configuration, a policy or a waiver is YAML, and no result that goes to a file is."""
    written = {home / "quaestor.yaml", home / "policies" / "own.YML"}
    for path in (home / "sub", home / "policies"):
        path.mkdir()
    for path in written:
        path.write_text("currency: EUR\n", encoding="utf-8")
    with Warehouse(home / "quaestor.duckdb"):
        pass
    refused = quaestor(*arguments)

    assert (refused.code, refused.out) == (2, "")
    assert "may be written by hand" in refused.err
    assert {path.read_text(encoding="utf-8") for path in written} == {"currency: EUR\n"}


def test_a_result_never_takes_the_place_of_what_the_same_command_names(home: Path, quaestor):
    """Whatever its suffix: the configuration by another name, also through a link."""
    (home / "own.conf").write_text("currency: EUR\n", encoding="utf-8")
    (home / "link.csv").symlink_to("own.conf")
    with Warehouse(home / "quaestor.duckdb"):
        pass
    refused = quaestor("query", "select 1 as x", "-c", "own.conf", "--format", "csv=link.csv")

    assert (refused.code, refused.out) == (2, "")
    assert "the same command reads this file" in refused.err
    assert (home / "own.conf").read_text(encoding="utf-8") == "currency: EUR\n"


@pytest.mark.parametrize("path", ["data/bill.csv", "data", "data/*.csv"])
def test_a_result_never_takes_the_place_of_what_a_source_reads(home: Path, quaestor, path):
    """A bill, named as a file, by its folder or by a glob; a report beside it is welcome."""
    (home / "data").mkdir()
    (home / "data" / "bill.csv").write_text("a,b\n1,2\n", encoding="utf-8")
    (home / "gate.csv").write_text("an earlier report\n", encoding="utf-8")
    (home / "quaestor.yaml").write_text(
        f"sources:\n  - {{name: bill, kind: files, path: '{path}'}}\n"
        "  - {name: near, kind: files, path: .}\n",
        encoding="utf-8",
    )
    with Warehouse(home / "quaestor.duckdb"):
        pass
    refused = quaestor("query", "select 1 as x", "--format", "csv=data/bill.csv")
    done = quaestor("query", "select 1 as x", "--format", "csv=gate.csv")

    assert (refused.code, refused.out) == (2, "")
    assert "the source 'bill' reads this file" in refused.err
    assert (home / "data" / "bill.csv").read_text(encoding="utf-8") == "a,b\n1,2\n"
    assert (done.code, (home / "gate.csv").read_text(encoding="utf-8")) == (0, "x\n1\n")


def test_no_file_that_is_written_whole_takes_the_place_of_a_warehouse(tmp_path: Path):
    """Metrics and workbooks are no more welcome there than what goes by --format."""
    with Warehouse(tmp_path / "quaestor.duckdb"):
        pass
    with pytest.raises(ConfigurationError, match="this is a warehouse"):
        write_whole(tmp_path / "quaestor.duckdb", "text")
    with (
        pytest.raises(ConfigurationError, match="this is a warehouse"),
        whole(tmp_path / "quaestor.duckdb"),
    ):
        pass

"""A folder per report: CSV that no spreadsheet runs, Parquet with its types, and a manifest."""

from __future__ import annotations

import csv
import hashlib
import json
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from builders.forms import HOSTILE, VERDICT, a_report, listed, sections_of, written
from quaestor.core.errors import ConfigurationError, IncompleteError
from quaestor.core.text import guarded, visible
from quaestor.warehouse.ask import ask

REPORTS = Path(__file__).resolve().parents[3] / "reports"
ENDINGS = ("csv", "parquet")
THINGS = {"01-things": (listed(), "x")}


def lines(path):
    """Read a CSV file as a program does."""
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.reader(stream))


def test_csv_holds_every_row_of_every_section_exactly(estate, tmp_path):
    """Decimals with each digit they have, unknown as an empty field; so sums are the ledger's."""
    compared = 0
    for folder in written(estate, "csv", tmp_path, names=("cost", "rightsizing", "compliance")):
        for name, sql in sections_of(REPORTS, folder.name).items():
            answer = ask(estate, sql)
            head, *rows = lines(folder / f"{name}.csv")

            assert tuple(head) == answer.names
            assert len(rows) == len(answer.rows)
            for place, kind in enumerate(answer.types):
                if kind.startswith("DECIMAL"):
                    cells = [Decimal(row[place]) if row[place] else None for row in rows]
                    assert cells == [row[place] for row in answer.rows], (name, head[place])
                    compared += len(cells)

    assert compared > 500


def test_csv_is_as_its_standard_has_it(an_estate, tmp_path):
    """UTF-8, lines ending in CRLF, quotes doubled; nothing differs from an empty text."""
    sql = (
        "select 'x,\"y\"' as a, '' as b, null as c, 'ü' as d, true as e, 0.10::decimal(38,20) as f"
    )
    definitions = a_report(tmp_path, {"01-things": (sql, "x")})
    [folder] = written(an_estate.warehouse, "csv", tmp_path, definitions=definitions)

    assert (folder / "things.csv").read_bytes() == (
        'a,b,c,d,e,f\r\n"x,""y""","",,ü,true,0.1\r\n'.encode()
    )


def test_no_cell_of_a_csv_is_a_formula_and_no_character_acts(an_estate, tmp_path):
    """An apostrophe before what a spreadsheet would run; control characters as escapes."""
    definitions = a_report(tmp_path, THINGS)
    [folder] = written(an_estate.warehouse, "csv", tmp_path, definitions=definitions)
    names = [row[1] for row in lines(folder / "things.csv")[1:]]

    assert names == [visible(guarded(name)) for name in HOSTILE]
    assert not [name for name in names if name.startswith(("=", "+", "-", "@", "\t", "\r"))]
    assert b"\x00" not in (folder / "things.csv").read_bytes()


def test_parquet_holds_every_row_with_its_type(estate, tmp_path):
    """As the warehouse has it: DECIMAL stays DECIMAL, a list a list; sums are the ledger's.

    Parquet has no integer of 128 bits; it is a DECIMAL then, and no DOUBLE that loses digits.
    """
    for folder in written(estate, "parquet", tmp_path, names=("cost", "compliance")):
        for name, sql in sections_of(REPORTS, folder.name).items():
            answer = ask(estate, sql)
            found = duckdb.sql(f"select * from '{folder / name}.parquet'")

            assert (tuple(found.columns), tuple(map(str, found.types))) == (
                answer.names,
                tuple(kind.replace("HUGEINT", "DECIMAL(38,0)") for kind in answer.types),
            )
            assert found.fetchall() == list(answer.rows)


def test_parquet_keeps_a_name_as_it_is(an_estate, tmp_path):
    """Typed data carry no markup, so nothing in them is changed."""
    definitions = a_report(tmp_path, THINGS)
    [folder] = written(an_estate.warehouse, "parquet", tmp_path, definitions=definitions)
    found = duckdb.sql(f"select name from '{folder / 'things'}.parquet'").fetchall()

    assert [name for (name,) in found] == list(HOSTILE)


@pytest.mark.parametrize("ending", ENDINGS)
def test_the_manifest_says_what_the_files_hold(estate, tmp_path, ending):
    """Rows, hash, types, units, and the clock; every file is in it, and none besides."""
    [folder] = written(estate, ending, tmp_path, names=("cost",))
    told = json.loads((folder / "manifest.json").read_text())
    files = {one["file"]: one for one in told["files"]}
    columns = {one["name"]: one for one in files[f"teams.{ending}"]["columns"]}

    assert (told["report"], told["currency"]) == ("cost", "EUR")
    assert told["rendered_at"] == "2026-11-21T06:30:00Z"
    assert {path.name for path in folder.iterdir()} == {*files, "manifest.json"}
    for name, one in files.items():
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == one["sha256"]
    assert files[f"teams.{ending}"]["rows"] == 5
    assert (columns["cost"]["type"], columns["cost"]["unit"]) == ("DECIMAL(38,20)", "EUR")


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_second_run_gives_the_same_bytes(estate, tmp_path, ending):
    """Of every file, in place of the first ones."""
    runs = []
    for _ in range(2):
        folders = written(estate, ending, tmp_path, names=("cost", "compliance"))
        runs.append({path: path.read_bytes() for one in folders for path in one.iterdir()})

    assert runs[0] == runs[1]
    assert len(runs[0]) > 20
    assert list(tmp_path.glob(".*")) == []


@pytest.mark.parametrize("ending", ENDINGS)
def test_an_older_export_is_replaced_whole(an_estate, tmp_path, ending):
    """A section that is no more leaves no file behind."""
    for number, stem in enumerate(("01-gone", "01-here")):
        definitions = a_report(tmp_path / str(number), {stem: ("select 1 as n", "x")})
        [folder] = written(an_estate.warehouse, ending, tmp_path / "out", definitions=definitions)

    assert {path.name for path in folder.iterdir()} == {f"here.{ending}", "manifest.json"}


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_folder_of_somebody_elses_is_never_replaced(an_estate, tmp_path, ending):
    """Without a manifest of ours it is the reader's own: exit code 2, and nothing is touched."""
    (tmp_path / "out" / "odd").mkdir(parents=True)
    (tmp_path / "out" / "odd" / "mine.txt").write_text("mine")
    definitions = a_report(tmp_path, THINGS)

    with pytest.raises(ConfigurationError, match="something else"):
        written(an_estate.warehouse, ending, tmp_path / "out", definitions=definitions)

    assert [path.name for path in (tmp_path / "out").rglob("*")] == ["odd", "mine.txt"]


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_broken_section_leaves_the_older_export(an_estate, tmp_path, ending):
    """Whole or not at all: a mistake in the last SELECT keeps the folder as it was."""
    good = a_report(tmp_path / "good", THINGS)
    [folder] = written(an_estate.warehouse, ending, tmp_path / "out", definitions=good)
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    wrong = {**THINGS, "02-wrong": ("select nothing from nowhere", VERDICT)}
    bad = a_report(tmp_path / "bad", wrong)

    with pytest.raises(ConfigurationError, match="nowhere"):
        written(an_estate.warehouse, ending, tmp_path / "out", definitions=bad)

    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["odd"]


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_place_that_cannot_be_written_is_said(an_estate, tmp_path, ending):
    """A file where a folder should be: exit code 3."""
    (tmp_path / "taken").write_text("mine")
    definitions = a_report(tmp_path, THINGS)

    with pytest.raises(IncompleteError, match="cannot be written"):
        written(an_estate.warehouse, ending, tmp_path / "taken", definitions=definitions)


def test_two_sections_of_one_name_are_two_files(an_estate, tmp_path):
    """They keep their numbers, and neither is lost."""
    sections = {"01-same": ("select 1 as n", "x"), "02-same": ("select 2 as n", "x")}
    definitions = a_report(tmp_path, sections)
    [folder] = written(an_estate.warehouse, "csv", tmp_path, definitions=definitions)

    assert {path.name for path in folder.glob("*.csv")} == {"01-same.csv", "02-same.csv"}

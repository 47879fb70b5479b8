"""`quaestor report --format`: every format, alone and together, where it is told."""

from __future__ import annotations

import json

import openpyxl
import pytest

from quaestor.report.forms import FORMS

CLOCK = ("--now", "2026-11-21T06:30:00Z")


@pytest.fixture
def report(warehouse, quaestor):
    """Render reports of an empty warehouse."""
    warehouse.close()

    def call(*arguments):
        return quaestor("report", *arguments, *CLOCK)

    return call


def test_formats_are_written_together_each_where_it_is_told(report, home):
    """A file, a folder, and the folder of reports where no path is given."""
    said = report(
        *("reconciliation", "--out", "out", "--format", "csv", "--format", "xlsx=here/sums.xlsx"),
        *("--format", "parquet=lake", "--format", "json", "--format", "markdown=sums.md"),
    )

    assert (said.code, said.err) == (0, "")
    assert said.out.splitlines() == [
        *("out/csv/reconciliation", "here/sums.xlsx", "lake/reconciliation"),
        *("out/reconciliation.json", "sums.md"),
    ]
    assert (home / "out" / "csv" / "reconciliation" / "billed.csv").is_file()
    assert openpyxl.load_workbook(home / "here" / "sums.xlsx").sheetnames[0] == "About"
    assert (home / "lake" / "reconciliation" / "manifest.json").is_file()
    assert (home / "sums.md").read_text().startswith("## Does the bill add up?\n")


def test_a_document_goes_to_standard_output(report):
    """And nothing else with it: paths of other formats are printed on standard error."""
    said = report("reconciliation", "--format", "json=-", "--format", "markdown=sums.md")

    assert json.loads(said.out)["report"] == "reconciliation"
    assert (said.code, said.err) == (0, "sums.md\n")


def test_several_summaries_are_printed_one_after_the_other(report):
    """Markdown can be read on; JSON could not, and says so."""
    names = ("cost", "reconciliation")
    said = report(*names, "--format", "markdown=-")
    refused = report(*names, "--format", "json=-")

    assert said.out.index("## Cost of") < said.out.index("## Does the bill")
    assert (refused.code, refused.out) == (2, "")
    assert "2 reports would be one document" in refused.err


@pytest.mark.parametrize(
    ("formats", "what"),
    [
        (["exel=a.xlsx"], "there is no format 'exel'"),
        (["json=a.json"], "one file is named for 2 reports"),
        (["html=a.html"], "one file is named for 2 reports"),
        (["xlsx=-"], "xlsx is not for standard output"),
        (["json=-", "markdown=-"], "two formats would share standard output"),
        (["csv=a", "parquet=a"], "two formats would be written to one folder"),
    ],
)
def test_what_cannot_be_is_told_before_anything_is_written(report, home, formats, what):
    """Exit code 2, with what to do."""
    before = set(home.iterdir())
    options = [option for one in formats for option in ("--format", one)]
    said = report("cost", "reconciliation", *options)

    assert (said.code, said.out) == (2, "")
    assert said.err.startswith(f"error: {what}\n")
    assert "\n  fix: " in said.err
    assert set(home.iterdir()) == before


@pytest.mark.parametrize("ending", ["xlsx", "json", "html"])
def test_a_file_that_cannot_be_written_is_told_in_words(report, ending):
    """What, where and what to do; no number of the system's, and no name that nobody gave."""
    path = f"{'x' * 248}.{ending}"
    said = report("reconciliation", "--format", f"{ending}={path}")

    assert said.code == 3
    assert said.err == (
        "error: cannot be written (File name too long)\n"
        f"  in:  {path}\n"
        "  fix: Check that its folder exists, may be written to and has free space, or name "
        "another.\n"
    )


def test_a_format_that_was_mistyped_is_guessed(report):
    """The nearest one is named."""
    assert "Did you mean 'markdown'?" in report("--format", "markdwn").err


def test_the_schema_of_json_is_printed(quaestor):
    """Without a warehouse: programs are written before there is one."""
    said = quaestor("report", "--schema")

    assert (said.code, json.loads(said.out)["$id"]) == (0, "urn:quaestor:report:1")


def test_help_shows_an_example_of_each_format(quaestor):
    """In its text, and each format's name beside the option."""
    said = quaestor("report", "--help").out

    assert [name for name in FORMS if said.count(name) < 2] == []

"""`quaestor report`, as it is called."""

from __future__ import annotations

import pytest

from builders.pages import REPORTS
from quaestor.cli.main import run

CLOCK = ["--now", "2026-11-21T06:30:00Z"]


@pytest.fixture
def report(tmp_path, monkeypatch, warehouse_file, capsys):
    """Call the command in an empty folder; return code, output and errors."""
    monkeypatch.chdir(tmp_path)

    def call(*arguments, warehouse=warehouse_file):
        code = run(["report", "--warehouse", str(warehouse), *CLOCK, *arguments])
        said = capsys.readouterr()
        return code, said.out, said.err

    return call


def test_every_report_is_rendered_and_its_path_printed(report, tmp_path):
    """Without a name, all of them, beside the warehouse where nothing else is configured."""
    folder = tmp_path / "quaestor-reports"

    names = [f"{name}.html" for name in REPORTS]
    names.insert(-1, "models")

    assert report() == (0, "".join(f"{folder}/{name}\n" for name in names), "")
    assert {path.name for path in folder.iterdir()} == set(names)


def test_one_models_page_is_chosen_by_its_name(report, tmp_path):
    """--model alone is enough: the report is the one of models."""
    assert report("--model", "churn") == (0, f"{tmp_path}/quaestor-reports/models/churn.html\n", "")


def test_an_unknown_model_is_wrong_usage(report):
    """Exit 2, with the name that was probably meant, and nothing is written."""
    code, out, err = report("--model", "chrun")

    assert (code, out) == (2, "")
    assert err == (
        "error: there is no model 'chrun'\n  in:  --model\n  fix: Did you mean 'churn'?\n"
    )


def test_a_model_is_no_page_of_another_report(report):
    """--model with reports that have no page of one says so."""
    code, _, err = report("cost", "--model", "churn")

    assert code == 2
    assert "--model chooses a page of the report 'model', and not of cost" in err


def test_one_models_passport_is_markdown_for_a_pull_request(report):
    """Its verdict, figures and tables in any format."""
    code, out, _ = report("--model", "churn", "--format", "markdown=-")

    assert code == 0
    assert "**churn cost 12.50 EUR so far in November 2026." in out


def test_one_report_goes_where_it_is_told(report, tmp_path, read_page):
    """A name and a folder."""
    code, out, _ = report("cost", "--out", "here/there")

    assert (code, out) == (0, "here/there/cost.html\n")
    assert "12.50" in read_page(tmp_path / "here" / "there" / "cost.html").text


def test_the_configured_folder_counts(report, tmp_path):
    """`reports:` is relative to the configuration file."""
    (tmp_path / "quaestor.yaml").write_text("reports: pages\n")

    assert report("cost")[:2] == (0, "pages/cost.html\n")


def test_an_unknown_report_is_wrong_usage(report):
    """Exit 2, with the name that was probably meant."""
    code, out, err = report("complience")

    assert (code, out) == (2, "")
    assert err == ("error: there is no report 'complience'\n  fix: Did you mean 'compliance'?\n")


def test_a_missing_warehouse_is_incomplete(report, tmp_path):
    """Exit 3, and no warehouse is made by looking for one."""
    code, out, err = report(warehouse=tmp_path / "none.duckdb")

    assert (code, out) == (3, "")
    assert err.startswith("error: there is no warehouse yet\n")
    assert not (tmp_path / "none.duckdb").exists()


def test_help_shows_an_example(capsys):
    """Every command shows how it is used."""
    assert run(["report", "--help"]) == 0
    assert "quaestor report cost --out" in capsys.readouterr().out

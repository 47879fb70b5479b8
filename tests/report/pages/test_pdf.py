"""`quaestor report --format pdf`, as it is called."""

from __future__ import annotations

import pypdf
import pytest

from quaestor.cli.main import run

CLOCK = ["--now", "2026-11-21T06:30:00Z"]


@pytest.fixture
def report(tmp_path, monkeypatch, warehouse_file, capsys):
    """Call the command in an empty folder; return code, output and errors."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("QUAESTOR_BROWSER", raising=False)

    def call(*arguments):
        code = run(["report", "--warehouse", str(warehouse_file), *CLOCK, *arguments])
        said = capsys.readouterr()
        return code, said.out, said.err

    return call


@pytest.fixture
def broken(tmp_path):
    """A browser that always fails."""
    path = tmp_path / "broken-browser"
    path.write_text("#!/bin/sh\necho 'out of memory' >&2; exit 5\n")
    path.chmod(0o755)
    return path


@pytest.mark.real
def test_a_report_becomes_a_pdf(report, chromium, tmp_path):
    """One file where it is told, on the paper that is asked for, with the page's words."""
    code, out, err = report("cost", "--format", "pdf=mail/cost.pdf", "--paper", "letter")
    pdf = pypdf.PdfReader(tmp_path / "mail" / "cost.pdf")

    assert (code, out, err) == (0, "mail/cost.pdf\n", "")
    assert {tuple(map(float, sheet.mediabox[2:])) for sheet in pdf.pages} == {(612.0, 792.0)}
    assert pdf.metadata.title == "Cost of machine learning · Quaestor"
    assert "12.50" in pdf.pages[0].extract_text()
    assert "churn" in "".join(sheet.extract_text() for sheet in pdf.pages)


@pytest.mark.real
def test_the_same_report_gives_the_same_bytes(report, chromium, tmp_path):
    """Printed twice by the same browser under the same clock: equal, so that it can be compared."""
    for folder in ("one", "two"):
        assert report("cost", "--format", "pdf", "--out", folder)[0] == 0

    one, two = (tmp_path / folder / "cost.pdf" for folder in ("one", "two"))
    assert one.read_bytes() == two.read_bytes()


def test_a_browser_that_fails_leaves_what_was_there(report, broken, tmp_path):
    """Exit 3 with what it complained of; the PDF of last week is still whole, and no half lies."""
    (tmp_path / "cost.pdf").write_bytes(b"last week's")
    code, out, err = report("cost", "--format", "pdf=cost.pdf", "--browser", str(broken))

    assert (code, out) == (3, "")
    assert "the browser wrote no PDF (exit code 5: out of memory)" in err
    assert str(broken) in err
    assert (tmp_path / "cost.pdf").read_bytes() == b"last week's"
    assert not (tmp_path / ".cost.pdf.part").exists()


def test_the_environment_names_the_browser(report, broken, monkeypatch):
    """QUAESTOR_BROWSER counts where nothing is said on the command line."""
    monkeypatch.setenv("QUAESTOR_BROWSER", str(broken))

    assert str(broken) in report("cost", "--format", "pdf")[2]


def test_without_a_browser_nothing_is_rendered(report, monkeypatch, tmp_path):
    """Exit 2, and it says what to install."""
    monkeypatch.setenv("PATH", str(tmp_path))
    code, out, err = report("cost", "--format", "pdf")

    assert (code, out) == (2, "")
    assert "a PDF is printed by Chromium, Chrome or Edge, and none is here" in err
    assert not (tmp_path / "quaestor-reports").exists()


@pytest.mark.real
def test_a_report_of_many_pages_is_a_folder_of_files(report, chromium, tmp_path):
    """A PDF per model, each with its own title; its folder is what is named."""
    assert report("model", "--format", "pdf", "--out", "out") == (0, "out/models\n", "")
    [path] = (tmp_path / "out" / "models").iterdir()

    assert path.name == "churn.pdf"
    assert "churn" in pypdf.PdfReader(path).metadata.title


def test_one_file_cannot_hold_a_page_per_model(report, broken, tmp_path):
    """They would overwrite each other: wrong usage, and nothing is written."""
    code, out, err = report("model", "--format", "pdf=all.pdf", "--browser", str(broken))

    assert (code, out) == (2, "")
    assert "one file is named for a page per model" in err
    assert not (tmp_path / "all.pdf").exists()

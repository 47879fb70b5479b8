"""`--format`, `--explain` and `--schema`: where the answer goes, and what it rests on."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import jsonschema
import pytest

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "quickstart"
NOW = "2026-11-21T06:00:00"


@pytest.fixture(scope="module")
def audited(tmp_path_factory):
    """The quickstart's warehouse, built once."""
    from quaestor.cli.main import run

    folder = tmp_path_factory.mktemp("audited") / "home"
    shutil.copytree(EXAMPLE, folder)
    config = str(folder / "quaestor.yaml")
    run(["audit", "-c", config, "--now", NOW, "--quiet", "--format", f"json={folder}/audit.json"])
    return folder


@pytest.fixture
def estate(home, audited):
    """The audited quickstart as the working folder."""
    shutil.copytree(audited, home, dirs_exist_ok=True)
    return home


@pytest.fixture
def gate(estate, quaestor):
    """Ask about `ranker:12`, which nobody approved, offline."""
    return lambda *more: quaestor("gate", "ranker:12", "--no-collect", "--now", NOW, *more)


def test_explain_shows_the_rule_the_values_the_rows_and_the_commands(gate):
    """Of each violation and unanswered rule, down to the landed file."""
    lines = gate("--explain", "--policy", "production-without-approval").out.splitlines()
    shown = [line.strip().partition(":")[0] for line in lines if line.startswith("      ")]

    assert "      when: lifecycle = 'production'" in lines
    assert "      evidence: approved_by = unknown" in lines
    assert "      source: registry, read 2026-11-21 06:00 UTC" in lines
    told = "      registered: table registry.model_version, source registry, model ranker"
    assert any(line.startswith(told) for line in lines)
    assert any(line.startswith("      money: ranker in 2026-10, 4,044.96 USD") for line in lines)
    assert any("charges, sha256" in line for line in lines)
    assert shown[-1] == "do (mlflow)"


def test_explain_binds_the_clock_and_the_parameters(gate):
    """What stands in the rule is what was asked."""
    out = gate("--explain").out

    assert "$now" not in out
    assert "timestamp '2026-11-21 06:00:00'" in out


def test_without_explain_a_finding_is_what_to_mend_and_no_more(gate):
    """The table fits a screen."""
    out = gate("--policy", "production-without-approval").out

    assert "evidence: approved_by" not in out
    assert "do (mlflow)" not in out


def test_explained_json_holds_what_findings_rest_on(gate):
    """For programs that show it themselves; it keeps the schema that `--schema` prints."""
    value = json.loads(gate("--explain", "--format", "json").out)
    [finding] = [f for f in value["findings"] if f["policy"] == "production-without-approval"]
    schema = json.loads(gate("--schema").out)

    jsonschema.Draft202012Validator(schema).validate(value)
    assert finding["basis"]["money"] == {"about": "ranker in 2026-10", "amount": "4044.96"}
    assert finding["basis"]["collected_at"] == "2026-11-21T06:00:00Z"


def test_several_formats_go_to_files_of_their_own(gate, estate):
    """One run, one verdict, in every format."""
    files = ("json", "sarif", "markdown", "junit", "gitlab", "csv", "html", "ocsf", "table")
    wanted = [part for name in files for part in ("--format", f"{name}=out.{name}")]
    said = gate(*wanted, "--format", "github")

    assert said.code == 1
    assert said.out.startswith("::notice title=Quaestor gate::ranker:12 in production may not run")
    assert all((estate / f"out.{name}").stat().st_size for name in files)


def test_where_all_goes_to_files_the_verdict_is_still_said(gate):
    """A job that fails in silence sends people to look for a reason; -q changes nothing of it."""
    said = gate("--format", "json=out.json", "--format", "csv=out.csv", "--quiet")

    assert (said.code, said.out) == (1, "")
    assert said.err.startswith("ranker:12 in production may not run: 3 rules are broken")


def test_the_job_summary_is_added_to_the_file_that_the_runner_names(gate, estate, monkeypatch):
    """Other commands of the step have written into it."""
    summary = estate / "summary.md"
    summary.write_text("# Tests\n")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(summary))
    said = gate("--format", "github-summary", "--format", "table")

    assert said.out.startswith("ranker:12 in production may not run")
    assert summary.read_text().startswith("# Tests\n## Quaestor gate: failed\n")


def test_the_job_summary_goes_to_a_file_of_ones_own(gate, estate):
    """And takes the place of what was there, as every format does."""
    (estate / "summary.md").write_text("# Yesterday\n")
    gate("--format", "github-summary=summary.md")

    assert (estate / "summary.md").read_text().startswith("## Quaestor gate: failed\n")


def test_without_a_runner_the_job_summary_asks_for_a_file(gate, monkeypatch):
    """Exit code 2, with the way out."""
    monkeypatch.delenv("GITHUB_STEP_SUMMARY", raising=False)
    said = gate("--format", "github-summary")

    assert said.code == 2
    assert "--format github-summary=summary.md" in said.err


def test_a_summary_that_cannot_be_written_is_told(gate, estate, monkeypatch):
    """Not lost without a word."""
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(estate / "gone" / "summary.md"))
    said = gate("--format", "github-summary")

    assert said.code == 3
    assert "cannot be written" in said.err


def test_places_are_told_from_the_working_folder(audited, quaestor, monkeypatch):
    """Wherever the configuration was named from: code scanning knows no other paths."""
    monkeypatch.chdir(audited.parent)
    config = str(audited / "quaestor.yaml")
    said = quaestor(
        "gate", "ranker:12", "-c", config, "--no-collect", "--now", NOW, "--format", "sarif"
    )
    results = json.loads(said.out)["runs"][0]["results"]
    places = {
        result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] for result in results
    }

    assert places == {"home/models/ranker/model.gov.yaml"}


def test_the_audit_writes_every_format_too(audited):
    """`quaestor audit --format json=audit.json`: rules and standings included."""
    value = json.loads((audited / "audit.json").read_text())

    assert value["kind"] == "audit"
    assert {rule["policy"] for rule in value["rules"]} >= {f["policy"] for f in value["findings"]}
    assert {"failing", "passed"} <= {finding["standing"] for finding in value["findings"]}


def test_a_format_that_does_not_exist_is_answered_with_those_that_do(gate):
    """Exit code 2, before anything is judged."""
    said = gate("--format", "xml")

    assert said.code == 2
    assert "junit" in said.err

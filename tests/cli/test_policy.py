"""`quaestor policy`: list, show, test, docs."""

from __future__ import annotations

import json
import re
import shutil

import pytest

from quaestor.core.shipped import shipped


@pytest.fixture
def rules(home):
    """A folder with one policy and its cases, copied from the shipped ones."""
    folder = home / "rules" / "ownership"
    folder.mkdir(parents=True)
    for end in (".yaml", ".cases.yaml"):
        shutil.copy(shipped("policies") / "ownership" / f"model-without-owner{end}", folder)
    return home / "rules"


def test_the_list_is_a_table_of_all_policies(quaestor):
    """Without a configuration the built-in ones are listed."""
    said = quaestor("policy", "list")

    assert said.code == 0
    assert "model-without-owner" in said.out
    assert "ML-OWN-001" in said.out


def test_the_list_as_json_is_for_programs(quaestor):
    """With parameters, evidence and frameworks, and a version of its schema."""
    said = quaestor("policy", "list", "--format", "json")
    listed = json.loads(said.out)
    by_id = {one["id"]: one for one in listed["policies"]}

    assert listed["schema_version"] == 1
    assert by_id["model-without-owner"]["requires"] == ["owner"]
    assert by_id["gpu-idle"]["params"]["days"]["default"] == 7


def test_the_configuration_says_which_policies(quaestor, rules, home):
    """`policies:` names the places."""
    (home / "quaestor.yaml").write_text("policies: [rules]\n")

    assert quaestor("policy", "list", "--format", "json").out.count('"id"') == 1


@pytest.mark.parametrize("name", ["model-without-owner", "ML-OWN-001", "ml-own-001"])
def test_one_policy_is_shown_in_full(quaestor, name):
    """By id or alias: rule, reason, remedy with commands, frameworks, file."""
    said = quaestor("policy", "show", name)

    assert said.code == 0
    for part in ("Every model has an accountable owner", "gov.owner", "GOVERN 2.1", "why:"):
        assert part in said.out


def test_what_is_shown_are_the_values_of_this_configuration(quaestor, home):
    """By risk tier, where those differ; and a row for each case, with who gets which verdict."""
    (home / "quaestor.yaml").write_text("params: {gpu-idle: {days: 9, by_tier: {1: {days: 3}}}}\n")
    said = quaestor("policy", "show", "gpu-idle").out

    assert "param days: 3 in tier 1, 9 in tier 2, 9 in tier 3 (integer, " in said
    assert "cases:" in said
    table = said.partition("cases:")[2]
    assert all(verdict in table.splitlines()[1] for verdict in ("pass", "fail", "unknown"))


def test_an_unknown_policy_is_wrong_usage(quaestor):
    """Exit code 2, with the nearest name."""
    said = quaestor("policy", "show", "model-without-ownr")

    assert said.code == 2
    assert "Did you mean 'model-without-owner'?" in said.err


@pytest.mark.parametrize(
    "what", [(), ("rules",), ("rules/ownership/model-without-owner.yaml",), ("ML-OWN-001",)]
)
def test_cases_run_for_all_a_folder_a_file_or_a_name(quaestor, rules, home, what):
    """Exit code 0, and how many there were."""
    (home / "quaestor.yaml").write_text("policies: [rules]\n")
    said = quaestor("policy", "test", *what)

    assert said.code == 0
    assert re.fullmatch(r"1 policy, [1-9]\d* cases?: none failed\n", said.out)


def test_a_case_that_does_not_hold_is_exit_code_1(quaestor, rules):
    """It names the policy, the case, the place and the difference."""
    cases = rules / "ownership" / "model-without-owner.cases.yaml"
    cases.write_text(cases.read_text().replace("expect: {churn: pass}", "expect: {churn: fail}", 1))
    said = quaestor("policy", "test", "rules")

    assert said.code == 1
    assert "FAIL model-without-owner: case 'a group as owner passes'" in said.out
    assert "model-without-owner.cases.yaml:1" in said.out
    assert "churn: expected fail, got pass" in said.out


def test_a_malformed_policy_is_exit_code_2(quaestor, rules):
    """Not a failing case: the file, the line and the remedy."""
    path = rules / "ownership" / "model-without-owner.yaml"
    path.write_text(path.read_text().replace("severity:", "severty:"))
    said = quaestor("policy", "test", "rules")

    assert said.code == 2
    assert "unknown key 'severty'" in said.err
    assert "model-without-owner.yaml:2" in said.err
    assert "Did you mean 'severity'?" in said.err


def test_a_folder_without_policies_is_no_success(quaestor, home):
    """Nothing tested is not "none failed"."""
    (home / "empty").mkdir()
    said = quaestor("policy", "test", "empty")

    assert said.code == 2
    assert "holds no policy" in said.err


def test_docs_write_the_handbook_and_check_it(quaestor, rules):
    """`--check` writes nothing, and says by exit code whether the file is up to date."""
    assert quaestor("policy", "docs", "rules", "--check").code == 1
    assert quaestor("policy", "docs", "rules").code == 0
    assert quaestor("policy", "docs", "rules", "--check").code == 0
    assert "model-without-owner" in (rules / "README.md").read_text()


@pytest.mark.parametrize("name", ["list", "show", "test", "lint", "docs"])
def test_help_shows_an_example(quaestor, name):
    """Every command shows how it is called."""
    said = quaestor("policy", name, "--help")

    assert said.code == 0
    assert f"quaestor policy {name}" in said.out.partition("Usage:")[2].partition("\n")[2]

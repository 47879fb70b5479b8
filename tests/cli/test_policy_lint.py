"""`quaestor policy lint`: exit codes and formats."""

from __future__ import annotations

import json

import pytest

GOOD = """
title: Every model has an owner
severity: low
subject: registry.model
when: coalesce(risk_tier, 1) <= $tier
requires: [owner]
require: has_text(owner)
reason: "{model} has no owner"
params:
  tier: {type: integer, default: 2, min: 1, max: 3, description: The last tier that is judged.}
why: Somebody must answer.
remedy: {text: Set it.}
frameworks: [{pack: soc2, ref: CC1.3}]
source: SR 26-2
aliases: [OURS-001]
"""
CASES = """
- name: each verdict
  given:
    registry.model:
      - {model: good, owner: ada}
      - {model: bad, owner: ""}
      - {model: toy, risk_tier: 3}
      - {model: silent, source: other}
    registry.evidence: [{source: other, field: owner, supplied: false}]
  expect: {good: pass, bad: fail, toy: skip, silent: unknown}
"""


@pytest.fixture
def folder(home):
    """A folder with one good policy."""
    path = home / "rules" / "own" / "a-rule.yaml"
    path.parent.mkdir(parents=True)
    path.write_text(GOOD)
    path.with_name("a-rule.cases.yaml").write_text(CASES)
    return path


def test_the_command_ends_with_0_1_or_2(quaestor, folder):
    """Nothing to say, something to say, malformed."""
    said = quaestor("policy", "lint", "rules")
    assert (said.code, said.out) == (0, "1 policy: nothing to say\n")

    folder.write_text(GOOD.replace("has_text(owner)", "has_text(ownr)"))
    said = quaestor("policy", "lint", "rules")
    assert said.code == 1
    assert "bind a-rule: there is no column 'ownr'" in said.out
    assert "a-rule.yaml:7" in said.out

    folder.write_text(GOOD.replace("severity", "severty"))
    said = quaestor("policy", "lint", "rules")
    assert said.code == 2
    assert "Did you mean 'severity'?" in said.err


def test_the_command_speaks_json(quaestor, folder):
    """For programs: policy, check, where, what, fix."""
    folder.write_text(GOOD.replace("aliases: [OURS-001]\n", ""))
    said = json.loads(quaestor("policy", "lint", "rules", "--format", "json").out)

    assert said["schema_version"] == 1
    [remark] = said["remarks"]
    assert (remark["policy"], remark["check"]) == ("a-rule", "metadata")
    assert set(remark) == {"policy", "check", "where", "what", "fix"}

"""`quaestor policy lint`: what is said, where, and that the shipped policies give no cause."""

from __future__ import annotations

import pytest

from quaestor.audit.lint import lint
from quaestor.audit.policies import load_policies, read_policy
from quaestor.core.shipped import shipped

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
SELECT = """
title: Every model has an owner
severity: low
requires: [model.owner]
why: Somebody must answer.
remedy: {text: Set it.}
frameworks: [{pack: soc2, ref: CC1.3}]
source: SR 26-2
aliases: [OURS-001]
sql: |
  select
    source, model, model as subject, null as at_stake_per_month,
    case when trim(owner) = '' then 'fail' else 'pass' end as verdict,
    null as reason, null as evidence
  from registry.model
"""


@pytest.fixture
def linted(tmp_path):
    """Write a policy and its cases, and return what is said: (check, line, what, fix)."""

    def run(policy=GOOD, cases=CASES):
        path = tmp_path / "own" / "a-rule.yaml"
        path.parent.mkdir(exist_ok=True)
        path.write_text(policy)
        if cases is not None:
            path.with_name("a-rule.cases.yaml").write_text(cases)
        remarks = lint([read_policy(path)])
        return [
            (one.check, one.where.rpartition("/")[2].rpartition(":")[2], one.what, one.fix)
            for one in remarks
        ]

    return run


def test_the_shipped_policies_give_no_cause():
    """Every policy that ships is as we ask others to write theirs."""
    remarks = lint(load_policies([shipped("policies")]))

    assert [(one.where, one.what) for one in remarks] == []


def test_a_good_policy_gives_no_cause(linted):
    """Nothing to say."""
    assert linted() == []


def test_a_column_that_is_not_there_is_named_with_its_line_and_the_near_ones(linted):
    """The line in the file, also within SQL of several lines."""
    wrong = GOOD.replace("has_text(owner)", "has_text(ownr)")
    [(check, line, what, fix)] = linted(wrong)
    assert (check, line, what) == ("bind", "7", "there is no column 'ownr'")
    assert "owner" in fix

    [(check, line, what, fix), *_] = linted(SELECT.replace("trim(owner)", "trim(ownr)"))
    assert (check, line, what) == ("bind", "13", "there is no column 'ownr'")
    assert "owner" in fix


def test_a_table_and_a_function_that_are_not_there(linted):
    """A table by its line; a function with the near one."""
    [(_, line, what, _), *_] = linted(SELECT.replace("registry.model\n", "registry.modle\n"))
    assert (line, what) == ("15", "there is no table 'modle'")

    [(_, line, what, fix), *_] = linted(GOOD.replace("has_text", "has_txt"))
    assert (line, what) == ("7", "`require` calls has_txt(), which is not allowed here")
    assert "has_text" in fix


@pytest.mark.parametrize(
    ("require", "column"),
    [
        ("trim(description) <> ''", "description"),
        ("has_text(owner) and created_at < $now", "created_at"),
        ("risk_tier in (1, 2)", "risk_tier"),
        ("not (description like 'x%')", "description"),
        ("risk_tier between 1 and 2", "risk_tier"),
    ],
)
def test_a_comparison_that_says_nothing_about_a_blank(linted, require, column):
    """Unless it is required, guarded, or a case shows that it is meant."""
    policy = GOOD.replace("require: has_text(owner)", f"require: {require}").replace(
        "when: coalesce(risk_tier, 1) <= $tier\n", ""
    )
    policy = policy.replace("params:\n  tier:", "params:\n  tier_:")
    cases = CASES.replace("- {model: silent, source: other}", "- {model: silent, owner: x}")
    found = [what for check, _, what, _ in linted(policy, cases.replace("unknown", "fail"))]

    assert f"`require` says nothing where {column} is NULL, and no case means it to" in found


@pytest.mark.parametrize(
    "require",
    [
        "coalesce(trim(description) <> '', false)",
        "description is not null and trim(description) <> ''",
        "description is distinct from 'x'",
        "has_text(description)",
        "trim(owner) <> ''",
        "source <> 'x'",
        "exists (select 1 from registry.run as r where r.name = 'x')",
    ],
)
def test_what_is_guarded_required_or_never_blank_is_no_trap(linted, require):
    """`is null`, coalesce, null-safe functions, `requires`, and columns that cannot be null."""
    found = linted(GOOD.replace("require: has_text(owner)", f"require: {require}"))

    assert [one for one in found if one[0] == "null"] == []


def test_a_case_says_that_unknown_is_meant(linted):
    """A subject without the value, and `unknown` expected."""
    policy = GOOD.replace("has_text(owner)", "has_text(owner) and created_at < $now")

    assert [one for one in linted(policy) if one[0] == "null"] == []


def test_a_case_of_sql_that_lets_a_blank_pass(linted):
    """`case when owner = '' ... else 'pass'`: the classic trap; guarded, it is none."""
    [(_, line, what, _)] = [one for one in linted(SELECT, CASES) if one[0] == "null"]
    assert line == "10"
    assert what.startswith("a `case` compares owner, and where it is NULL falls through")

    guarded = SELECT.replace("trim(owner) = ''", "owner is null or trim(owner) = ''")
    assert [one for one in linted(guarded, CASES) if one[0] == "null"] == []


@pytest.mark.parametrize(
    ("before", "after", "check", "what"),
    [
        ("frameworks: [{pack: soc2, ref: CC1.3}]\n", "", "metadata", "no framework is named"),
        ("aliases: [OURS-001]\n", "", "metadata", "there is no alias"),
        (
            ", description: The last tier that is judged.",
            "",
            "metadata",
            "the parameter 'tier' is not described",
        ),
        ("<= $tier", "<= 2", "params", "the parameter 'tier' is used nowhere"),
        ('"{model} has no owner"', "no owner", "reason", "the reason names no column"),
        ("Every model has an owner", "A rule", "title", "the title repeats the id"),
        ("Every model has an owner", "Check the owners of models", "title", "what the policy does"),
        ("Every model has an owner", "Has it an owner?", "title", "the title is no sentence"),
    ],
)
def test_what_is_left_unsaid(linted, before, after, check, what):
    """Metadata, unused parameters, reasons and titles that say nothing."""
    [(found, _, said, fix)] = linted(GOOD.replace(before, after))

    assert (found, what in said, bool(fix)) == (check, True, True)


@pytest.mark.parametrize(
    "policy",
    [
        SELECT.replace("source, model, model as subject", "source, model as subject"),
        GOOD.replace("registry.model", "registry.store").replace("owner", "region")
        .replace("coalesce(risk_tier, 1) <= $tier", "$tier > 0").replace("{model}", "{store}"),
    ],
)  # fmt: skip
def test_a_policy_that_can_stop_no_deploy_and_says_it_does(linted, policy):
    """A gate asks about one model: what names none would pass in silence."""
    stops = [one for one in linted(policy + "gate: {ci: block}\n") if one[0] == "gate"]

    [(_, line, what, fix)] = stops
    assert "stops no deploy" in what
    assert "`model`" in fix
    assert int(line) == policy.count("\n") + 1
    assert [one for one in linted(policy + "gate: {ci: warn}\n") if one[0] == "gate"] == []


def test_a_policy_about_models_may_stop_a_deploy(linted):
    """In rows or as a SELECT."""
    for policy in (GOOD, SELECT):
        assert [one for one in linted(policy + "gate: {ci: block}\n") if one[0] == "gate"] == []


def test_missing_cases(linted):
    """All of them, or a verdict that none shows."""
    assert [(one[0], one[2]) for one in linted(cases=None)] == [("cases", "there are no cases")]
    few = linted(cases=CASES.replace("toy: skip", "toy: pass"))
    assert [(one[0], one[2]) for one in few] == [("cases", "no case shows the verdict 'skip'")]

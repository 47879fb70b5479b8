"""The cases beside a policy: what they prove, and what the runner proves beyond them."""

from __future__ import annotations

import pytest

from quaestor.audit.cases import run_cases
from quaestor.audit.policies import load_policies, read_policy
from quaestor.core.errors import ConfigurationError
from quaestor.core.shipped import shipped

HEAD = """
title: A rule
severity: low
why: Because.
remedy: {text: Do.}
source: A book
"""
OWNER = HEAD + (
    "subject: registry.model\nwhen: risk_tier <= 2\nrequires: [owner]\n"
    'require: has_text(owner)\nreason: "{model} has no owner"\n'
)
GOOD = """
- name: an owner passes
  given: {registry.model: [{model: churn, owner: ada, risk_tier: 1}]}
  expect: {churn: pass}
- name: blanks are no owner
  given: {registry.model: [{model: churn, owner: " ", risk_tier: 1}]}
  expect: {churn: fail}
- name: a registry without owners
  given:
    registry.model: [{model: churn, risk_tier: 1}]
    registry.evidence: [{field: owner, supplied: false}]
  expect: {churn: unknown}
- name: tier 3
  given: {registry.model: [{model: toy, risk_tier: 3}]}
  expect: {toy: skip}
"""


@pytest.fixture
def tried(tmp_path):
    """Write a policy and its cases, run them, and return what went wrong: (case, what)."""

    def run(policy, cases):
        path = tmp_path / "own" / "a-rule.yaml"
        path.parent.mkdir(exist_ok=True)
        path.write_text(policy)
        if cases is not None:
            path.with_name("a-rule.cases.yaml").write_text(cases)
        [report] = run_cases([read_policy(path)])
        return [(failure.case, failure.what) for failure in report.failures]

    return run


def test_the_shipped_policies_keep_their_cases():
    """Every policy, every case, every removal, every verdict."""
    reports = run_cases(load_policies([shipped("policies")]))

    assert [(one.policy, one.failures) for one in reports if one.failures] == []
    assert sum(one.cases for one in reports) > 80


def test_good_cases_hold(tried):
    """Nothing to say."""
    assert tried(OWNER, GOOD) == []


def test_a_wrong_expectation_names_case_subject_and_difference(tried):
    """The reader sees what was expected, what came, and why."""
    wrong = GOOD.replace("expect: {churn: fail}", "expect: {churn: pass}")

    assert tried(OWNER, wrong) == [
        (
            "blanks are no owner",
            "churn: expected pass, got fail (churn has no owner (owner is blank in registry))",
        ),
        (None, "no case shows the verdict 'fail'"),
    ]


def test_a_subject_too_many_or_too_few_is_a_difference(tried):
    """A case says what happens to everything that is given."""
    wrong = GOOD.replace("expect: {toy: skip}", "expect: {toys: skip}")

    assert tried(OWNER, wrong) == [
        (
            "tier 3",
            "toy: expected no verdict, got skip (the rule is for risk_tier <= 2)",
        ),
        ("tier 3", "toys: expected skip, got no verdict"),
    ]


@pytest.mark.parametrize(
    ("verdict", "name"),
    [("pass", "an owner passes"), ("unknown", "a registry without"), ("skip", "tier 3")],
)
def test_every_verdict_must_be_shown(tried, verdict, name):
    """A verdict that no case shows is a verdict that nobody tried."""
    kept = [part for part in GOOD.split("\n- ") if part.strip() and f"name: {name}" not in part]
    cases = "".join(f"- {part.removeprefix('- ').strip()}\n" for part in kept)

    assert (None, f"no case shows the verdict '{verdict}'") in tried(OWNER, cases)


def test_a_rule_that_passes_without_its_evidence_is_found_out(tried):
    """The classic trap: `owner <> ''` is not what is judged when `requires` names another field."""
    policy = HEAD + (
        "requires: [model.owner]\n"
        "sql: |\n  select source, model, model as subject,\n"
        "    case when owner = '' then 'fail' when model = 'x' then 'unknown' else 'pass' end\n"
        "      as verdict,\n"
        "    'no owner' as reason, null as at_stake_per_month, null as evidence\n"
        "  from registry.model\n"
    )
    cases = """
- name: an owner passes
  given: {registry.model: [{model: churn, owner: ada}]}
  expect: {churn: pass}
- name: the rest
  given: {registry.model: [{model: churn, owner: ""}, {model: x, owner: null}]}
  expect: {churn: fail, x: unknown}
"""
    [(case, what), _] = tried(policy, cases)

    assert case == "an owner passes"
    assert what.startswith("without model.owner (the source could say it) churn: expected unknown")
    assert "got pass" in what


def test_a_whole_table_can_be_required(tried):
    """`requires: [grant]`: without any grant, and from a source that lists none, nobody knows."""
    policy = HEAD + (
        "requires: [grant]\n"
        "sql: |\n  select source, null as model, principal as subject, "
        "if(principal = 'bot', 'pass', 'fail') as verdict, null as reason, "
        "null as at_stake_per_month, null as evidence from registry.grant\n{silent}"
    )
    silent = (
        "  union all select source, null, source, 'unknown', null, null, null from registry.model\n"
        "  where not supplies(source, 'grant')\n"
    )
    cases = """
- name: a bot
  given: {registry.model: [{model: m}], registry.grant: [{subject: m, principal: bot, right: x}]}
  expect: {bot: pass}
- name: a person
  given: {registry.grant: [{subject: m, principal: ada, right: x}]}
  expect: {ada: fail}
- name: nobody knows
  given: {registry.model: [{model: m}], registry.evidence: [{field: grant, supplied: false}]}
  expect: {registry: unknown}
"""
    assert tried(policy.replace("{silent}", silent), cases) == []
    without = tried(policy.replace("{silent}", ""), cases)
    assert ("a bot" in [case for case, _ in without]) is True


def test_a_broken_policy_fails_its_cases_with_the_message(tried):
    """An unknown column: file, line, column and the near ones."""
    failures = tried(OWNER.replace("has_text(owner)", "has_text(ownr)"), GOOD)

    assert "a-rule.yaml:10; there is no column 'ownr'; Did you mean owner" in failures[0][1]


def test_a_policy_without_cases_fails(tried):
    """Two files, or none."""
    assert tried(OWNER, None) == [(None, "the policy has no cases")]


@pytest.mark.parametrize(
    ("cases", "message", "fix"),
    [
        (GOOD.replace("registry.model:", "registry.modle:"), "no table 'registry.modle'", "model"),
        (GOOD.replace("owner: ada", "ownr: ada"), "no column 'ownr' in registry.model", "owner"),
        (GOOD.replace("risk_tier: 1", "risk_tier: high"), "a row of registry.model", "Correct"),
        (GOOD.replace("churn: pass", "churn: passed"), "passed", None),
        (
            GOOD.replace("expect: {churn: pass}", "expects: {churn: pass}"),
            "key 'expects'",
            "expect",
        ),
        (
            GOOD.replace("[{model: churn, owner: ada, risk_tier: 1}]", "{model: churn}"),
            "array",
            None,
        ),
        (GOOD + "  params: {days: 3}\n", "no parameter 'days'", None),
        (GOOD.replace("{model: toy, risk_tier: 3}", "{model: t}, {model: t}"), "a row of", "key"),
    ],
)
def test_malformed_cases_are_the_authors_mistake(tried, cases, message, fix):
    """File, line and remedy, and exit code 2: not a case that failed."""
    with pytest.raises(ConfigurationError, match=message) as wrong:
        tried(OWNER, cases)

    assert "a-rule.cases.yaml:" in (wrong.value.where or "")
    assert (fix or "") in (wrong.value.fix or "")


def test_requires_must_name_something(tried):
    """A path that is no column cannot be taken away, so it would prove nothing."""
    policy = HEAD + (
        "requires: [run.git_comit]\nsql: select model as subject, 'pass' as verdict, null as "
        "reason, null as at_stake_per_month, null as evidence from registry.model\n"
    )
    with pytest.raises(ConfigurationError, match=r"'run\.git_comit', which is no") as wrong:
        tried(policy, "- {name: x, given: {registry.model: [{model: m}]}, expect: {m: pass}}\n")

    assert "run.git_commit" in (wrong.value.fix or "")


def test_a_case_has_its_own_clock_and_parameters(tried):
    """`now` and `params` are a case's; both have defaults."""
    policy = HEAD + (
        "subject: registry.model\nrequire: created_at > $now - to_days($days)\nreason: old\n"
        "params: {days: {type: integer, default: 14, min: 1, max: 365}}\n"
    )
    cases = """
- name: two weeks before the usual day
  given:
    registry.model:
      - {model: new, created_at: 2026-11-08}
      - {model: old, created_at: 2026-11-07}
  expect: {new: pass, old: fail}
- name: another day, another limit
  now: 2027-01-10T00:00:00Z
  params: {days: 3}
  given:
    registry.model:
      - {model: new, created_at: 2027-01-08}
      - {model: old, created_at: 2027-01-07}
  expect: {new: pass, old: fail}
"""
    assert tried(policy, cases) == []


def test_money_in_a_case_keeps_its_digits(tried):
    """A float in YAML is text on its way into a column of money."""
    policy = (
        HEAD + "subject: ledger.budget\nrequire: spent = 0.1::decimal(38, 20)\nreason: no money\n"
    )
    cases = """
- name: a tenth is a tenth
  given:
    ledger.budget:
      - {month: 2026-11-01, budget: a, spent: 0.1}
      - {month: 2026-11-01, budget: b, spent: 0.2}
  expect: {a: pass, b: fail}
"""
    assert tried(policy, cases) == []

"""Parameters by risk tier: what `by_tier` says holds for the models of that tier, and no others."""

from __future__ import annotations

import pytest

from builders.rows import insert
from quaestor.audit.evaluate import evaluate
from quaestor.audit.policies import load_policies, read_policy, settled_params
from quaestor.audit.rules import rules_of
from quaestor.core.errors import ConfigurationError
from quaestor.core.period import utc
from quaestor.warehouse.duckdb import Warehouse

NOW = utc("2026-11-21T06:00")
HEAD = """
title: A rule
severity: low
why: Because.
remedy: {text: Do.}
source: A book
params: {days: {type: integer, default: 30, min: 1, max: 365}}
"""
ROWWISE = HEAD + (
    "subject: registry.model\nrequire: created_at > $now - to_days($days)\n"
    'reason: "{model} is older than {days} days"\n'
)
SELECT = HEAD + (
    "sql: |\n  select source, model, model as subject, null as at_stake_per_month,\n"
    "    if(created_at > $now - to_days($days), 'pass', 'fail') as verdict,\n"
    "    'older than ' || $days || ' days' as reason, null as evidence\n"
    "  from registry.model\n"
)


@pytest.fixture
def written(tmp_path):
    """Write files of policies and return their folders."""

    def write(**texts):
        for place, text in texts.items():
            path = tmp_path / place / "own" / "a-rule.yaml"
            path.parent.mkdir(parents=True)
            path.write_text(text)
        return [tmp_path / place for place in texts]

    return write


@pytest.fixture
def warehouse():
    """Models of 20 days in every tier, of none, and one that two registries tier differently."""
    with Warehouse(":memory:") as opened:
        for source, model, tier in (
            ("r", "first", 1),
            ("r", "second", 2),
            ("r", "third", 3),
            ("r", "blank", None),
            ("r", "both", 3),
            ("s", "both", 1),
        ):
            row = {"source": source, "model": model, "risk_tier": tier}
            insert(opened, "registry.model", created_at="2026-11-01", **row)
        yield opened


def verdicts(warehouse, policies, params):
    """Return source, subject, verdict and reason of each finding, in order."""
    findings = evaluate(warehouse, policies, params=params, now=NOW)
    return [(one.source, one.subject, one.verdict.value, one.reason) for one in findings]


@pytest.mark.parametrize("text", [ROWWISE, SELECT], ids=["rowwise", "select"])
def test_each_tier_is_held_to_its_own_value(warehouse, written, text):
    """Blank counts as 1, and so does the strictest word of two registries; each stands once."""
    policies = load_policies(written(rules=text))
    found = verdicts(warehouse, policies, {"a-rule": {"by_tier": {1: {"days": 14}}}})

    assert [(source, subject, verdict) for source, subject, verdict, _ in found] == [
        ("r", "blank", "fail"),
        ("r", "both", "fail"),
        ("r", "first", "fail"),
        ("r", "second", "pass"),
        ("r", "third", "pass"),
        ("s", "both", "fail"),
    ]
    assert "14 days" in found[0][3]


def test_all_tiers_may_have_their_own(warehouse, written):
    """The usual value is for the tiers that are not named."""
    policies = load_policies(written(rules=ROWWISE))
    params = {"days": 10, "by_tier": {2: {"days": 90}, 3: {"days": 365}}}
    found = verdicts(warehouse, policies, {"a-rule": params})

    assert [subject for _, subject, verdict, _ in found if verdict == "fail"] == [
        "blank",
        "both",
        "first",
        "both",
    ]


def test_an_organisation_may_tighten_a_tier(warehouse, written):
    """In its adjusting file; a repository's usual value does not loosen it, its own tier does."""
    places = written(builtin=ROWWISE, ours="params: {by_tier: {1: {days: 14}}}\n")
    policies = load_policies(places)

    def failing(params):
        return [one[1] for one in verdicts(warehouse, policies, params) if one[2] == "fail"]

    assert failing({}) == ["blank", "both", "first", "both"]
    assert failing({"a-rule": {"days": 25}}) == ["blank", "both", "first", "both"]
    assert failing({"a-rule": {"by_tier": {1: {"days": 25}}}}) == []


def test_what_was_asked_is_told_by_tier(written):
    """Recorded as a mapping where tiers differ, and in the rules of a gate's formats."""
    policies = load_policies(written(rules=ROWWISE))
    params = {"a-rule": {"by_tier": {1: {"days": 14}}}}

    assert settled_params(policies, params) == {"a-rule": {"days": {"1": 14, "2": 30, "3": 30}}}
    assert settled_params(policies, {}) == {"a-rule": {"days": 30}}
    [rule] = rules_of(policies, params)
    assert rule.params == {"days": {"1": 14, "2": 30, "3": 30}}


@pytest.mark.parametrize(
    ("by_tier", "message", "fix"),
    [
        ({4: {"days": 3}}, "no values for a risk tier: 4", "the tiers are 1, 2 and 3"),
        ({"1": {"days": 3}}, "no values for a risk tier: '1'", "by_tier"),
        ({True: {"days": 3}}, "no values for a risk tier: True", "by_tier"),
        ({1: 14}, "no values for a risk tier: 1", "NAME: VALUE"),
        ([14], "`by_tier` is no mapping", "NAME: VALUE"),
        ({1: {"day": 3}}, "no parameter 'day'", "days"),
        ({1: {"days": 0}}, "must be at least 1, got 0", "policy show"),
        ({1: {"days": "3"}}, "must be of type integer", "policy show"),
    ],
)
def test_a_tier_is_checked_like_any_value(warehouse, written, by_tier, message, fix):
    """Typed and bounded, and unknown names get a suggestion."""
    policies = load_policies(written(rules=ROWWISE))
    with pytest.raises(ConfigurationError, match=message) as wrong:
        verdicts(warehouse, policies, {"a-rule": {"by_tier": by_tier}})

    assert fix in (wrong.value.fix or "")
    assert "params.a-rule" in (wrong.value.where or "")


def test_a_wrong_tier_in_an_organisations_file_names_its_line(written):
    """File and line, as for every other value."""
    places = written(builtin=ROWWISE, ours="params:\n  by_tier: {1: {days: 999}}\n")
    with pytest.raises(ConfigurationError, match="at most 365") as wrong:
        load_policies(places)

    assert "ours/own/a-rule.yaml:2" in (wrong.value.where or "")


def test_no_parameter_may_be_called_by_tier(written):
    """The word is taken."""
    [place] = written(rules=ROWWISE.replace("days:", "by_tier:"))
    with pytest.raises(ConfigurationError, match="not `now` or `by_tier`"):
        read_policy(place / "own" / "a-rule.yaml")

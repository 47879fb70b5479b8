"""The shipped policies against the catalogue: what comes first is there, once, and complete."""

from __future__ import annotations

import re
from collections import Counter

import pytest

from quaestor.audit.evaluate import evaluate
from quaestor.audit.policies import load_policies
from quaestor.core.period import utc
from quaestor.core.shipped import shipped
from quaestor.normalise.registry import settle, state_evidence
from quaestor.normalise.registry_mlflow import supplied
from quaestor.warehouse.duckdb import Warehouse

# The rules that a gate cannot do without, by family: the numbers of ML-<FAMILY>-<number>.
FIRST = {
    "ACC": (1, 2, 5, 8, 9),
    "APR": (1, 2, 3, 5, 8),
    "DEP": (1, 2, 3, 4, 6),
    "FIN": (1, 2, 3, 4, 5, 6, 8, 11, 14),
    "LIF": (1,),
    "LIN": (1, 2, 4, 7),
    "MON": (1, 3),
    "OWN": (1, 3, 4, 6, 9),
    "REG": (1, 2, 4, 5, 6, 8),
    "SUP": (1, 2, 3, 5, 6, 7),
    "VAL": (1, 2, 3, 5, 6, 10),
    "VER": (1, 2, 4, 6),
}
ALIASES = [f"ML-{family}-{number:03}" for family, ones in FIRST.items() for number in ones]
# Families whose every rule ships: how many there are.
WHOLE = {
    "OWN": 9, "VER": 9, "LIN": 9, "ACC": 9, "VAL": 10, "APR": 8, "MON": 8, "DEP": 10, "FIN": 15,
    "REG": 14, "SUP": 10, "LIF": 8,
}  # fmt: skip
FOLDERS = {"ownership", "versioning", "lineage", "validation", "regulatory"}


@pytest.fixture(scope="module")
def policies():
    """The shipped policies."""
    return load_policies([shipped("policies")])


def aliases_of(policies):
    """Return how often each alias stands."""
    return Counter(alias for policy in policies for alias in policy.says.aliases)


@pytest.mark.parametrize("alias", ALIASES)
def test_every_rule_that_comes_first_ships_once(policies, alias):
    """A gate without one of these is no gate; two policies under one name are none either."""
    assert aliases_of(policies)[alias] == 1


@pytest.mark.parametrize(("family", "rules"), WHOLE.items())
def test_a_whole_family_ships_without_gaps(policies, family, rules):
    """What is documented is policy by policy in the files, from the first number to the last."""
    wanted = {f"ML-{family}-{number:03}" for number in range(1, rules + 1)}

    named = {alias for alias in aliases_of(policies) if re.match(rf"ML-{family}-\d+$", alias)}

    assert named == wanted


def test_every_policy_says_why_whence_and_what_to_do(policies):
    """Cases, reason, remedy, source and frameworks: a finding without them convinces nobody."""
    lacking = [
        policy.id
        for policy in policies
        if not (
            policy.cases_path.is_file()
            and policy.says.why.strip()
            and policy.says.remedy.text.strip()
            and policy.says.source.strip()
            and policy.says.frameworks
            and policy.says.aliases
        )
    ]

    assert lacking == []


def test_every_remedy_has_a_command(policies):
    """Whoever reads the finding shall not have to look up how to mend it."""
    assert [policy.id for policy in policies if not policy.says.remedy.commands] == []


def test_every_parameter_says_what_it_means(policies):
    """Its name alone gives neither unit nor effect."""
    silent = [
        f"{policy.id}.{name}"
        for policy in policies
        for name, param in policy.says.params.items()
        if not param.description.strip()
    ]

    assert silent == []


@pytest.fixture(scope="module")
def plain(policies):
    """What is said of a production version in MLflow that nobody ever gave a tag gov.*."""
    with Warehouse(":memory:") as warehouse:
        warehouse.run(
            "insert into registry.stated_model (source, model, tags, from_file) "
            "values ('mlflow', 'churn', '{}', false)"
        )
        warehouse.run(
            """
            insert into registry.stated_model_version (
                source, model, version, lifecycle, run_id, created_at, artifact_uri, metrics,
                tags, from_file
            ) values (
                'mlflow', 'churn', '7', 'production', 'r1', '2026-11-01', 's3://models/churn/7',
                '{"auc": 0.9}', '{}', false
            )
            """
        )
        warehouse.run(
            "insert into registry.run (source, run_id, git_commit, params, ended_at) "
            "values ('mlflow', 'r1', '4f2c9a1', '{\"depth\": \"6\"}', '2026-10-31')"
        )
        state_evidence(warehouse, "mlflow", supplied(warehouse, grants=False))
        settle(warehouse)
        return evaluate(warehouse, policies, params={}, now=utc("2026-11-21T00:00"))


def test_a_registry_without_tags_drowns_nobody(plain):
    """What MLflow could have said and does not is a violation; nothing of it is `unknown`."""
    mine = [finding for finding in plain if finding.family in FOLDERS]

    assert [finding.policy for finding in mine if finding.verdict.value == "unknown"] == []
    assert [finding.policy for finding in mine if finding.verdict.value == "error"] == []


def test_what_a_registry_cannot_tell_is_asked_once(plain):
    """Of grants alone a plain MLflow has no word: that is said of the registry, not of models."""
    unknown = {(one.policy, one.subject) for one in plain if one.verdict.value == "unknown"}

    assert unknown == {("person-may-move-production", "mlflow"), ("public-registry", "mlflow")}
    assert [one.policy for one in plain if one.verdict.value == "error"] == []


def test_what_concerns_special_models_leaves_the_others_alone(plain):
    """Of high risk, generative, fine-tuned, bought and bank models a blank says: it is none."""
    skipped = {finding.policy for finding in plain if finding.verdict.value == "skip"}

    assert skipped >= {
        "accuracy-not-declared", "artifact-not-scanned", "base-model-not-pinned",
        "base-model-unidentified", "emergency-not-reviewed", "incident-open",
        "license-not-allowed", "remote-code-not-reviewed", "supplier-record-incomplete",
        "unsafe-serialisation", "explanation-missing",
        "fairness-not-within-limit", "generative-without-safety-evaluation",
        "impact-assessment-missing", "instructions-not-published", "model-not-validated",
        "no-monitoring-plan", "not-in-eu-database", "oversight-not-named",
        "risk-file-not-reviewed", "robustness-not-tested", "supplier-undocumented",
        "technical-documentation-incomplete",
    }  # fmt: skip

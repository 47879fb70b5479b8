"""What the formats of a gate tell beside the verdict: rules, kinds of registries, places."""

from __future__ import annotations

import pytest

from builders.findings import a_finding
from builders.rows import insert
from quaestor.audit.policies import load_policies
from quaestor.audit.rules import beside, model_places, rules_of
from quaestor.core.config import Config
from quaestor.core.shipped import shipped
from quaestor.core.sources import FilesSource, KubernetesSource, MlflowSource, ModelGovSource
from quaestor.core.sources.aws import SageMakerRegistrySource
from quaestor.core.verdict import Verdict
from quaestor.warehouse.duckdb import Warehouse

POLICIES = load_policies([shipped("policies")])


@pytest.fixture
def warehouse():
    with Warehouse(":memory:") as opened:
        yield opened


def model(warehouse, source, name, definition):
    insert(warehouse, "registry.model", source=source, model=name, definition=definition)


def test_every_policy_that_ships_is_told_as_its_file_says():
    """Title, remedy, commands, frameworks with their names, and its SQL."""
    rules = {rule.id: rule for rule in rules_of(POLICIES, {})}
    owner = rules["model-without-owner"]

    assert set(rules) == {policy.id for policy in POLICIES}
    assert (owner.subject, owner.blocking, owner.severity.value) == ("registry.model", True, "high")
    assert "mlflow" in {registry for registry, _ in owner.commands}
    assert ("EU AI Act (Regulation 2024/1689)", "17(1)(m)") in owner.frameworks
    assert {key for key, _ in owner.texts} == {"when", "require"}


def test_a_rule_is_told_with_the_values_it_was_asked_with():
    """The user's before the default; of risk tiers each its own."""
    with_params = next(
        policy
        for policy in POLICIES
        if any(param.type == "integer" for param in policy.says.params.values())
    )
    name, param = next(
        (name, param) for name, param in with_params.says.params.items() if param.type == "integer"
    )
    usual = rules_of([with_params], {})[0].params[name]
    chosen = rules_of([with_params], {with_params.id: {name: param.max}})[0].params[name]
    tiers = {with_params.id: {name: param.max, "by_tier": {1: {name: param.min}}}}

    assert (usual if isinstance(usual, int) else param.default) == param.default
    assert chosen == param.max or chosen["3"] == param.max
    assert rules_of([with_params], tiers)[0].params[name]["1"] == param.min


def test_a_source_has_the_kind_that_commands_are_written_for(warehouse):
    """A remedy for MLflow helps whoever exported MLflow into a file."""
    config = Config(
        sources=(
            MlflowSource(name="live", uri="http://127.0.0.1:9"),
            FilesSource(name="exported", path="x", schema="mlflow-export"),
            FilesSource(name="bills", path="x"),
            ModelGovSource(name="git", path="x"),
            KubernetesSource(name="prod", context="prod"),
            SageMakerRegistrySource(name="packages", region="eu-central-1"),
        )
    )

    assert beside(warehouse, config, [], policies=[], params={})["registries"] == {
        "live": "mlflow",
        "exported": "mlflow",
        "bills": "files",
        "git": "model-gov",
        "prod": "kubernetes",
        "packages": "sagemaker",
    }


def test_a_model_stands_in_its_model_gov_yaml_before_its_card(warehouse):
    """Whatever its sources are called."""
    model(warehouse, "a-cards", "churn", "cards/churn/README.md:1")
    model(warehouse, "git", "churn", "models/churn/model.gov.yaml:4")
    model(warehouse, "a-cards", "fraud", "cards/fraud/README.md:1")
    model(warehouse, "registry", "ranker", None)
    findings = [a_finding(model=name) for name in ("churn", "fraud", "ranker")]

    assert model_places(warehouse, findings) == {
        ("registry.model", "churn"): "models/churn/model.gov.yaml:4",
        ("registry.model", "fraud"): "cards/fraud/README.md:1",
    }


def test_only_models_with_something_to_tell_are_looked_up(warehouse):
    """Ten thousand clean models cost nothing."""
    model(warehouse, "git", "churn", "models/churn/model.gov.yaml:4")
    clean = [a_finding(verdict=verdict) for verdict in (Verdict.PASS, Verdict.SKIP)]

    assert model_places(warehouse, clean) == {}

"""Policies that are not asked about a model, because none of their rows is of it."""

from __future__ import annotations

import pytest

from builders.rows import insert
from quaestor.audit.case_warehouse import CaseWarehouse
from quaestor.audit.cases import read_cases
from quaestor.audit.catalogue import models_of
from quaestor.audit.compile import Compiled
from quaestor.audit.evaluate import Target, evaluate
from quaestor.audit.policies import load_policies, read_policy
from quaestor.audit.silent import silent
from quaestor.core.period import utc
from quaestor.core.shipped import shipped
from quaestor.warehouse.duckdb import Warehouse
from quaestor.warehouse.sandbox import Sandbox, SandboxError

NOW = utc("2026-11-21T06:00")
SHIPPED = load_policies([shipped("policies")])
DEPLOYED = {"endpoint-not-logged", "artifact-not-approved", "shadow-model"}  # of both forms


def test_every_model_that_a_case_speaks_of_stands_where_the_catalogue_says():
    """For each SELECT that ships and each of its cases: what is not asked has nothing to say."""
    seen = 0
    with CaseWarehouse() as warehouse:
        for policy in SHIPPED:
            places = models_of(policy.says.sql) if policy.says.sql else None
            if places is None:
                continue
            for case in read_cases(policy)[0]:
                said = warehouse.judge(policy, case.given, params=case.params, now=NOW)
                held = {
                    row.get(place.rpartition(".")[2])
                    for place in places
                    for row in case.given.get(place.rpartition(".")[0], ())
                }
                assert {one.model for one in said} <= {None, *held}, f"{policy.id}: {case.name}"
                seen += len(said)

    assert seen > 100


@pytest.fixture
def warehouse(tmp_path):
    """The file of two models, of which one is served."""
    path = tmp_path / "warehouse.duckdb"
    with Warehouse(path) as written:
        for model in ("churn", "fraud"):
            insert(written, "registry.model", source="r", model=model)
            insert(written, "registry.model_version", source="r", model=model, version="7")
        insert(
            written, "registry.deployment", source="r", model="fraud", version="7", deployment="d"
        )
    return path


def quiet_about(warehouse, model, policies=SHIPPED):
    """Return the policies that are not asked about a model."""
    sound = {policy.id: Compiled(sql="", tables=frozenset(), parameters=frozenset())
             for policy in policies}  # fmt: skip
    with Warehouse(warehouse, read_only=True) as opened, Sandbox(opened) as sandbox:
        return silent(sandbox, policies, sound, model)


def test_a_model_that_nothing_serves_is_not_asked_about_its_deployments(warehouse):
    """Rules about deployments are not asked about churn, and all are about fraud."""
    assert quiet_about(warehouse, "churn") >= DEPLOYED
    assert not quiet_about(warehouse, "fraud") & DEPLOYED
    assert "model-without-owner" not in quiet_about(warehouse, "churn")


def test_the_answers_are_the_same_as_if_all_were_asked(warehouse, monkeypatch):
    """It is an economy and no more."""
    targets = [Target(model, "7") for model in ("churn", "fraud")]

    def answers():
        return [evaluate_of(warehouse, target) for target in targets]

    spared = answers()
    monkeypatch.setattr("quaestor.audit.evaluate.silent", lambda *_: frozenset())

    assert spared == answers()


def test_if_the_look_takes_too_long_all_are_asked(warehouse, monkeypatch):
    """A look at a table that is stopped is no verdict, and hides none."""
    target = Target("churn", "7")
    spared = evaluate_of(warehouse, target)

    def stopped(*_):
        raise SandboxError("was stopped")

    monkeypatch.setattr(Sandbox, "holding", stopped)

    assert evaluate_of(warehouse, target) == spared


def test_somebody_elses_rule_with_a_shipped_text_is_asked(tmp_path, warehouse):
    """Its rows may have no such column, and then it is broken and says so."""
    path = tmp_path / "own" / "mine.yaml"
    path.parent.mkdir()
    [theirs] = [one for one in SHIPPED if one.id == "model-without-owner"]
    text = theirs.path.read_text()
    path.write_text(text.replace("registry.model", "registry.deployment").split("aliases")[0])

    assert quiet_about(warehouse, "churn", [read_policy(path)]) == frozenset()


def test_a_rule_whose_parameters_are_set_is_asked(warehouse):
    """What somebody set may break it, and then it is an error for every model."""
    params = {"region-not-allowed": {"allowed_regions": "restricted: eu-*"}}
    seen = []

    def silent_about(sandbox, policies, sound, model):
        seen.append({one.id for one in policies})
        return silent(sandbox, policies, sound, model)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("quaestor.audit.evaluate.silent", silent_about)
        evaluate_of(warehouse, Target("churn", "7"), params)

    assert seen == [{one.id for one in SHIPPED} - {"region-not-allowed"}]


def evaluate_of(path, target, params=None):
    """Return the findings about a target, the warehouse opened anew."""
    with Warehouse(path, read_only=True) as opened:
        return evaluate(opened, SHIPPED, params=params or {}, now=NOW, target=target)

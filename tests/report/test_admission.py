"""The admission policy says in a cluster what the gate said of the versions."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import celpy
import pytest
import yaml
from celpy import celtypes

from builders.findings import a_finding
from builders.rows import insert
from quaestor.audit.record import record
from quaestor.core.errors import IncompleteError, NothingEvaluatedError
from quaestor.core.run_summary import Decision, Outcome, RunSummary
from quaestor.core.verdict import Severity, Verdict
from quaestor.report.admission import Version, Wanted, admission, production_versions
from quaestor.warehouse.duckdb import Warehouse

WANTED = Wanted(name="approved", namespace="gov", actions=("Deny",), namespace_label=None)
APPROVED = (
    Version("mlflow", "churn", "7", "sha256:4f1c", 9, ()),
    Version("mlflow", "churn", "8", "sha256:4f1c", 9, ()),
    Version("mlflow", "fraud", "1", "sha256:beef", 9, ("model-without-owner",)),
)
METADATA = {
    "labels": {"gov.model": "churn", "gov.model_version": "7"},
    "annotations": {"gov.artifact_digest": "sha256:4f1c"},
}


@pytest.fixture
def warehouse():
    """A warehouse with one version in production."""
    with Warehouse(":memory:") as made:
        insert(
            made, "registry.model_version", source="mlflow", model="churn", version="7",
            lifecycle="production", artifact_digest="sha256:4f1c",
        )  # fmt: skip
        insert(
            made, "registry.deployment", source="k8s", deployment="prod/churn-api", model="churn",
            version="7",
        )  # fmt: skip
        yield made


def audited(warehouse: Warehouse, *findings: Any) -> dict[str, Version]:
    """The versions after an audit with these findings, and one that passes."""
    passed = a_finding("artifact-digest-missing", "churn:7", verdict=Verdict.PASS)
    summary = RunSummary(
        kind="audit",
        targets=(),
        decision=Decision(Outcome.PASSED, 0, (), ()),
        findings=(passed, *findings),
        blind_spots=(),
        fail_on=Severity.HIGH,
        audited_at=datetime(2026, 11, 21),
        evidence_at=None,
        currency="USD",
        configuration="quaestor.yaml",
        version="0.1.0",
    )
    record(warehouse, summary, config_digest="00")
    return {one.name: one for one in production_versions(warehouse, Severity.HIGH)}


def test_a_version_that_the_audit_let_run_is_approved(warehouse):
    """Nothing stands against it, and it has a digest."""
    assert audited(warehouse)["churn:7"].objection is None


@pytest.mark.parametrize(
    ("finding", "stands"),
    [
        (a_finding("model-without-owner", "churn"), True),
        (a_finding("approver-is-author", "churn:7"), True),
        (a_finding("public-endpoint", "prod/churn-api"), True),
        (a_finding("approver-is-author", "churn:7", verdict=Verdict.UNKNOWN), True),
        (a_finding("approver-is-author", "churn:7", verdict=Verdict.ERROR), True),
        (a_finding("approver-is-author", "churn:7", verdict=Verdict.WAIVED), False),
        (a_finding("approver-is-author", "churn:7", severity=Severity.MEDIUM), False),
        (a_finding("approver-is-author", "churn:7", blocking=False), False),
        (a_finding("approver-is-author", "churn:6"), False),
        (a_finding("public-endpoint", "prod/other-api"), False),
    ],
)
def test_what_closes_the_gate_keeps_a_version_out(warehouse, finding, stands):
    """Of itself, its model and its deployments; not of another version, nor what is waived."""
    against = audited(warehouse, finding)["churn:7"].against
    assert against == ((finding.policy,) if stands else ())


def test_without_an_audit_nobody_knows(warehouse):
    """A warehouse that was never audited approves nothing and says what to do."""
    with pytest.raises(IncompleteError, match="no audit is recorded"):
        production_versions(warehouse, Severity.HIGH)


def test_a_version_that_nobody_judged_is_not_approved(warehouse):
    """An audit of other models is no word on this one."""
    insert(
        warehouse, "registry.model_version", source="mlflow", model="new", version="1",
        lifecycle="production", artifact_digest="sha256:aa",
    )  # fmt: skip
    assert {name: one.objection for name, one in audited(warehouse).items()} == {
        "churn:7": None,
        "new:1": "the last audit has no verdict on it",
    }


def test_one_digest_may_be_of_several_versions():
    """The parameter has a digest once, with every version that it is approved for."""
    parameter, policy, binding = yaml.safe_load_all(admission(APPROVED, WANTED))

    assert parameter["data"] == {"sha256-4f1c": "churn:7\nchurn:8"}
    assert policy["spec"]["paramKind"] == {"apiVersion": "v1", "kind": "ConfigMap"}
    assert binding["spec"]["policyName"] == policy["metadata"]["name"] == "approved"
    assert binding["spec"]["paramRef"] == {
        "name": "approved",
        "namespace": "gov",
        "parameterNotFoundAction": "Deny",
    }


def test_no_policy_that_refuses_everything_is_written():
    """Where no version is approved, there is an error and no policy."""
    with pytest.raises(NothingEvaluatedError, match="refuse every model"):
        admission(APPROVED[2:], WANTED)


def test_a_digest_that_no_configmap_takes_is_not_approved():
    """A slash or a quote in a digest approves nothing, and breaks no YAML."""
    version = Version("mlflow", "churn", "7", 'sha256:"/', 9, ())

    assert version.objection == "its digest is no word with digits"


# What Kubernetes adds to CEL's own functions, as its documentation has them.
FUNCTIONS = {
    "replace": lambda text, old, new: celtypes.StringType(text.replace(old, new)),
    "split": lambda text, mark: celtypes.ListType(map(celtypes.StringType, text.split(mark))),
}


def refusals(workload: dict[str, Any]) -> list[str] | None:
    """What the policy says to a workload; None: it is none of its business."""
    parameter, policy, _ = yaml.safe_load_all(admission(APPROVED, WANTED))
    spec = policy["spec"]
    names = {
        "object": celpy.json_to_cel(workload),
        "params": celpy.json_to_cel(parameter),
        "variables": celtypes.MapType(),
    }

    def value(expression: str) -> Any:
        environment = celpy.Environment()
        program = environment.program(environment.compile(expression), functions=FUNCTIONS)
        return program.evaluate(names)

    if not all(value(one["expression"]) for one in spec["matchConditions"]):
        return None
    for one in spec["variables"]:
        names["variables"][celtypes.StringType(one["name"])] = value(one["expression"])
    return [one["message"] for one in spec["validations"] if not value(one["expression"])]


@pytest.mark.parametrize(
    ("workload", "refused"),
    [
        ({"metadata": METADATA, "spec": {}}, []),
        ({"metadata": {}, "spec": {"template": {"metadata": METADATA}}}, []),
        ({"metadata": {**METADATA, "annotations": {}}, "spec": {}}, ["must name the digest"]),
        (
            {"metadata": {**METADATA, "annotations": {"gov.artifact_digest": "sha256:beef"}},
             "spec": {}},
            ["not one that the last audit approved", "approved for another model"],
        ),
        (
            {"metadata": {**METADATA,
                          "labels": {"gov.model": "fraud", "gov.model_version": "7"}}, "spec": {}},
            ["approved for another model"],
        ),
        (
            {"metadata": METADATA,
             "spec": {"template": {"metadata": {
                 "annotations": {"gov.artifact_digest": "sha256:beef"}}}}},
            ["not one that the last audit approved", "approved for another model"],
        ),
    ],
    ids=["approved", "approved by its pods", "no digest", "another digest", "another model",
         "pods of another digest"],
)  # fmt: skip
def test_a_cluster_admits_what_was_approved_and_nothing_else(workload, refused):
    """The expressions themselves, evaluated: the digest must be approved, for that model."""
    said = refusals(workload)

    assert said is not None
    assert [any(part in one for one in said) for part in refused] == [True] * len(refused)
    assert len(said) == len(refused)


def test_a_workload_without_a_model_is_none_of_its_business():
    """A web shop's Deployment is admitted whatever the audit said."""
    shop = {
        "metadata": {"labels": {"app": "shop"}},
        "spec": {"template": {"metadata": {"labels": {"app": "shop"}}}},
    }

    assert refusals(shop) is None

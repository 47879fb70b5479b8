"""`quaestor export admission`, as a platform engineer runs it."""

from __future__ import annotations

from datetime import datetime

import pytest
import yaml

from builders.findings import a_finding
from builders.rows import insert
from quaestor.audit.record import record
from quaestor.core.run_summary import Decision, Outcome, RunSummary
from quaestor.core.verdict import Severity, Verdict


@pytest.fixture
def audited(warehouse):
    """A warehouse whose last audit lets one of two production versions run."""
    for model in ("churn", "fraud"):
        insert(
            warehouse, "registry.model_version", source="mlflow", model=model, version="7",
            lifecycle="production", artifact_digest=f"sha256:{model}",
        )  # fmt: skip
    findings = (
        a_finding("artifact-digest-missing", "churn:7", verdict=Verdict.PASS),
        a_finding("model-without-owner", "fraud", model="fraud"),
    )
    summary = RunSummary(
        kind="audit",
        targets=(),
        decision=Decision(Outcome.FAILED, 1, findings[1:], ()),
        findings=findings,
        blind_spots=(),
        fail_on=Severity.HIGH,
        audited_at=datetime(2026, 11, 21),
        evidence_at=None,
        currency="USD",
        configuration="quaestor.yaml",
        version="0.1.0",
    )
    record(warehouse, summary, config_digest="00")
    warehouse.close()


def test_the_policy_goes_to_standard_output_and_what_is_kept_out_to_the_other(audited, quaestor):
    """What `kubectl apply -f -` reads is YAML alone; people read who is not approved, and why."""
    said = quaestor("export", "admission")

    kinds = [one["kind"] for one in yaml.safe_load_all(said.out)]
    assert said.code == 0
    assert kinds == ["ConfigMap", "ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding"]
    assert "not approved: fraud:7: model-without-owner" in said.err
    assert "1 of 2 production versions approved" in said.err


def test_a_file_actions_and_a_label_can_be_chosen(audited, quaestor, home):
    """To begin with one warns, in the namespaces that asked for it."""
    said = quaestor(
        "export", "admission", "policy.yaml", "--action", "Warn", "--action", "Audit",
        "--namespace-label", "ml.example.com/governed=true", "--quiet",
    )  # fmt: skip

    *_, binding = yaml.safe_load_all((home / "policy.yaml").read_text(encoding="utf-8"))
    assert (said.code, said.out, said.err) == (0, "", "")
    assert binding["spec"]["validationActions"] == ["Warn", "Audit"]
    assert binding["spec"]["matchResources"]["namespaceSelector"] == {
        "matchLabels": {"ml.example.com/governed": "true"}
    }


def test_an_earlier_export_is_replaced(audited, quaestor):
    """It is exported after each audit, to where it was."""
    codes = [quaestor("export", "admission", "policy.yaml").code for _ in range(2)]

    assert codes == [0, 0]


@pytest.mark.parametrize(
    ("option", "value"),
    [("--name", "Über"), ("--namespace", "a b"), ("--namespace-label", "a=b\nc")],
)
def test_what_kubernetes_would_refuse_is_refused_here(audited, quaestor, option, value):
    """A wrong name is a wrong call, told before anything is written."""
    said = quaestor("export", "admission", option, value)

    assert (said.code, said.out) == (2, "")
    assert option in said.err


def test_without_a_warehouse_there_is_nothing_to_export(quaestor):
    """No audit, no approval: incomplete, with what to do."""
    said = quaestor("export", "admission")

    assert said.code == 3
    assert "fix:" in said.err

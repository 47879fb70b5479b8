"""SageMaker's packages are approved, and say what the gate said; in moto, by the real boto3."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import pytest

from builders.aws import Aws
from builders.sagemaker import NO_POLICY, a_group, a_version, resolve_accounts, sagemaker
from quaestor.cli.main import run
from quaestor.collect.promote import Moved, Promotion, promote
from quaestor.core.errors import ConfigurationError, IncompleteError
from quaestor.core.sources import SageMakerRegistrySource
from quaestor.core.sources.files import FilesSource

SOURCE = SageMakerRegistrySource(name="registry", region="us-east-1")
PROMOTION = Promotion(
    model="churn",
    version="1",
    stage="production",
    alias=None,
    verdict={"quaestor.verdict": "passed", "quaestor.policies": "40"},
    updated_at=None,
)


@pytest.fixture
def package(aws: Aws) -> str:
    """The ARN of a version that waits for its approval, with a licence among its metadata."""
    a_group()
    return a_version(CustomerMetadataProperties={"gov.license": "MIT"})


def described(arn: str) -> dict[str, object]:
    """What the registry says of a package now."""
    return dict(sagemaker().describe_model_package(ModelPackageName=arn))


def test_approval_and_verdict_are_written_in_one_call(aws, package):
    """The package is Approved, keeps its own metadata, and says what the gate said."""
    asked = len(aws.calls)
    moved = promote(SOURCE, PROMOTION, dry_run=False)

    now = described(package)
    assert moved == Moved("churn:1: from PendingManualApproval to Approved", changed=True)
    assert now["ModelApprovalStatus"] == "Approved"
    assert now["ApprovalDescription"] == "quaestor: verdict passed, policies 40"
    assert now["CustomerMetadataProperties"] == {"gov.license": "MIT", **PROMOTION.verdict}
    writes = [one.target for one in aws.calls[asked:] if "Update" in one.target]
    assert len(writes) == 1


def test_a_second_time_changes_nothing(package):
    """What is approved stays as it is."""
    promote(SOURCE, PROMOTION, dry_run=False)
    before = described(package)

    assert promote(SOURCE, PROMOTION, dry_run=False) == Moved(
        "churn:1 is Approved already", changed=False
    )
    assert described(package)["LastModifiedTime"] == before["LastModifiedTime"]


def test_a_dry_run_writes_nothing(package):
    """It says what would change, and the package waits as before."""
    assert promote(SOURCE, PROMOTION, dry_run=True).changed
    assert described(package)["ModelApprovalStatus"] == "PendingManualApproval"


def test_an_archived_version_is_rejected(package):
    """SageMaker's word for a version that is not to be deployed."""
    promote(SOURCE, replace(PROMOTION, stage="archived"), dry_run=False)

    assert described(package)["ModelApprovalStatus"] == "Rejected"


@pytest.mark.parametrize(("stage", "alias"), [("staging", None), ("production", "champion")])
def test_what_the_registry_does_not_have_is_a_wrong_call(package, stage, alias):
    """SageMaker knows neither staging nor aliases; nothing is written."""
    asked = replace(PROMOTION, stage=stage, alias=alias)
    with pytest.raises(ConfigurationError, match="has no"):
        promote(SOURCE, asked, dry_run=False)
    assert described(package)["ModelApprovalStatus"] == "PendingManualApproval"


def test_a_package_that_changed_since_it_was_judged_is_left_alone(package):
    """The gate's word was about another state of it."""
    sagemaker().update_model_package(ModelPackageArn=package, ApprovalDescription="wait!")
    judged = replace(PROMOTION, updated_at=datetime(2026, 1, 1))
    with pytest.raises(IncompleteError, match="changed after it was judged"):
        promote(SOURCE, judged, dry_run=False)
    assert described(package).get("ModelApprovalStatus") != "Approved"


def test_a_version_that_is_gone_is_told(package):
    """Judged from yesterday's files, deleted today."""
    gone = replace(PROMOTION, version="9")
    with pytest.raises(IncompleteError, match="has 0 packages churn:9"):
        promote(SOURCE, gone, dry_run=False)


def test_a_folder_of_files_is_only_read():
    """Nothing but a registry can be written to."""
    files = FilesSource(name="models", path="models/")
    with pytest.raises(ConfigurationError, match="can only be read"):
        promote(files, PROMOTION, dry_run=False)


@pytest.fixture
def config(aws: Aws, tmp_path, monkeypatch) -> str:
    """A configuration with that registry alone."""
    resolve_accounts(monkeypatch)
    aws.faults.append(NO_POLICY)
    path = tmp_path / "quaestor.yaml"
    path.write_text(
        "sources: [{name: registry, kind: sagemaker-registry, region: us-east-1}]",
        encoding="utf-8",
    )
    return str(path)


def test_the_gate_decides_before_anything_is_approved(package, config, capsys):
    """Nobody approved it and nobody knows its data: exit code 1, and the package waits."""
    code = run(["promote", "churn:1", "--to", "production", "--config", config])

    said = capsys.readouterr()
    assert code == 1, said.err
    assert "production-without-approval" in said.out
    assert "not promoted: the gate says failed" in said.err
    assert described(package)["ModelApprovalStatus"] == "PendingManualApproval"


def test_a_version_is_put_away_without_asking_the_gate(package, config, capsys):
    """Exit code 0, and the registry says Rejected."""
    code = run(["promote", "churn:1", "--to", "archived", "--config", config])

    said = capsys.readouterr()
    assert (code, said.out) == (0, "registry: churn:1: from PendingManualApproval to Rejected\n")
    assert described(package)["ModelApprovalStatus"] == "Rejected"

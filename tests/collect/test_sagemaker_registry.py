"""SageMaker's Model Registry, as moto keeps it, read by the real boto3."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import boto3
import msgspec
import pytest

from builders.aws import Aws, Call, Fault
from builders.bills import NOW
from builders.sagemaker import (
    ACCOUNT,
    BUCKET,
    NO_POLICY,
    a_group,
    a_version,
    group_policies,
    resolve_accounts,
    sagemaker,
)
from quaestor.collect import sagemaker_registry
from quaestor.collect.landing import Landing
from quaestor.core.config import Config
from quaestor.core.errors import IncompleteError, PartlyReadError
from quaestor.core.sources import SageMakerRegistrySource

SOURCE = SageMakerRegistrySource(name="registry", region="us-east-1")


@pytest.fixture
def landing(tmp_path: Path) -> Landing:
    """An empty landing folder."""
    return Landing(tmp_path / "landing", "registry")


@pytest.fixture
def estate(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> Aws:
    """A group of two versions, their bucket, a user and a role."""
    resolve_accounts(monkeypatch)
    a_group(gov_owner="team-growth")
    a_version(approval="Approved", CustomerMetadataProperties={"gov.license": "MIT"})
    a_version()
    boto3.client("s3").create_bucket(Bucket=BUCKET)
    iam = boto3.client("iam")
    iam.create_user(UserName="ada")
    iam.put_user_policy(
        UserName="ada",
        PolicyName="approve",
        PolicyDocument=json.dumps(
            {
                "Version": "2012-10-17",
                "Statement": {
                    "Effect": "Allow",
                    "Action": "sagemaker:UpdateModelPackage",
                    "Resource": "*",
                },
            }
        ),
    )
    aws.faults.append(NO_POLICY)
    aws.calls.clear()
    return aws


def collect(landing: Landing, source: SageMakerRegistrySource = SOURCE) -> dict[str, list[Any]]:
    """Collect, and return the objects in force by scope."""
    sagemaker_registry.collect(source, Config(), landing, now=NOW, progress=lambda _: None)
    return in_force(landing)


def in_force(landing: Landing) -> dict[str, list[Any]]:
    """Return the objects in force by scope."""
    manifest = landing.current()
    found: dict[str, list[Any]] = {}
    for file in manifest.files if manifest else ():
        lines = (landing.root / file.path).read_bytes().splitlines()
        found.setdefault(file.scope, []).extend(map(msgspec.json.decode, lines))
    return found


def asked(aws: Aws) -> Counter[str]:
    """How often each operation of SageMaker was asked for."""
    return Counter(call.target.rpartition(".")[2] for call in aws.calls if call.target)


def meant(operation: str) -> Any:
    """Whether a call is one of an operation of SageMaker."""
    return lambda call: call.target.endswith(f".{operation}")


def test_what_is_registered_is_landed(estate: Aws, landing: Landing):
    """Groups with tags, versions with what the customer says, IAM, and the artifacts' bucket."""
    found = collect(landing)

    assert sorted(found) == [
        "iam/principals",
        "s3/buckets",
        "us-east-1/model-cards",
        "us-east-1/model-package-groups",
        "us-east-1/model-packages",
    ]
    (group,) = found["us-east-1/model-package-groups"]
    assert group["Tags"] == {"gov.owner": "team-growth"}
    assert [one["ModelPackageVersion"] for one in found["us-east-1/model-packages"]] == [1, 2]
    assert found["us-east-1/model-packages"][0]["CustomerMetadataProperties"] == {
        "gov.license": "MIT"
    }
    (bucket,) = found["s3/buckets"]
    assert (bucket["Bucket"], bucket["Account"], bucket["Denied"]) == (BUCKET, ACCOUNT, [])
    (ada,) = found["iam/principals"]
    assert ada["Inline"][0]["Name"] == "approve"

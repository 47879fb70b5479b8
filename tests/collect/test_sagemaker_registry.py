"""SageMaker's Model Registry, as moto keeps it, read by the real boto3."""

from __future__ import annotations

import json
from collections import Counter
from contextlib import suppress
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


def test_environments_of_containers_are_not_landed(estate: Aws, landing: Landing):
    """They may hold passwords."""
    a_version(
        container={
            "Image": "acme/serve:2",
            "ModelDataUrl": f"s3://{BUCKET}/x",
            "Environment": {"TOKEN": "hunter2"},
        }
    )
    collect(landing)

    assert "hunter2" not in "".join(
        path.read_text() for path in landing.root.rglob("*") if path.is_file()
    )


def test_a_second_look_describes_nothing(estate: Aws, landing: Landing):
    """One page of the list and one Search; no new manifest, and no package described again."""
    collect(landing)
    estate.calls.clear()

    collect(landing)

    assert asked(estate)["DescribeModelPackage"] == 0
    assert asked(estate)["Search"] == 1
    assert len(list((landing.folder / "manifests").iterdir())) == 1


def test_only_what_changed_is_described(estate: Aws, landing: Landing):
    """A new version, and one whose approval the list shows as another."""
    first = collect(landing)["us-east-1/model-packages"]
    sagemaker().update_model_package(
        ModelPackageArn=first[1]["ModelPackageArn"], ModelApprovalStatus="Rejected"
    )
    a_version()
    estate.calls.clear()

    found = collect(landing)["us-east-1/model-packages"]

    assert asked(estate)["DescribeModelPackage"] == 2
    assert [one["ModelApprovalStatus"] for one in found] == [
        "Approved",
        "Rejected",
        "PendingManualApproval",
    ]


def test_what_the_list_does_not_show_is_found_by_search(estate: Aws, landing: Landing):
    """New metadata of the customer: only LastModifiedTime tells. Without Search, all are asked."""
    first = collect(landing)["us-east-1/model-packages"]
    sagemaker().update_model_package(
        ModelPackageArn=first[0]["ModelPackageArn"],
        ModelApprovalStatus="Approved",
        CustomerMetadataProperties={"gov.license": "GPL"},
    )
    changed = {"ModelPackageArn": first[0]["ModelPackageArn"], "LastModifiedTime": 4e9}
    estate.replies["Search"] = lambda _: {
        "Results": [{"ModelPackage": {**changed, "CreationTime": 1e9}}]
    }
    estate.calls.clear()

    found = collect(landing)["us-east-1/model-packages"]

    assert asked(estate)["DescribeModelPackage"] == 1
    assert found[0]["CustomerMetadataProperties"] == {"gov.license": "GPL"}

    estate.faults.append(Fault(meant("Search"), 400, "AccessDeniedException"))
    estate.calls.clear()
    collect(landing)
    assert asked(estate)["DescribeModelPackage"] == 2


def test_a_card_comes_in_its_approved_version(estate: Aws, landing: Landing):
    """The newest is a draft: the one approved before it speaks. Described once."""
    client = sagemaker()
    client.create_model_card(
        ModelCardName="card", Content='{"a": {"b": 1}}', ModelCardStatus="Draft"
    )
    client.update_model_card(ModelCardName="card", ModelCardStatus="Approved")
    client.update_model_card(
        ModelCardName="card", Content='{"a": {"b": 2}}', ModelCardStatus="Draft"
    )
    client.create_model_card(ModelCardName="draft", Content="{}", ModelCardStatus="Draft")
    cards = {one["ModelCardName"]: one for one in collect(landing)["us-east-1/model-cards"]}

    assert (cards["card"]["ModelCardVersion"], cards["card"]["ModelCardStatus"]) == (2, "Approved")
    assert cards["draft"]["ModelCardVersion"] == 1
    estate.calls.clear()
    collect(landing)
    assert asked(estate)["DescribeModelCard"] == 0


def test_several_regions_are_read(estate: Aws, landing: Landing):
    """Each for itself; one that AWS denies is told, and what it said before stays in force."""
    a_group("churn", "eu-west-1")
    a_version(region="eu-west-1")
    both = SageMakerRegistrySource(name="registry", regions=("us-east-1", "eu-west-1"))
    before = collect(landing, both)
    estate.before = None
    estate.faults.append(
        Fault(lambda call: "eu-west-1" in call.credential, 400, "AccessDeniedException")
    )

    with pytest.raises(PartlyReadError) as caught:
        collect(landing, both)

    assert {gap.scope for gap in caught.value.gaps} == {
        "eu-west-1/model-packages",
        "eu-west-1/model-package-groups",
        "eu-west-1/model-cards",
    }
    assert in_force(landing) == before


@pytest.mark.parametrize(
    ("denied", "scope", "reason"),
    [
        ("ListModelCards", "us-east-1/model-cards", "AWS denies ListModelCards"),
        (
            "ListTags",
            "us-east-1/model-package-groups",
            "AWS denies Tags of 1; the first: churn",
        ),
        (
            "GetModelPackageGroupPolicy",
            "us-east-1/model-package-groups",
            "AWS denies ResourcePolicy of 1; the first: churn",
        ),
        ("DescribeModelPackage", "us-east-1/model-packages", "AWS denies DescribeModelPackage"),
    ],
)
def test_what_is_denied_is_a_gap(estate: Aws, landing: Landing, denied, scope, reason):
    """The rest is landed; what was read before of that part stays in force."""
    estate.faults.insert(0, Fault(meant(denied), 400, "AccessDeniedException"))

    with pytest.raises(PartlyReadError) as caught:
        collect(landing)

    assert [(gap.scope, gap.reason) for gap in caught.value.gaps] == [(scope, reason)]
    assert "iam/principals" in in_force(landing)


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ("policyStatus", "PolicyStatus"),
        ("policy", "Policy"),
        ("acl", "Acl"),
        ("versioning", "Versioning"),
        ("publicAccessBlock", "PublicAccessBlockConfiguration"),
    ],
)
def test_what_a_bucket_denies_is_unknown(estate: Aws, landing: Landing, query: str, name: str):
    """It is named, so that it is not read as absent."""
    estate.faults.append(
        Fault(lambda call: f"/{BUCKET}" == call.path and query == call.query, 403, "AccessDenied")
    )
    with pytest.raises(PartlyReadError, match=f"AWS denies {name} of 1; the first: {BUCKET}"):
        collect(landing)

    (bucket,) = in_force(landing)["s3/buckets"]
    assert bucket["Denied"] == [name]
    assert name not in bucket


def test_iam_may_be_denied(estate: Aws, landing: Landing):
    """Then nobody knows who may do what; the registry is landed all the same."""
    estate.faults.append(Fault(is_iam, 403, "AccessDenied"))

    with pytest.raises(PartlyReadError, match="AWS denies GetAccountAuthorizationDetails"):
        collect(landing)

    assert "iam/principals" not in in_force(landing)
    assert len(in_force(landing)["us-east-1/model-packages"]) == 2


def is_iam(call: Call) -> bool:
    """Whether a call is for IAM, the only service asked that is neither JSON nor REST."""
    return call.method == "POST" and not call.target


def test_managed_policies_come_with_who_has_them(estate: Aws, landing: Landing):
    """The version in force, of those that somebody has."""
    iam = boto3.client("iam")
    first = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Deny", "Action": "*", "Resource": "*"}],
    }
    made = {
        name: iam.create_policy(PolicyName=name, PolicyDocument=json.dumps(first))["Policy"]["Arn"]
        for name in ("had", "unused", "bound")
    }
    allow = {"Effect": "Allow", "Action": "sagemaker:ListTags", "Resource": "*"}
    second = {"Version": "2012-10-17", "Statement": [allow]}
    iam.create_policy_version(
        PolicyArn=made["had"], PolicyDocument=json.dumps(second), SetAsDefault=True
    )
    iam.attach_user_policy(UserName="ada", PolicyArn=made["had"])
    iam.create_role(
        RoleName="ci",
        AssumeRolePolicyDocument=json.dumps(second),
        PermissionsBoundary=made["bound"],
    )

    ci, ada = collect(landing)["iam/principals"]

    assert ada["Policies"] == [{"Arn": made["had"], "Name": "had", "Document": second}]
    assert ci["Boundary"] == made["bound"]
    assert ci["Policies"][0]["Document"] == first


def test_a_policy_of_a_group_is_landed(estate: Aws, landing: Landing):
    """As AWS writes it; moto does not know it."""
    estate.faults.clear()
    group_policies(estate, churn={"Statement": []})

    (group,) = collect(landing)["us-east-1/model-package-groups"]

    assert json.loads(group["ResourcePolicy"]) == {"Statement": []}


def test_a_kill_loses_a_slice_at_most(estate: Aws, landing: Landing, monkeypatch):
    """What was described before is not described again, and the last good state stays."""
    monkeypatch.setattr("quaestor.collect.sagemaker_packages.SLICE", 2)
    for _ in range(4):
        a_version()
    estate.calls.clear()
    described: list[Call] = []

    def stop(call: Call) -> None:
        described.extend([call] * call.target.endswith(".DescribeModelPackage"))
        if len(described) > 4:
            raise KeyboardInterrupt

    monkeypatch.setattr("quaestor.collect.aws.THREADS", 1)
    original = sagemaker_registry.packages._describe

    def describe(place: Any, summary: Any) -> Any:
        stop(Call("POST", "/", "", "SageMaker.DescribeModelPackage", b""))
        return original(place, summary)

    monkeypatch.setattr(sagemaker_registry.packages, "_describe", describe)
    with pytest.raises(KeyboardInterrupt):
        collect(landing)
    assert landing.current() is None
    monkeypatch.setattr(sagemaker_registry.packages, "_describe", original)
    estate.calls.clear()

    found = collect(landing)["us-east-1/model-packages"]

    assert sorted(one["ModelPackageVersion"] for one in found) == [1, 2, 3, 4, 5, 6]
    assert asked(estate)["DescribeModelPackage"] == 2


def test_a_page_instead_of_an_answer_is_an_error(estate: Aws, landing: Landing):
    """A proxy's login page; nothing of it is landed, and no traceback."""
    estate.page_instead = True

    with pytest.raises(IncompleteError, match="does not speak AWS's API"):
        collect(landing)
    assert landing.current() is None


def test_nobody_there_is_said_at_once(landing: Landing, aws: Aws):
    """A closed port; nothing is landed."""
    source = SageMakerRegistrySource(
        name="registry", region="us-east-1", endpoint_url="http://127.0.0.1:9"
    )
    with pytest.raises(IncompleteError, match=r"AWS cannot be reached \(no connection\)"):
        collect(landing, source)


def test_an_empty_registry_is_landed_as_such(aws: Aws, landing: Landing):
    """No packages, no buckets; IAM is read."""
    aws.faults.append(NO_POLICY)
    found = collect(landing)

    assert found == {
        "iam/principals": [],
        "s3/buckets": [],
        "us-east-1/model-cards": [],
        "us-east-1/model-package-groups": [],
    }


def test_doctor_counts_and_tells_what_is_denied(estate: Aws):
    """Groups by region; cards and IAM where they are denied."""
    both = SageMakerRegistrySource(name="registry", regions=("us-east-1", "eu-west-1"))
    assert sagemaker_registry.doctor(both, Config()) == (
        "1 model package group in us-east-1; 0 model package groups in eu-west-1"
    )
    estate.faults += [
        Fault(meant("ListModelCards"), 400, "AccessDeniedException"),
        Fault(is_iam, 403, "AccessDenied"),
    ]
    assert sagemaker_registry.doctor(SOURCE, Config()) == (
        "1 model package group in us-east-1; model cards in us-east-1 are denied; "
        "IAM's policies are denied"
    )


S3_ACTIONS = {
    "publicAccessBlock": "s3:GetBucketPublicAccessBlock",
    "policyStatus": "s3:GetBucketPolicyStatus",
    "policy": "s3:GetBucketPolicy",
    "encryption": "s3:GetEncryptionConfiguration",
    "tagging": "s3:GetBucketTagging",
    "acl": "s3:GetBucketAcl",
    "versioning": "s3:GetBucketVersioning",
    "location": "s3:GetBucketLocation",
}


def test_the_policy_allows_what_is_asked_and_nothing_else(estate: Aws, landing: Landing):
    """Every recorded call has its action, and every action its call."""
    sagemaker().create_model_card(ModelCardName="card", Content="{}", ModelCardStatus="Draft")
    estate.calls.clear()
    sagemaker_registry.doctor(SOURCE, Config())
    collect(landing)
    collect(landing)  # the second look asks for changes, too
    used = set()
    for call in estate.calls:
        if call.target:
            used.add(f"sagemaker:{call.target.rpartition('.')[2]}")
        elif call.path.endswith("/publicAccessBlock"):
            used.add("s3:GetAccountPublicAccessBlock")
        else:
            used.add(S3_ACTIONS.get(call.query, "iam:GetAccountAuthorizationDetails"))

    (statement,) = json.loads(sagemaker_registry.permissions(SOURCE))["Statement"]

    assert set(statement["Action"]) == used
    assert not [action for action in statement["Action"] if "*" in action]


@pytest.mark.online
def test_a_real_registry_is_read(online, tmp_path: Path):
    """One look at a region of your own account: QUAESTOR_ONLINE_SAGEMAKER_REGION."""
    source = SageMakerRegistrySource(name="live", region=online("SAGEMAKER_REGION"))
    landing = Landing(tmp_path, "live")
    with suppress(PartlyReadError):  # what the account may not see is no fault of the test
        collect(landing, source)
    assert landing.current()

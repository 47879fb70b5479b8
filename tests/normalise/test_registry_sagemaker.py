"""normalise.registry_sagemaker: what SageMaker's registry says, in our words, and never a guess."""

from __future__ import annotations

import json
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest

from builders import jobs
from builders.bills import Bill, csv_text
from builders.jobs import lines
from builders.jobs import settled as seen
from quaestor.audit.evaluate import evaluate
from quaestor.audit.policies import load_policies
from quaestor.core.config import ModelGovSource
from quaestor.core.shipped import shipped
from quaestor.core.sources import SageMakerRegistrySource
from quaestor.normalise.job import Job
from quaestor.warehouse.duckdb import Warehouse

HEAD = "arn:aws:sagemaker:eu-west-1:123456789012"
ADA = "arn:aws:iam::123456789012:user/ada"
CI = "arn:aws:iam::123456789012:role/ci"
MODEL = (
    "source, model, owner, team, cost_center, risk_tier, description, oncall, intended_use, "
    "business_case, eu_ai_act_class, retire_by, created_at, updated_at, definition"
)
HOSTILE = "<img src=x onerror=alert(1)>\n'\"\u2028😀"


def landed(folder: Path, **parts: list[Any]) -> Job:
    """A source `registry` with these objects in force; `eu__cards` stands for eu/cards."""
    files = {SCOPES[scope]: lines(objects) for scope, objects in parts.items()}
    return jobs.landed(folder, SageMakerRegistrySource(name="registry"), files)


SCOPES = {
    "groups": "eu-west-1/model-package-groups",
    "packages": "eu-west-1/model-packages",
    "cards": "eu-west-1/model-cards",
    "us_groups": "us-east-1/model-package-groups",
    "us_packages": "us-east-1/model-packages",
    "principals": "iam/principals",
    "buckets": "s3/buckets",
}


def a_group(name: str = "churn", **more: Any) -> dict[str, Any]:
    return {
        "ModelPackageGroupName": name,
        "ModelPackageGroupArn": f"{HEAD}:model-package-group/{name}",
        "ModelPackageGroupDescription": "Who will leave?",
        "CreationTime": "2026-09-01T08:00:00Z",
        "Tags": {},
        "Denied": [],
        **more,
    }


def a_package(version: int | None = 7, name: str = "churn", **more: Any) -> dict[str, Any]:
    tail = f"{name}/{version}" if version else name
    naming = (
        {"ModelPackageGroupName": name, "ModelPackageVersion": version}
        if version
        else {"ModelPackageName": name}
    )
    return {
        **naming,
        "ModelPackageArn": f"{HEAD}:model-package/{tail}",
        "CreationTime": "2026-10-01T08:00:00Z",
        "ModelPackageStatus": "Completed",
        "ModelApprovalStatus": "PendingManualApproval",
        "InferenceSpecification": {
            "Containers": [{"Image": "acme/serve:1", "ModelDataUrl": "s3://models/churn/7.tar.gz"}]
        },
        "Denied": [],
        **more,
    }


def a_card(content: Any, **more: Any) -> dict[str, Any]:
    return {
        "ModelCardArn": f"{HEAD}:model-card/churn-card",
        "ModelCardName": "churn-card",
        "ModelCardVersion": 3,
        "ModelCardStatus": "Approved",
        "LastModifiedTime": "2026-10-05T08:00:00Z",
        "Content": content if isinstance(content, str) else json.dumps(content),
        **more,
    }


def a_principal(arn: str = ADA, *given: dict[str, Any], **more: Any) -> dict[str, Any]:
    kind, _, name = arn.rpartition(":")[2].partition("/")
    return {
        "Kind": kind,
        "Arn": arn,
        "Name": name,
        "Inline": [{"Name": "own", "Document": {"Statement": list(given)}}],
        "Attached": [],
        "Groups": [],
        "Boundary": None,
        "Policies": [],
        **more,
    }


def allow(action: Any, resource: Any = "*", **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


def a_bucket(**more: Any) -> dict[str, Any]:
    """A bucket that nobody but its owner reaches, and of which everything is known."""
    return {
        "Bucket": "models",
        "Account": "123456789012",
        "Partition": "aws",
        "AccountBlock": {},
        "PublicAccessBlockConfiguration": {},
        "PolicyStatus": {},
        "Policy": {},
        "ServerSideEncryptionConfiguration": {"Rules": [{}]},
        "TagSet": [{"Key": "team", "Value": "growth"}],
        "Acl": {"Owner": {"ID": "o"}, "Grants": []},
        "Versioning": {"Status": "Enabled"},
        "Location": {"LocationConstraint": "eu-west-1"},
        "Denied": [],
        **more,
    }


def test_a_groups_tags_are_its_models_columns(warehouse, tmp_path):
    """One vocabulary: gov.<column>, and fin.cost_center."""
    tags = {
        "gov.owner": "team-growth",
        "gov.team": "growth",
        "fin.cost_center": "4711",
        "gov.risk_tier": "1",
        "gov.oncall": "pager",
        "gov.intended_use": "Rank letters",
        "gov.business_case": "BC-1",
        "gov.eu_ai_act_class": "high",
        "gov.retire_by": "2028-01-31",
        "note": HOSTILE,
    }

    assert seen(warehouse, landed(tmp_path, groups=[a_group(Tags=tags)])) == []
    assert json.loads(*warehouse.row("select tags from registry.model")) == tags
    assert warehouse.records(f"select {MODEL} from registry.model") == [
        {
            "source": "registry",
            "model": "churn",
            "owner": "team-growth",
            "team": "growth",
            "cost_center": "4711",
            "risk_tier": 1,
            "description": "Who will leave?",
            "oncall": "pager",
            "intended_use": "Rank letters",
            "business_case": "BC-1",
            "eu_ai_act_class": "high",
            "retire_by": date(2028, 1, 31),
            "created_at": datetime(2026, 9, 1, 8),
            "updated_at": None,
            "definition": None,
        }
    ]


def test_a_version_brings_who_what_and_from_which_run(warehouse, tmp_path):
    """Who made and who approved it, its artifact and digest, its run with commit and pipeline."""
    run = f"{HEAD}:pipeline/train-churn/execution/abc"
    package = a_package(
        ModelApprovalStatus="Approved",
        LastModifiedTime="2026-10-03T09:00:00Z",
        CreatedBy={"UserProfileArn": "arn:ada", "IamIdentity": {"Arn": "arn:shared"}},
        LastModifiedBy={"IamIdentity": {"Arn": "arn:grace"}},
        MetadataProperties={
            "GeneratedBy": run,
            "CommitId": "4f1c0de",
            "Repository": "https://git.acme.example/churn",
            "ProjectId": "p-1",
        },
        CustomerMetadataProperties={"gov.license": "Apache-2.0", "gov.approved_digest": " "},
        InferenceSpecification={
            "Containers": [
                {"Image": "acme/features:1", "ImageDigest": "sha256:11"},
                {
                    "Image": "acme/serve:1",
                    "ImageDigest": "sha256:22",
                    "ModelDataUrl": "s3://models/churn/7.tar.gz",
                    "ModelDataETag": '"5d41402abc4b2a76b9719d911017c592"',
                },
            ]
        },
    )

    assert seen(warehouse, landed(tmp_path, groups=[a_group()], packages=[package])) == []
    assert warehouse.records(
        """
        select model, version, lifecycle, run_id, created_by, approved_by, approved_at,
            approved_digest, artifact_uri, artifact_digest, license,
            tags ->> 'sagemaker.images' as images
        from registry.model_version
        """
    ) == [
        {
            "model": "churn",
            "version": "7",
            "lifecycle": "production",
            "run_id": run,
            "created_by": "arn:ada",
            "approved_by": "arn:grace",
            "approved_at": datetime(2026, 10, 3, 9),
            "approved_digest": None,
            "artifact_uri": "s3://models/churn/7.tar.gz",
            "artifact_digest": "etag:5d41402abc4b2a76b9719d911017c592",
            "license": "Apache-2.0",
            "images": "acme/features:1 sha256:11, acme/serve:1 sha256:22",
        }
    ]
    assert warehouse.rows(
        "select run_id, name, git_commit, git_repo, pipeline from registry.run"
    ) == [(run, "abc", "4f1c0de", "https://git.acme.example/churn", "train-churn")]


@pytest.mark.parametrize(
    ("package", "lifecycle"),
    [
        ({"ModelApprovalStatus": "Approved"}, "production"),
        ({"ModelApprovalStatus": "PendingManualApproval"}, "staging"),
        ({"ModelApprovalStatus": "Rejected"}, "archived"),
        ({"ModelApprovalStatus": None}, None),
        ({"ModelPackageRegistrationType": "Logged"}, "development"),
        ({"ModelLifeCycle": {"Stage": "Production", "StageStatus": "Approved"}}, "production"),
        ({"ModelLifeCycle": {"Stage": "Production", "StageStatus": "PendingReview"}}, "staging"),
        ({"ModelLifeCycle": {"Stage": "QA", "StageStatus": "InProgress"}}, "staging"),
        (
            {"ModelLifeCycle": {"Stage": "Development"}, "ModelApprovalStatus": "Approved"},
            "development",
        ),
        ({"ModelLifeCycle": {"Stage": "Retired"}}, "archived"),
        ({"ModelLifeCycle": {"Stage": "Moonbase"}, "ModelApprovalStatus": "Approved"}, None),
        (
            {
                "CustomerMetadataProperties": {"gov.lifecycle": "Archived"},
                "ModelLifeCycle": {"Stage": "Production"},
            },
            "archived",
        ),
        (
            {
                "CustomerMetadataProperties": {"gov.lifecycle": "live!"},
                "ModelApprovalStatus": "Approved",
            },
            None,
        ),
    ],
)
def test_a_lifecycle_has_one_word(warehouse, tmp_path, package, lifecycle):
    """The customer's word, the stage with its status, then the approval; unknown stays unknown."""
    spots = seen(warehouse, landed(tmp_path, packages=[a_package(**package)]))

    assert warehouse.rows("select lifecycle from registry.model_version") == [(lifecycle,)]
    unread = "Moonbase" in str(package) or "live!" in str(package)
    assert len(spots) == unread


@pytest.mark.parametrize(
    ("package", "approval"),
    [
        ({"ModelApprovalStatus": "Rejected"}, (None, None)),
        ({"ModelApprovalStatus": "PendingManualApproval"}, (None, None)),
        ({"ModelApprovalStatus": "Approved"}, ("grace", datetime(2026, 10, 3))),
        (
            {"ModelApprovalStatus": "Approved", "LastModifiedTime": None, "LastModifiedBy": None},
            ("ada", datetime(2026, 10, 1, 8)),
        ),
        (
            {"ModelApprovalStatus": "Approved", "LastModifiedBy": None},
            (None, datetime(2026, 10, 3)),
        ),
        (
            {
                "ModelApprovalStatus": "Approved",
                "CustomerMetadataProperties": {"gov.approved_digest": "sha256:1"},
            },
            ("grace", datetime(2026, 10, 3)),
        ),
        (
            {
                "ModelApprovalStatus": "Approved",
                "CustomerMetadataProperties": {
                    "gov.approved_by": "board",
                    "gov.approved_at": "2026-10-02T12:00:00+02:00",
                },
            },
            ("board", datetime(2026, 10, 2, 10)),
        ),
    ],
)
def test_an_approval_is_read_where_it_is_one(warehouse, tmp_path, package, approval):
    """Of an Approved version; born approved, its maker approved it. Who rejected, approved not."""
    given = {
        "LastModifiedTime": "2026-10-03T00:00:00Z",
        "LastModifiedBy": {"UserProfileName": "grace"},
        "CreatedBy": {"UserProfileName": "ada"},
        **package,
    }
    seen(warehouse, landed(tmp_path, packages=[a_package(**given)]))

    assert warehouse.rows("select approved_by, approved_at from registry.model_version") == [
        approval
    ]


def test_a_package_without_group_is_a_model_of_one_version(warehouse, tmp_path):
    """Its own tags speak for it."""
    lone = a_package(None, "solo", Tags={"gov.owner": "ada", "gov.license": "MIT"})
    seen(warehouse, landed(tmp_path, packages=[lone]))

    assert warehouse.rows("select model, owner from registry.model") == [("solo", "ada")]
    assert warehouse.rows("select model, version, license from registry.model_version") == [
        ("solo", "1", "MIT")
    ]


def test_one_name_in_two_regions_is_two_models(warehouse, tmp_path):
    """Nobody's versions are mixed up; each is called with its region."""
    job = landed(
        tmp_path,
        groups=[a_group(), a_group("fraud")],
        packages=[a_package(1)],
        us_groups=[a_group()],
        us_packages=[a_package(1), a_package(None, "churn")],
    )
    seen(warehouse, job)

    assert warehouse.rows("select model from registry.model order by 1") == [
        ("eu-west-1/churn",),
        ("fraud",),
        ("us-east-1/churn",),
        ("us-east-1/package/churn",),
    ]


CARD = {
    "model_overview": {
        "model_owner": "team-growth",
        "model_description": "Scores",
        "model_name": "",
    },
    "model_package_details": {"model_package_group_name": "churn", "model_package_version": 7},
    "intended_uses": {
        "purpose_of_model": "Rank letters",
        "risk_rating": "High",
        "factors_affecting_model_efficiency": "",
    },
    "business_details": {"business_problem": "Customers leave", "line_of_business": HOSTILE},
    "evaluation_details": [
        {
            "name": "holdout",
            "metric_groups": [
                {
                    "name": "binary",
                    "metric_data": [
                        {"name": "auc", "type": "number", "value": 0.91},
                        {"name": "curve", "type": "linear_graph", "value": [0.1, 0.2]},
                    ],
                }
            ],
        }
    ],
    "additional_information": {
        "ethical_considerations": "Do not refuse anyone",
        "custom_details": {"dpia": "D-7"},
    },
}


def test_a_card_fills_what_no_tag_says(warehouse, tmp_path):
    """Owner, purpose, business case, risk rating, metrics, and its sections word for word."""
    job = landed(tmp_path, groups=[a_group()], packages=[a_package()], cards=[a_card(CARD)])

    assert seen(warehouse, job) == []
    assert warehouse.rows(
        "select owner, intended_use, business_case, risk_tier from registry.model"
    ) == [("team-growth", "Rank letters", "Customers leave", 1)]
    assert warehouse.rows("select card_uri, metrics from registry.model_version") == [
        (f"{HEAD}:model-card/churn-card", '{"auc":0.91}')
    ]
    sections = dict(
        warehouse.rows(
            "select section, content from registry.card_section "
            "where model = 'churn' and version = '7'"
        )
    )
    assert sections["ethics"] == "Do not refuse anyone"
    assert sections["business_details.line_of_business"] == HOSTILE
    assert json.loads(sections["additional_information.custom_details"]) == {"dpia": "D-7"}
    assert json.loads(sections["evaluation"])[0]["name"] == "holdout"
    assert "intended_uses.factors_affecting_model_efficiency" not in sections


def test_sections_have_the_words_of_every_source(warehouse, tmp_path):
    """Where the meaning is the same; two fields of one meaning are one section."""
    content = {
        "model_overview": {"model_description": "Who leaves?", "model_creator": "ada"},
        "intended_uses": {"purpose_of_model": "Rank.", "intended_uses": "Letters."},
        "training_details": {
            "training_job_details": {"training_datasets": ["s3://lake/calls"]},
        },
        "evaluation_details": [],
        "additional_information": {"caveats_and_recommendations": "Not for minors."},
    }
    job = landed(tmp_path, groups=[a_group()], packages=[a_package()], cards=[a_card(content)])
    seen(warehouse, job)

    assert warehouse.rows("select section, content from registry.card_section order by 1") == [
        ("description", "Who leaves?"),
        ("intended_use", "Letters.\nRank."),
        ("limitations", "Not for minors."),
        ("model_overview.model_creator", "ada"),
        ("training_data", '["s3://lake/calls"]'),
        (
            "training_details.training_job_details",
            '{"training_datasets":["s3://lake/calls"]}',
        ),
    ]


def test_a_tag_goes_before_a_card(warehouse, tmp_path):
    """And an archived card does not speak at all."""
    tagged = a_group(Tags={"gov.owner": "board", "gov.risk_tier": "3"})
    job = landed(tmp_path, groups=[tagged], packages=[a_package()], cards=[a_card(CARD)])
    seen(warehouse, job)
    assert warehouse.rows("select owner, risk_tier from registry.model") == [("board", 3)]

    archived = a_card(CARD, ModelCardStatus="Archived")
    seen(warehouse, landed(tmp_path, groups=[a_group()], packages=[a_package()], cards=[archived]))
    assert warehouse.rows("select owner, risk_tier from registry.model") == [(None, None)]
    assert warehouse.rows("select card_uri from registry.model_version") == [(None,)]


def test_a_card_finds_its_model_by_arn_or_name(warehouse, tmp_path):
    """An ARN names the version, a name every version; a card inside a package is the package's."""
    by_arn = a_card(
        {"model_overview": {"model_id": f"{HEAD}:model-package/churn/7"}}, ModelCardArn="arn:1"
    )
    by_name = a_card({"model_overview": {"model_name": "Fraud"}}, ModelCardArn="arn:2")
    strange = a_card({"intended_uses": {"risk_rating": "Low"}}, ModelCardArn="arn:3")
    inside = a_package(
        8, ModelCard={"ModelCardContent": '{"a": {"b": "c"}}', "ModelCardStatus": "Draft"}
    )
    job = landed(
        tmp_path,
        groups=[a_group(), a_group("fraud")],
        packages=[a_package(7), inside, a_package(1, "fraud")],
        cards=[by_arn, by_name, strange],
    )
    seen(warehouse, job)

    assert warehouse.rows(
        "select model, version, card_uri from registry.model_version order by 1, 2"
    ) == [
        ("churn", "7", "arn:1"),
        ("churn", "8", f"{HEAD}:model-package/churn/8#ModelCard"),
        ("fraud", "1", "arn:2"),
    ]
    assert warehouse.rows(
        "select model, version, section from registry.card_section where card_uri = 'arn:3'"
    ) == [("churn-card", None, "intended_uses.risk_rating")]


def test_what_cannot_be_read_is_told(warehouse, tmp_path):
    """A value, a card, an object without a name: kept in quarantine, with the reason."""
    job = landed(
        tmp_path,
        groups=[a_group(Tags={"gov.risk_tier": "huge", "gov.retire_by": "soon"})],
        packages=[
            a_package(CustomerMetadataProperties={"gov.approved_at": "yesterday"}),
            {"ModelPackageStatus": "Completed"},
            "<html>",
        ],
        cards=[a_card("no JSON")],
    )

    assert seen(warehouse, job) == [
        (
            "eu-west-1/model-cards",
            (
                f"1 row cannot be read; row 1: the model card {HEAD}:model-card/churn-card "
                "is no JSON object"
            ),
        ),
        (
            "eu-west-1/model-package-groups",
            (
                "2 rows cannot be read; row 1: group churn: the value of gov.retire_by is 'soon', "
                "not a date, such as 2027-01-31"
            ),
        ),
        (
            "eu-west-1/model-packages",
            (
                "3 rows cannot be read; row 1: version churn:7: the value of gov.approved_at is "
                "'yesterday', not an ISO 8601 time"
            ),
        ),
    ]


def grants(warehouse: Warehouse) -> set[tuple[str, ...]]:
    return set(warehouse.rows('select subject, principal, "right", via from registry.grant'))


def test_who_may_approve_and_deploy_is_told_by_iam(warehouse, tmp_path):
    """Groups give to users; a Deny takes; a condition makes it conditional; a boundary bounds."""
    reviewers = a_principal(
        "arn:aws:iam::123456789012:group/reviewers", allow("sagemaker:UpdateModelPackage", Sid="Ok")
    )
    ada = a_principal(
        ADA,
        {"Effect": "Deny", "Action": "sagemaker:*", "Resource": f"{HEAD}:model-package/fraud/*"},
        Groups=["reviewers"],
    )
    ci = a_principal(
        CI,
        allow("sagemaker:*", Condition={"StringEquals": {"aws:SourceVpc": "v"}}),
        Boundary="arn:b",
        Policies=[
            {
                "Arn": "arn:b",
                "Name": "b",
                "Document": {"Statement": allow("sagemaker:CreateEndpoint")},
            }
        ],
    )
    groups = [a_group(), a_group("fraud")]
    seen(warehouse, landed(tmp_path, groups=groups, principals=[ada, reviewers, ci]))

    via = "inline policy own of group reviewers, statement Ok"
    group_arn = reviewers["Arn"]
    assert grants(warehouse) == {
        *(("churn", ADA, right, via) for right in ("approve", "promote")),
        *(
            (model, group_arn, right, via)
            for model in ("churn", "fraud")
            for right in ("approve", "promote")
        ),
        *(
            (model, CI, "deploy", "conditional: inline policy own, statement 1")
            for model in ("churn", "fraud")
        ),
    }


def test_a_groups_own_policy_lets_others_in(warehouse, tmp_path):
    """Another account, and everybody under a condition; what it denies, IAM cannot give."""
    policy = {
        "Statement": [
            {
                "Sid": "Share",
                "Effect": "Allow",
                "Principal": {"AWS": "999999999999"},
                "Action": "sagemaker:DescribeModelPackage",
                "Resource": f"{HEAD}:model-package/churn/*",
            },
            {
                "Effect": "Deny",
                "Principal": {"AWS": CI},
                "Action": "sagemaker:DeleteModelPackage*",
                "Resource": "*",
            },
        ]
    }
    ci = a_principal(CI, allow("sagemaker:DeleteModelPackage*", Sid="Del"))
    group = a_group(ResourcePolicy=json.dumps(policy))
    seen(warehouse, landed(tmp_path, groups=[group], principals=[ci]))

    assert grants(warehouse) == {
        (
            "churn",
            "arn:aws:iam::999999999999:root",
            "read",
            "resource policy of churn, statement Share",
        )
    }


@pytest.mark.parametrize(
    ("bucket", "public", "blocked"),
    [
        ({}, False, False),
        ({"PolicyStatus": {"IsPublic": True}}, True, False),
        (
            {"PolicyStatus": {"IsPublic": True}, "AccountBlock": {"RestrictPublicBuckets": True}},
            False,
            False,
        ),
        (
            {
                "PolicyStatus": {"IsPublic": True},
                "PublicAccessBlockConfiguration": {
                    "RestrictPublicBuckets": True,
                    "IgnorePublicAcls": True,
                    "BlockPublicAcls": True,
                    "BlockPublicPolicy": True,
                },
                "AccountBlock": None,
            },
            False,
            True,
        ),
        ({"AccountBlock": None}, False, None),
        ({"PolicyStatus": {"IsPublic": True}, "AccountBlock": None}, None, None),
        ({"PolicyStatus": None, "Denied": ["PolicyStatus"]}, None, False),
        ({"Acl": None, "Denied": ["Acl"]}, None, False),
        (
            {
                "Acl": {
                    "Grants": [
                        {
                            "Permission": "READ",
                            "Grantee": {
                                "URI": "http://acs.amazonaws.com/groups/global/AllUsers",
                                "Type": "Group",
                            },
                        }
                    ]
                }
            },
            True,
            False,
        ),
    ],
)
def test_a_bucket_is_public_or_not_or_unknown(warehouse, tmp_path, bucket, public, blocked):
    """What was denied is unknown, unless the answer does not depend on it."""
    told = {key: value for key, value in a_bucket(**bucket).items() if value is not None}
    told |= {"AccountBlock": bucket["AccountBlock"]} if "AccountBlock" in bucket else {}
    seen(warehouse, landed(tmp_path, groups=[a_group()], buckets=[told]))

    assert warehouse.records("select * exclude source from registry.store") == [
        {
            "store": "s3://models",
            "public_access": public,
            "public_access_blocked": blocked,
            "encrypted": True,
            "versioned": True,
            "region": "eu-west-1",
            "tags": '{"team":"growth"}',
        }
    ]


def test_who_reaches_a_bucket(warehouse, tmp_path):
    """IAM, the bucket's policy and its ACL; only a part of it is a subject of its own."""
    bucket = a_bucket(
        Policy=json.dumps(
            {
                "Statement": [
                    {
                        "Sid": "World",
                        "Effect": "Allow",
                        "Principal": "*",
                        "Action": "s3:GetObject",
                        "Resource": "arn:aws:s3:::models/open/*",
                    }
                ]
            }
        ),
        Acl={
            "Owner": {"ID": "o"},
            "Grants": [
                {"Permission": "FULL_CONTROL", "Grantee": {"ID": "o"}},
                {"Permission": "WRITE", "Grantee": {"ID": "x"}},
            ],
        },
    )
    ada = a_principal(ADA, allow("s3:PutObject", "arn:aws:s3:::models/*", Sid="Put"))
    seen(warehouse, landed(tmp_path, groups=[], principals=[ada], buckets=[bucket]))

    assert grants(warehouse) == {
        ("s3://models", ADA, "edit", "inline policy own, statement Put"),
        ("s3://models/open/", ADA, "read", "bucket policy of models, statement World"),
        ("s3://models/open/", "*", "read", "bucket policy of models, statement World"),
        ("s3://models", "canonical:x", "edit", "bucket ACL, WRITE"),
    }


def test_a_policy_that_cannot_be_read_is_a_blind_spot(warehouse, tmp_path):
    """It is not read as one that gives nothing."""
    ada = a_principal(ADA, Attached=["arn:aws:iam::aws:policy/Gone"])
    ada["Inline"][0]["Document"] = "%7B"

    assert seen(warehouse, landed(tmp_path, groups=[a_group()], principals=[ada])) == [
        (
            "grant",
            "2 policies cannot be read; the first: inline policy own is no policy document",
        )
    ]


def test_the_evidence_says_what_sagemaker_has(warehouse, tmp_path):
    """Natively, by tag, or not at all; rights only where IAM was read."""
    seen(warehouse, landed(tmp_path, groups=[a_group()]))
    wanted = (
        *("model.owner", "model.cost_center", "model_version.approved_by", "grant", "dataset"),
        *("model_version.approved_digest", "model_version.aliases", "run.git_commit", "store"),
    )

    def evidence() -> dict[str, str | None]:
        rows = warehouse.rows("select field, via from registry.evidence")
        return {field: via for field, via in rows if field in wanted}

    assert evidence() == {
        "model.owner": "native",
        "model.cost_center": "tag",
        "model_version.approved_by": "native",
        "model_version.approved_digest": "tag",
        "model_version.aliases": None,
        "run.git_commit": "native",
        "dataset": None,
        "grant": None,
        "store": None,
    }
    seen(warehouse, landed(tmp_path, groups=[a_group()], principals=[], buckets=[]))
    assert (evidence()["grant"], evidence()["store"]) == ("native", "native")


def test_a_second_load_replaces_the_first(warehouse, tmp_path):
    """Nothing stands twice, and what is gone is gone."""
    job = landed(tmp_path, groups=[a_group()], packages=[a_package()], buckets=[a_bucket()])
    seen(warehouse, job)
    seen(warehouse, job)
    assert warehouse.row("select count(*) from registry.model_version") == (1,)

    assert seen(warehouse, landed(tmp_path, groups=[])) == [
        ("all", "the registry shows no model package")
    ]
    for table in ("model", "model_version", "store", "stated_model"):
        assert warehouse.row(f"select count(*) from registry.{table}") == (0,)


def test_long_and_hostile_names_pass_through(warehouse, tmp_path):
    """10 kB of tag, emoji, HTML: stored as they are."""
    tags = {"long": "x" * 10_000, "gov.owner": HOSTILE}
    seen(warehouse, landed(tmp_path, groups=[a_group("churn", Tags=tags)]))

    assert warehouse.rows("select owner, len(tags) > 10000 from registry.model") == [
        (HOSTILE, True)
    ]


def test_a_version_meets_the_bill_by_its_bucket(tmp_path):
    """Version, artifact, store, charge: a bill names S3 by the bucket's name or its ARN."""
    folder = tmp_path / "bill"
    folder.mkdir()
    bill = Bill(folder)
    charge = {"ServiceName": "Amazon Simple Storage Service", "BilledCost": "2.5"}
    bill.write(
        "focus.csv",
        csv_text(
            {**charge, "ResourceId": "models", "EffectiveCost": "2.5"},
            {**charge, "ResourceId": "arn:aws:s3:::models", "EffectiveCost": "0.5"},
            {**charge, "ResourceId": "other"},
        ),
    )
    bill.load()
    job = landed(tmp_path, groups=[a_group()], packages=[a_package()], buckets=[a_bucket()])
    seen(bill.warehouse, job)

    assert bill.warehouse.rows(
        """
        select v.model, v.version, s.store, sum(c.EffectiveCost)::varchar
        from registry.model_version as v
        join registry.store as s
            on s.source = v.source and starts_with(v.artifact_uri, s.store || '/')
        join focus.charge as c
            on c.ResourceId in (
                substr(s.store, 6), 'arn:aws:s3:::' || substr(s.store, 6)
            )
        group by all
        """
    ) == [("churn", "7", "s3://models", "3.00000000000000000000")]


@pytest.mark.thirdparty
def test_a_card_of_another_schema_keeps_its_words(warehouse, tmp_path, reference):
    """Google's model card toolkit: no field of ours, every section of its own."""
    content = json.loads((reference / "registry/model_cards/mct_full.json").read_text())
    card = a_card(content)
    job = landed(tmp_path, groups=[a_group()], cards=[card])

    assert seen(warehouse, job) == []
    sections = dict(
        warehouse.rows("select section, content from registry.card_section order by section")
    )
    assert sections["model_details.overview"] == "overview"
    assert json.loads(sections["considerations.limitations"]) == [
        {"description": "limitations1"},
        {"description": "limitations2"},
    ]
    flat = {
        f"{block}.{key}"
        for block, value in content.items()
        if isinstance(value, dict)
        for key in value
    }
    assert {name for name in sections if "." in name} == flat


@pytest.mark.thirdparty
def test_a_recorded_job_is_the_run_a_package_names(warehouse, tmp_path, reference):
    """A package's GeneratedBy is the training job's ARN, as AWS really writes it."""
    name = "test_sagemaker_training_job_query__api.sagemaker.DescribeTrainingJob_1.json"
    recorded = json.loads((reference / "registry/aws_api" / name).read_text())["data"]
    package = a_package(
        MetadataProperties={"GeneratedBy": recorded["TrainingJobArn"], "CommitId": "4f1c0de"}
    )
    seen(warehouse, landed(tmp_path, groups=[a_group()], packages=[package]))

    assert warehouse.rows(
        "select r.run_id, r.name, r.git_commit from registry.model_version as v "
        "join registry.run as r using (source, run_id)"
    ) == [(recorded["TrainingJobArn"], recorded["TrainingJobName"], "4f1c0de")]


def test_tags_of_groups_and_metadata_of_packages_are_facts(warehouse, tmp_path):
    """A package in no group has its own tags; what cannot be read is told with the version."""
    said = {"gov.seed": "4", "gov.scan_issues": "two"}
    alone = {"gov.task": "spam", "gov.origin": "external"}
    spots = seen(
        warehouse,
        landed(
            tmp_path,
            groups=[a_group(Tags={"gov.affects_people": "yes"})],
            packages=[
                a_package(CustomerMetadataProperties=said),
                a_package(None, "mail", Tags=alone),
            ],
        ),
    )

    assert warehouse.rows("select model, affects_people, task from registry.model order by 1") == [
        ("churn", True, None),
        ("mail", None, "spam"),
    ]
    assert warehouse.rows(
        "select model, version, seed, scan_issues, origin from registry.model_version order by 1"
    ) == [("churn", "7", "4", None, None), ("mail", "1", None, None, "external")]
    assert [scope for scope, _ in spots] == ["model_version.scan_issues"]
    [(row, raw)] = warehouse.rows("select row_number, raw from quarantine.row")
    assert (row, json.loads(raw)["subject"]) == (1, "version churn:7")


def test_a_file_names_the_data_that_sagemaker_does_not(warehouse, tmp_path):
    """The rule about training data is unknown without the file, and kept with it."""
    package = a_package(
        ModelApprovalStatus="Approved", MetadataProperties={"GeneratedBy": f"{HEAD}:training-job/t"}
    )
    seen(warehouse, landed(tmp_path, groups=[a_group()], packages=[package]))
    policies = load_policies([shipped("policies")])
    [rule] = [one for one in policies if one.id == "training-data-unidentified"]

    def verdict() -> str:
        [found] = evaluate(warehouse, [rule], params={}, now=datetime(2026, 11, 21))
        return found.verdict.value

    assert verdict() == "unknown"
    said = 'model: churn\ndatasets: [{dataset: calls, versions: ["7"], digest: "sha256:1"}]\n'
    source = ModelGovSource(name="gov", path=".")
    seen(warehouse, jobs.landed(tmp_path, source, {"model.gov.yaml": said.encode()}))

    assert warehouse.rows("select source, run_id, dataset, digest from registry.dataset") == [
        ("registry", f"{HEAD}:training-job/t", "calls", "sha256:1")
    ]
    assert verdict() == "pass"


@pytest.mark.parametrize(
    ("said", "revision"), [({}, "1.4"), ({"gov.base_model_revision": "abc"}, "abc")]
)
def test_sagemaker_itself_says_a_cards_day_and_a_hubs_revision(warehouse, tmp_path, said, revision):
    """A tag that says it goes before."""
    container = {"Image": "i", "BaseModel": {"HubContentName": "bert", "HubContentVersion": "1.4"}}
    package = a_package(
        InferenceSpecification={"Containers": [container]}, CustomerMetadataProperties=said
    )
    card = a_card({"model_overview": {"model_name": "churn"}})
    seen(warehouse, landed(tmp_path, groups=[a_group()], packages=[package], cards=[card]))

    assert warehouse.rows(
        "select base_model, base_model_revision, card_updated_at from registry.model_version"
    ) == [("bert", revision, datetime(2026, 10, 5, 8))]

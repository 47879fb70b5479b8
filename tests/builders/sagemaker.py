"""Builders: a model registry of SageMaker in moto, with what moto lacks beside it."""

from __future__ import annotations

import json
import socket
from typing import Any

import boto3

from builders.aws import Aws, Fault

ACCOUNT = "123456789012"
BUCKET = "acme-models"
NO_POLICY = Fault(
    lambda call: call.target.endswith(".GetModelPackageGroupPolicy"), 400, "ValidationException"
)


def resolve_accounts(monkeypatch: Any) -> None:
    """Let 123456789012.127.0.0.1 be found, as S3 Control spells an account's own address."""
    asked = socket.getaddrinfo

    def found(host: Any, *more: Any, **named: Any) -> Any:
        if isinstance(host, str) and host.endswith(".127.0.0.1"):
            host = "127.0.0.1"
        return asked(host, *more, **named)

    monkeypatch.setattr(socket, "getaddrinfo", found)


def sagemaker(region: str = "us-east-1") -> Any:
    """A client of our own, to fill the registry with."""
    return boto3.Session().client("sagemaker", region_name=region)


def a_group(name: str = "churn", region: str = "us-east-1", **tags: str) -> None:
    """Make a model package group; `gov_owner` stands for the tag gov.owner."""
    sagemaker(region).create_model_package_group(
        ModelPackageGroupName=name,
        ModelPackageGroupDescription="Who will leave?",
        Tags=[{"Key": key.replace("_", ".", 1), "Value": tags[key]} for key in tags],
    )


def a_version(
    group: str = "churn",
    *,
    approval: str = "PendingManualApproval",
    region: str = "us-east-1",
    container: dict[str, Any] | None = None,
    **more: Any,
) -> str:
    """Register a version of a group and return its ARN."""
    described = {"Image": "acme/serve:1", "ModelDataUrl": f"s3://{BUCKET}/{group}/model.tar.gz"}
    made = sagemaker(region).create_model_package(
        ModelPackageGroupName=group,
        InferenceSpecification={
            "Containers": [container or described],
            "SupportedContentTypes": ["text/csv"],
            "SupportedResponseMIMETypes": ["text/csv"],
        },
        ModelApprovalStatus=approval,
        **more,
    )
    return str(made["ModelPackageArn"])


def group_policies(aws: Aws, **policies: Any) -> None:
    """Let groups have resource policies, which moto does not know."""
    aws.replies["GetModelPackageGroupPolicy"] = lambda asked: {
        "ResourcePolicy": json.dumps(policies[asked["ModelPackageGroupName"]])
    }

"""Who may do what at AWS, as AWS writes it: policies of IAM, and how buckets are guarded.

Nothing is judged here: `normalise/iam_policy.py` does. What is denied is named (`Denied`), so
that it is unknown later and not absent.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any

from quaestor.collect.sagemaker_packages import DENIED, allowed, answered, plain

KINDS = ("User", "Group", "Role", "LocalManagedPolicy", "AWSManagedPolicy")
Object = dict[str, Any]
# What S3 is asked of a bucket: a name, the operation, the codes that say "none", what none is.
Question = tuple[str, str, tuple[str, ...]]
QUESTIONS: tuple[Question, ...] = (
    (
        "PublicAccessBlockConfiguration",
        "get_public_access_block",
        ("NoSuchPublicAccessBlockConfiguration",),
    ),
    ("PolicyStatus", "get_bucket_policy_status", ("NoSuchBucketPolicy",)),
    ("Policy", "get_bucket_policy", ("NoSuchBucketPolicy",)),
    (
        "ServerSideEncryptionConfiguration",
        "get_bucket_encryption",
        ("ServerSideEncryptionConfigurationNotFoundError",),
    ),
    ("TagSet", "get_bucket_tagging", ("NoSuchTagSet",)),
)
WHOLE: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("Acl", "get_bucket_acl", ("Owner", "Grants")),
    ("Versioning", "get_bucket_versioning", ("Status", "MFADelete")),
    ("Location", "get_bucket_location", ("LocationConstraint",)),
)


def read_iam(client: Any) -> tuple[list[Object], list[Object]]:
    """Return users, groups and roles, and the policies that one of them has.

    AWS's own policies come by the thousand and in every version: only the version in force of
    those that somebody has is kept.
    """
    principals: list[Object] = []
    policies: dict[str, Object] = {}
    paginator = client.get_paginator("get_account_authorization_details")
    for page in paginator.paginate(Filter=list(KINDS), PaginationConfig={"PageSize": 1_000}):
        principals += [_principal("user", "User", one) for one in answered(page, "UserDetailList")]
        principals += [
            _principal("group", "Group", one) for one in answered(page, "GroupDetailList")
        ]
        principals += [_principal("role", "Role", one) for one in answered(page, "RoleDetailList")]
        policies |= {one["Arn"]: _policy(one) for one in page["Policies"]}
    wanted = {
        arn for one in principals for arn in (*one["Attached"], one["Boundary"]) if arn is not None
    }
    return (
        sorted(principals, key=lambda one: str(one["Arn"])),
        [policies[arn] for arn in sorted(wanted & policies.keys())],
    )


def _principal(kind: str, word: str, detail: Object) -> Object:
    boundary = detail.get("PermissionsBoundary") or {}
    inline = detail.get(f"{word}PolicyList") or []
    return {
        "Kind": kind,
        "Arn": detail["Arn"],
        "Name": detail[f"{word}Name"],
        "Inline": [
            {"Name": one["PolicyName"], "Document": plain(one["PolicyDocument"])} for one in inline
        ],
        "Attached": sorted(one["PolicyArn"] for one in detail.get("AttachedManagedPolicies") or []),
        "Groups": sorted(detail.get("GroupList") or []),
        "Boundary": boundary.get("PermissionsBoundaryArn"),
    }


def _policy(detail: Object) -> Object:
    versions = detail.get("PolicyVersionList") or []
    in_force = [one["Document"] for one in versions if one.get("IsDefaultVersion")]
    return {
        "Arn": detail["Arn"],
        "Name": str(detail["Arn"]).rpartition("/")[2],
        "Document": plain(in_force[0]) if in_force else None,
    }


def read_bucket(s3: Any, bucket: str, account: str) -> Object:
    """Return how a bucket of this account is guarded, and what of it is denied.

    A bucket of another account is denied throughout: which blocks are in force there, only its
    own account knows.
    """
    answers: Object = {}
    asked: Mapping[str, Any] = {"Bucket": bucket, "ExpectedBucketOwner": account}
    for name, operation, nothing in QUESTIONS:
        answers[name] = _told(partial(getattr(s3, operation), **asked), name, nothing)
    for name, operation, keys in WHOLE:
        answer = allowed(partial(getattr(s3, operation), **asked), ("NoSuchBucket",), DENIED)
        answers[name] = answer if answer is DENIED else {key: answer.get(key) for key in keys}
    return _with_denied({"Bucket": bucket}, answers)


def _told(ask: Callable[[], Any], key: str, nothing: tuple[str, ...]) -> Any:
    """Return one key of an answer; {} where S3 says that there is none."""
    answer = allowed(ask, nothing, {})
    if answer is DENIED or not answer:
        return answer
    return answer[key]


def read_account_block(s3control: Any, account: str) -> Any:
    """Return the account's own block of public access, {} where there is none, or DENIED."""
    return _told(
        lambda: s3control.get_public_access_block(AccountId=account),
        "PublicAccessBlockConfiguration",
        ("NoSuchPublicAccessBlockConfiguration",),
    )


def _with_denied(one: Object, answers: Mapping[str, Any]) -> Object:
    told = {key: plain(value) for key, value in answers.items() if value is not DENIED}
    return {**one, **told, "Denied": sorted(answers.keys() - told.keys())}


def artifact_uris(packages: Iterable[Object]) -> dict[str, set[str]]:
    """Return where artifacts of packages lie in S3: prefixes by bucket.

    >>> artifact_uris([{"ModelDataUrl": "s3://models/churn/7/model.tar.gz"}])
    {'models': {'churn/7/model.tar.gz'}}
    """
    found: dict[str, set[str]] = {}
    for text in _texts(list(packages), ("ModelDataUrl", "S3Uri"), ("ModelMetrics", "DriftCheck")):
        bucket, _, key = text.removeprefix("s3://").partition("/")
        if text.startswith("s3://") and bucket:
            found.setdefault(bucket, set()).add(key)
    return found


def _texts(value: Any, keys: tuple[str, ...], without: tuple[str, ...]) -> Iterable[str]:
    """Yield the texts under these keys, at any depth, save below keys that begin with others."""
    if isinstance(value, list):
        for one in value:
            yield from _texts(one, keys, without)
    elif isinstance(value, Mapping):
        for key, one in value.items():
            if key in keys and isinstance(one, str):
                yield one
            elif not key.startswith(without):
                yield from _texts(one, keys, without)

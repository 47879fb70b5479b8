"""Who may read, edit, approve, promote, deploy and manage a model of SageMaker; and its stores.

SageMaker has one action to change a version, UpdateModelPackage: whoever may call it may approve
and may move a stage. Endpoints belong to no group: who may deploy one may deploy any model.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from quaestor.normalise.iam_patterns import covers
from quaestor.normalise.iam_policy import EVERYBODY, Policies, Right, Statement, statements

Object = Mapping[str, Any]
# What a right on a model is: actions, each with what it is asked of.
MODEL_RIGHTS = (
    ("read", "sagemaker:DescribeModelPackage", "package"),
    ("edit", "sagemaker:CreateModelPackage", "package"),
    ("approve", "sagemaker:UpdateModelPackage", "package"),
    ("promote", "sagemaker:UpdateModelPackage", "package"),
    ("deploy", "sagemaker:CreateEndpoint", "endpoint"),
    ("deploy", "sagemaker:UpdateEndpoint", "endpoint"),
    ("manage", "sagemaker:DeleteModelPackage", "package"),
    ("manage", "sagemaker:DeleteModelPackageGroup", "group"),
    ("manage", "sagemaker:PutModelPackageGroupPolicy", "group"),
)
STORE_RIGHTS = (
    ("read", "s3:GetObject", "objects"),
    ("edit", "s3:PutObject", "objects"),
    ("manage", "s3:DeleteObject", "objects"),
    ("manage", "s3:PutBucketPolicy", "bucket"),
)
ACL_RIGHTS = {
    "READ": ("read",),
    "WRITE": ("edit",),
    "WRITE_ACP": ("manage",),
    "FULL_CONTROL": ("read", "edit", "manage"),
}
_WORLD = {"AllUsers": EVERYBODY, "AuthenticatedUsers": "group:aws-authenticated-users"}
Grant = dict[str, str]


@dataclass
class Access:
    """Everybody's policies of one account, and what of them cannot be read."""

    policies: dict[str, Policies] = field(default_factory=dict)  # by the principal's ARN
    unreadable: list[str] = field(default_factory=list)

    def read(self, document: Any, name: str) -> list[Statement]:
        """Return the statements of a policy; one that cannot be read is noted."""
        try:
            parsed = json.loads(document) if isinstance(document, str) else document
        except (ValueError, RecursionError):
            parsed = None
        try:
            return statements(parsed, name)
        except ValueError as problem:
            self.unreadable.append(str(problem)[:300])
            return []


@dataclass(frozen=True)
class Subject:
    """What rights are about: a model or a store.

    Args:
        name: As `registry.grant` names it.
        rights: MODEL_RIGHTS or STORE_RIGHTS.
        resources: The ARN pattern of each kind of resource that `rights` names.
        account: Whose it is.
        own: Statements of its resource policy.
        closed: Whether a resource policy that lets everybody in is without effect (None: unknown).
    """

    name: str
    rights: Sequence[tuple[str, str, str]]
    resources: Mapping[str, str]
    account: str
    own: Sequence[Statement] = ()
    closed: bool | None = False


def read_principals(principals: Iterable[Object]) -> Access:
    """Return what each user, group and role is given, as IAM lists it."""
    access = Access()
    listed = list(principals)
    groups = {
        one["Name"]: _given(access, one, f" of group {one['Name']}")
        for one in listed
        if one["Kind"] == "group"
    }
    for one in listed:
        if one["Kind"] == "group":
            access.policies[one["Arn"]] = Policies(groups[one["Name"]])
            continue
        given = [*_given(access, one, "")]
        for name in one["Groups"]:
            given += groups.get(name, [])
        boundary = _managed(access, one, one["Boundary"], "") if one["Boundary"] else None
        access.policies[one["Arn"]] = Policies(
            given, boundary, boundary_unknown=bool(one["Boundary"]) and not boundary
        )
    return access


def _given(access: Access, one: Object, whose: str) -> list[Statement]:
    found: list[Statement] = []
    for inline in one["Inline"]:
        found += access.read(inline["Document"], f"inline policy {inline['Name']}{whose}")
    for arn in one["Attached"]:
        found += _managed(access, one, arn, whose)
    return found


def _managed(access: Access, one: Object, arn: str, whose: str) -> list[Statement]:
    for policy in one["Policies"]:
        if policy["Arn"] == arn:
            return access.read(policy["Document"], f"policy {policy['Name']}{whose}")
    access.unreadable.append(f"the policy {arn} of {one['Arn']} is not shown")
    return []


def model_subject(access: Access, model: str, group: Object) -> Subject:
    """Return a model package group as a subject of rights."""
    arn = str(group["ModelPackageGroupArn"])
    head = arn.rsplit(":", 1)[0]
    policy = group.get("ResourcePolicy")
    return Subject(
        name=model,
        rights=MODEL_RIGHTS,
        resources={
            "group": arn,
            "package": arn.replace(":model-package-group/", ":model-package/", 1) + "/*",
            "endpoint": f"{head}:endpoint/*",
        },
        account=arn.split(":")[4],
        own=access.read(policy, f"resource policy of {model}") if policy else (),
    )


def store_subject(access: Access, bucket: Object) -> Subject:
    """Return a bucket as a subject of rights."""
    name = str(bucket["Bucket"])
    arn = f"arn:{bucket['Partition']}:s3:::{name}"
    policy = bucket.get("Policy")
    blocks = (bucket.get("PublicAccessBlockConfiguration"), bucket.get("AccountBlock"))
    restricts = [None if one is None else bool(one.get("RestrictPublicBuckets")) for one in blocks]
    return Subject(
        name=f"s3://{name}",
        rights=STORE_RIGHTS,
        resources={"bucket": arn, "objects": f"{arn}/*"},
        account=str(bucket["Account"]),
        own=access.read(policy, f"bucket policy of {name}") if policy else (),
        closed=True if True in restricts else (None if None in restricts else False),
    )


def grants_on(access: Access, subjects: Sequence[Subject]) -> Iterator[Grant]:
    """Yield who has which right on each subject, by whatever gives it."""
    actions = {action for subject in subjects for _, action, _ in subject.rights}
    for arn, policies in access.policies.items():
        about = {action: policies.about(action) for action in actions}
        for subject in subjects:
            same_account = arn.split(":")[4] == subject.account
            own = [one for one in subject.own if _is_meant(one, arn)] if same_account else []
            yield from _rights_of(subject, arn, about, own)
    for subject in subjects:
        for principal in sorted({name for one in subject.own for name in one.principals}):
            own = [one for one in subject.own if {principal, EVERYBODY} & {*one.principals}]
            if principal not in access.policies and not _is_root(principal, subject):
                yield from _rights_of(subject, principal, {}, own)


def _rights_of(
    subject: Subject, principal: str, about: Mapping[str, Policies], own: Sequence[Statement]
) -> Iterator[Grant]:
    if principal == EVERYBODY and subject.closed:
        return
    best: dict[str, Right] = {}
    for name, action, kind in subject.rights:
        policies = about.get(action, Policies([]))
        if own:
            mine = Policies([*policies.given, *own], policies.boundary, policies.boundary_unknown)
            policies = mine.about(action)
        if not policies.given:
            continue
        right = policies.right(subject.resources[kind])
        if right and (name not in best or (best[name].conditional and not right.conditional)):
            best[name] = right
    for name, right in best.items():
        unsure = right.conditional or (principal == EVERYBODY and subject.closed is None)
        yield _grant(subject, principal, name, right, unsure=unsure)


def _grant(subject: Subject, principal: str, name: str, right: Right, *, unsure: bool) -> Grant:
    narrowed = right.resource not in subject.resources.values()
    place, via = subject.name, right.via
    if narrowed and place.startswith("s3://"):
        place = "s3://" + right.resource.rpartition(":::")[2].rstrip("*")
    elif narrowed:
        via += f", for {right.resource}"
    return {
        "subject": place,
        "principal": principal,
        "right": name,
        "via": f"conditional: {via}" if unsure else via,
    }


def _is_meant(one: Statement, arn: str) -> bool:
    """Whether a statement of a resource's policy is about a principal of the same account.

    An account as principal leaves it to that account's IAM: it allows nobody by itself, but what
    it is denied is denied to everybody there.
    """
    account = arn.split(":")[4]
    roots = (f"arn:*:iam::{account}:root", account)
    for principal in one.principals:
        if principal in (EVERYBODY, arn):
            return True
        if not one.allows and any(covers(root, principal) for root in roots):
            return True
    return False


def _is_root(principal: str, subject: Subject) -> bool:
    return covers(f"arn:*:iam::{subject.account}:root", principal)


def acl_grants(bucket: Object) -> Iterator[Grant]:
    """Yield what a bucket's ACL gives to others than its owner."""
    acl = bucket.get("Acl") or {}
    owner = (acl.get("Owner") or {}).get("ID")
    blocks = (bucket.get("PublicAccessBlockConfiguration"), bucket.get("AccountBlock"))
    ignored = any(one and one.get("IgnorePublicAcls") for one in blocks)
    for given in acl.get("Grants") or []:
        grantee = given.get("Grantee") or {}
        word = str(grantee.get("URI", "")).rpartition("/")[2]
        if grantee.get("ID") == owner or (ignored and word in _WORLD):
            continue
        principal = _WORLD.get(word) or grantee.get("URI") or f"canonical:{grantee.get('ID')}"
        for right in ACL_RIGHTS.get(given.get("Permission"), ()):
            yield {
                "subject": f"s3://{bucket['Bucket']}",
                "principal": principal,
                "right": right,
                "via": f"bucket ACL, {given['Permission']}",
            }

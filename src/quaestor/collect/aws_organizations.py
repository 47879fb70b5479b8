"""Land the accounts of an AWS organisation: what they are called, where they stand, their tags.

Only the list of accounts is needed. Where units or tags are denied, paths or tags stay unknown.
Addresses of people (the accounts' e-mail) are not landed.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Any

from quaestor.collect import aws
from quaestor.core.errors import IncompleteError
from quaestor.core.progress import counted

if TYPE_CHECKING:
    from quaestor.collect.landing import Landing
    from quaestor.core.config import Config
    from quaestor.core.sources.aws import AwsOrganizationsSource

COLUMNS = (
    *("provider", "account_id", "account_name", "account_type", "parent_id", "path"),
    *("status", "tags"),
)
_HOME = "us-east-1"  # the service has one endpoint for all regions of a partition
_WHERE = "AWS Organizations"
_LIST = ("list_accounts", "Accounts")
_MAY = ("AccessDeniedException", "AccessDenied")


def collect(
    source: AwsOrganizationsSource,
    config: Config,
    landing: Landing,
    *,
    now: datetime,
    progress: Callable[[str], None],
) -> None:
    """Land every account of the organisation (see `Collector.collect`)."""
    del config
    client = aws.patient(
        source, "organizations", _WHERE, lambda quick: quick.list_accounts(MaxResults=1), _HOME
    )
    with _explained(source):
        accounts = sorted(_pages(client, *_LIST), key=lambda account: str(account["Id"]))
        progress(f"{source.name}: {_count(accounts)}")
        places = _allowed(lambda: dict(_places(client))) or {}
        manager = _allowed(lambda: client.describe_organization()["Organization"])
        tagged = bool(accounts) and _allowed(lambda: _tags(client, accounts[0])) is not None
        rows = []
        for account in counted(accounts, progress, lambda one: f"{source.name}: {one['Id']}"):
            tags = _tags(client, account) if tagged else None
            rows.append(_row(account, places, manager, tags))
    landed = landing.land_bytes(_as_csv(rows), "accounts.csv", "aws-organizations/accounts")
    landing.snapshot([landed], kind="organizations", schema="accounts", now=now)


def doctor(source: AwsOrganizationsSource, config: Config) -> str:
    """Count the accounts, and say what of them is denied (see `Collector.doctor`)."""
    del config
    client = aws.client(source, "organizations", _HOME)
    with _explained(source):
        accounts = list(_pages(client, *_LIST))
        told = _count(accounts)
        if _allowed(lambda: dict(_places(client))) is None:
            told += "; their units are denied"
        if accounts and _allowed(lambda: _tags(client, accounts[0])) is None:
            told += "; their tags are denied"
    return told


def permissions(source: AwsOrganizationsSource) -> str:
    """Return an IAM policy for the organisation's list (see `Collector.permissions`)."""
    del source
    actions = (
        *("DescribeOrganization", "ListAccounts", "ListAccountsForParent"),
        *("ListOrganizationalUnitsForParent", "ListRoots", "ListTagsForResource"),
    )
    statement = {
        "Sid": "ReadTheListOfAccounts",
        "Effect": "Allow",
        "Action": [f"organizations:{action}" for action in actions],
        "Resource": "*",
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]}, indent=2)


@contextmanager
def _explained(source: AwsOrganizationsSource) -> Iterator[None]:
    """Explain what AWS refuses, and that an account may be in no organisation at all."""
    from botocore.exceptions import ClientError

    with aws.explained(source, _WHERE):
        try:
            yield
        except ClientError as problem:
            if aws.code_of(problem) != "AWSOrganizationsNotInUseException":
                raise
            raise IncompleteError(
                "this AWS account is in no organisation",
                where=f"{_WHERE} (source {source.name})",
                fix="Ask with an account of the organisation (`profile:`, `role_arn:`), or "
                "remove the source.",
            ) from None


def _pages(client: Any, operation: str, key: str, **query: str) -> Iterator[dict[str, Any]]:
    for page in client.get_paginator(operation).paginate(**query):
        yield from page[key]


def _places(client: Any) -> Iterator[tuple[str, tuple[str, str]]]:
    """Yield for every account the unit it is in, and that unit's path."""
    pending = [(root["Id"], str(root["Name"])) for root in _pages(client, "list_roots", "Roots")]
    while pending:
        parent, path = pending.pop()
        for account in _pages(client, "list_accounts_for_parent", "Accounts", ParentId=parent):
            yield account["Id"], (parent, path)
        units = _pages(
            client,
            "list_organizational_units_for_parent",
            "OrganizationalUnits",
            ParentId=parent,
        )
        pending += [(unit["Id"], f"{path}/{unit['Name']}") for unit in units]


def _count(accounts: Sequence[object]) -> str:
    return f"{len(accounts):,} account{'s' if len(accounts) != 1 else ''}"


def _tags(client: Any, account: Mapping[str, Any]) -> dict[str, str]:
    found = _pages(client, "list_tags_for_resource", "Tags", ResourceId=account["Id"])
    return {tag["Key"]: tag["Value"] for tag in found}


def _allowed(ask: Callable[[], Any]) -> Any:
    """Return an answer, or None where AWS denies the question."""
    from botocore.exceptions import ClientError

    try:
        return ask()
    except ClientError as problem:
        if aws.code_of(problem) not in _MAY:
            raise
        return None


def _row(
    account: Mapping[str, Any],
    places: Mapping[str, tuple[str, str]],
    organisation: Mapping[str, Any] | None,
    tags: Mapping[str, str] | None,
) -> dict[str, str | None]:
    parent, path = places.get(account["Id"], (None, None))
    kind = None
    if organisation:
        kind = "Management" if account["Id"] == organisation["MasterAccountId"] else "Member"
    return {
        "provider": "AWS",
        "account_id": account["Id"],
        "account_name": account.get("Name"),
        "account_type": kind,
        "parent_id": parent,
        "path": path,
        "status": account.get("State") or account.get("Status"),
        "tags": None if tags is None else json.dumps(tags, sort_keys=True, ensure_ascii=False),
    }


def _as_csv(rows: list[dict[str, str | None]]) -> bytes:
    out = io.StringIO()
    writer = csv.DictWriter(out, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().encode()

"""An organisation's accounts, as moto lists them to the real boto3."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import boto3
import pytest

from builders.aws import Aws, Fault
from builders.bills import NOW
from quaestor.collect import aws_organizations
from quaestor.collect.landing import Landing
from quaestor.core.config import Config
from quaestor.core.errors import IncompleteError
from quaestor.core.sources import AwsOrganizationsSource

SOURCE = AwsOrganizationsSource(name="org")


@pytest.fixture
def landing(tmp_path: Path) -> Landing:
    """An empty landing folder."""
    return Landing(tmp_path / "landing", "org")


@pytest.fixture
def accounts(aws: Aws) -> dict[str, str]:
    """An organisation: its accounts' ids by name, one of them in a unit of a unit."""
    client = boto3.client("organizations")
    client.create_organization(FeatureSet="ALL")
    root = client.list_roots()["Roots"][0]["Id"]
    ids = {}
    for name in ("research", "serving, live", "sandbox"):
        made = client.create_account(
            Email=f"{name[:4]}@acme.example",
            AccountName=name,
            Tags=[{"Key": "team", "Value": name}] if name == "research" else [],
        )
        ids[name] = made["CreateAccountStatus"]["AccountId"]
    unit = client.create_organizational_unit(ParentId=root, Name="ml")["OrganizationalUnit"]["Id"]
    inner = client.create_organizational_unit(ParentId=unit, Name="lab")["OrganizationalUnit"]
    client.move_account(
        AccountId=ids["research"], SourceParentId=root, DestinationParentId=inner["Id"]
    )
    aws.calls.clear()
    return {**ids, "root": root, "lab": inner["Id"]}


def collect(landing: Landing) -> dict[str, dict[str, str]]:
    """Collect, and return the rows in force by account id."""
    aws_organizations.collect(SOURCE, Config(), landing, now=NOW, progress=lambda _: None)
    manifest = landing.current()
    assert manifest
    (file,) = manifest.files
    assert manifest.schema == "accounts"
    with (landing.root / file.path).open(newline="") as stream:
        return {row["account_id"]: row for row in csv.DictReader(stream)}


def deny(aws: Aws, *operations: str) -> None:
    """Let AWS refuse some questions."""
    for operation in operations:
        aws.faults.append(
            Fault(
                lambda call, operation=operation: call.target.endswith(f".{operation}"),
                400,
                "AccessDeniedException",
            )
        )


def test_accounts_have_names_paths_and_tags(accounts: dict[str, Any], landing: Landing):
    """And no one's e-mail."""
    rows = collect(landing)

    assert rows[accounts["research"]] == {
        "provider": "AWS",
        "account_id": accounts["research"],
        "account_name": "research",
        "account_type": "Member",
        "parent_id": accounts["lab"],
        "path": "Root/ml/lab",
        "status": "ACTIVE",
        "tags": '{"team": "research"}',
    }
    assert rows[accounts["serving, live"]]["account_name"] == "serving, live"
    assert rows[accounts["serving, live"]]["path"] == "Root"
    assert rows[accounts["sandbox"]]["tags"] == "{}"
    assert [row["account_type"] for row in rows.values()].count("Management") == 1
    assert "acme.example" not in str(rows)


def test_the_same_organisation_is_landed_once(accounts, landing: Landing):
    """The same bytes, so no new manifest."""
    collect(landing)
    collect(landing)

    assert len(list((landing.folder / "manifests").iterdir())) == 1


def test_what_is_denied_stays_unknown(aws: Aws, accounts, landing: Landing):
    """Tags, units and the manager are asked for where that is allowed."""
    deny(aws, "ListTagsForResource", "ListRoots", "DescribeOrganization")

    row = collect(landing)[accounts["research"]]

    assert (row["account_name"], row["tags"], row["path"], row["account_type"]) == (
        "research",
        "",
        "",
        "",
    )
    told = aws_organizations.doctor(SOURCE, Config())
    assert told == "4 accounts; their units are denied; their tags are denied"


def test_a_list_that_is_denied_is_an_error(aws: Aws, accounts, landing: Landing):
    """Without names there is nothing to land; what was in force stays."""
    before = collect(landing)
    deny(aws, "ListAccounts")

    with pytest.raises(IncompleteError) as caught:
        collect(landing)

    assert caught.value.as_text() == (
        "error: AWS denies ListAccounts\n"
        "  in:  AWS Organizations (source org)\n"
        "  fix: Grant what `quaestor permissions org` prints."
    )
    assert landing.current()
    assert len(before) == 4


def test_an_account_without_organisation_is_told(aws: Aws, landing: Landing):
    """It has no accounts to name."""
    with pytest.raises(IncompleteError, match="this AWS account is in no organisation"):
        collect(landing)


def test_doctor_counts(accounts):
    """All that is asked for is allowed."""
    assert aws_organizations.doctor(SOURCE, Config()) == "4 accounts"


def test_the_policy_reads_and_nothing_else():
    """Organizations has no resources to narrow a list to; every action is named."""
    policy = json.loads(aws_organizations.permissions(SOURCE))
    (statement,) = policy["Statement"]

    assert statement["Action"] == [
        "organizations:DescribeOrganization",
        "organizations:ListAccounts",
        "organizations:ListAccountsForParent",
        "organizations:ListOrganizationalUnitsForParent",
        "organizations:ListRoots",
        "organizations:ListTagsForResource",
    ]

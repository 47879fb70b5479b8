"""What accounts are called: stated beside the bill, and kept apart from what the bill states."""

from __future__ import annotations

import pytest

from builders.bills import NOW, Bill, csv_text
from quaestor import normalise
from quaestor.collect.landing import Landing
from quaestor.core.blind_spot import BlindSpot
from quaestor.core.sources import AwsOrganizationsSource
from quaestor.normalise import accounts
from quaestor.normalise.job import Job

HEADER = "provider,account_id,account_name,account_type,parent_id,path,status,tags\n"


def name(bill: Bill, text: str, source: str = "org") -> list[BlindSpot]:
    """Land accounts, load them, and settle."""
    landing = Landing(bill.folder / "landing", source)
    landed = landing.land_bytes(text.encode(), "accounts.csv", "accounts")
    landing.snapshot([landed], kind="organizations", schema="accounts", now=NOW)
    manifest = landing.current()
    assert manifest
    job = Job(AwsOrganizationsSource(name=source), manifest, landing.root, "USD", lambda _: None)
    with bill.warehouse.transaction():
        spots = accounts.load(bill.warehouse, job)
        normalise.settle(bill.warehouse)
    return spots


@pytest.fixture
def charged(bill: Bill) -> Bill:
    """Two charges of a nameless account, one of an account that the bill names."""
    bill.write(
        "a.csv",
        csv_text(
            {"SubAccountId": "012345678901", "SubAccountName": ""},
            {"SubAccountId": "222222222222", "SubAccountName": "as billed"},
            {"SubAccountId": "", "SubAccountName": ""},
        ),
    )
    bill.load()
    return bill


def names(bill: Bill) -> list[object]:
    """The accounts' names, row by row."""
    return [row[0] for row in bill.values("SubAccountName")]


def test_an_account_is_loaded_as_it_is_stated(bill: Bill):
    """Ids are text, and what is empty is unknown."""
    row = '012345678901,research,Member,ou-1,Root/Research,ACTIVE,"{""team"":""ml""}"\n'

    assert name(bill, f"{HEADER}AWS,{row}AWS,222222222222,,,,,,\n") == []
    assert bill.warehouse.rows("from focus.account order by account_id") == [
        *[
            (
                "org",
                "AWS",
                "012345678901",
                "research",
                "Member",
                "ou-1",
                "Root/Research",
                "ACTIVE",
                '{"team":"ml"}',
            )
        ],
        ("org", "AWS", "222222222222", None, None, None, None, None, None),
    ]


def test_blank_names_are_filled_and_stated_ones_are_not(charged: Bill):
    """By the account's id; the bill's own word counts."""
    name(charged, f"{HEADER}AWS,012345678901,research,,,,,\nAWS,222222222222,other,,,,,\n")

    assert charged.values("SubAccountName, x_sub_account_name_source") == [
        ("research", "org"),
        ("as billed", None),
        (None, None),
    ]


def test_a_name_is_renewed_and_goes_with_its_source(charged: Bill):
    """What was filled is not taken for what the bill states."""
    name(charged, f"{HEADER}AWS,012345678901,research,,,,,\n")
    name(charged, f"{HEADER}AWS,012345678901,laboratory,,,,,\n")
    assert names(charged) == ["laboratory", "as billed", None]

    normalise.forget(charged.warehouse, "org")
    normalise.settle(charged.warehouse)
    assert charged.values("SubAccountName, x_sub_account_name_source") == [
        (None, None),
        ("as billed", None),
        (None, None),
    ]


def test_settling_again_changes_nothing(charged: Bill):
    """And of two sources, the first by name decides, whatever the order they came in."""
    name(charged, f"{HEADER}AWS,012345678901,second,,,,,\n", source="z")
    name(charged, f"{HEADER}AWS,012345678901,first,,,,,\n", source="a")
    before = charged.values("*")

    normalise.settle(charged.warehouse)

    assert charged.values("*") == before
    assert names(charged) == ["first", "as billed", None]


def test_a_file_that_is_no_list_of_accounts_is_told(bill: Bill):
    """It goes to quarantine whole, as any file does."""
    spots = name(bill, "account_id,what\n1,2\n")

    assert len(spots) == 1
    assert bill.quarantined() == [
        (None, "column provider is missing\nWrite the columns provider, account_id.")
    ]


def test_lines_that_name_no_account_or_one_twice_are_told(bill: Bill):
    """What is dropped without a word would be missed by nobody; a mere repeat says nothing new."""
    lines = (
        "AWS,1,research,,,,,",
        "AWS,,nameless,,,,,",
        ",2,nobody's,,,,,",
        "AWS,1,research,,,,,",
        "AWS,1,another,,,,,",
        "AWS,3",
    )
    [spot] = name(bill, HEADER + "".join(f"{line}\n" for line in lines))

    assert "4 rows cannot be read" in spot.reason
    assert bill.warehouse.rows("select account_id, account_name from focus.account") == [
        ("1", "research")
    ]
    assert [(row, str(reason)[:30]) for row, reason in bill.quarantined()][:3] == [
        (2, "account_id is empty"),
        (3, "provider is empty"),
        (5, "the account 1 stands twice, an"),
    ]
    assert [row for row, _ in bill.quarantined()] == [2, 3, 5, 6]

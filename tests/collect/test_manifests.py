"""Which files of an export are in force, told from a listing and its manifests alone."""

from __future__ import annotations

import json
from datetime import date, datetime

import pytest

from quaestor.collect.manifests import Exports, Listed, lasting, place_of
from quaestor.core.period import Window

OLD, NEW = datetime(2026, 11, 1), datetime(2026, 11, 2)


def chosen(
    contents: dict[str, list[str] | str],
    *,
    visible: str | None = "",
    new: tuple[str, ...] = (),
    page: int = 1_000,
) -> tuple[list[str], dict[str, str]]:
    """The keys in force and the gaps, of a store with these files; a list is a manifest's."""
    listed = sorted(
        (Listed(key, 1, "v", NEW if key in new else OLD) for key in contents),
        key=lambda one: one.key,
    )

    def read(one: Listed) -> bytes:
        content = contents[one.key]
        return json.dumps({"dataFiles": content}).encode() if content else b"{"

    exports = Exports(read, Window(), visible=visible)
    found = []
    for start in range(0, len(listed), page):
        found += exports.add(listed[start : start + page])
    found += exports.close()
    gaps = {str(period): gap.reason for period, gap in exports.gaps.items()}
    return sorted(one.key for one in found), gaps


def test_names_of_folders_are_of_either_case():
    """FOCUS 1.2 exports are written with billing_period=."""
    data = "x/data/billing_period=2026-10/x-00001.snappy.parquet"
    told = "x/metadata/billing_period=2026-10/x-Manifest.json"

    assert chosen({data: "", told: [f"s3://acme/{data}"]}) == ([data], {})


def test_a_report_without_a_prefix_lies_below_a_slash():
    """So AWS writes it; its manifest lists it without."""
    data = "/cur/20261001-20261101/cur-1.csv.gz"
    told = "/cur/20261001-20261101/cur-Manifest.json"

    assert chosen({data: "", told: [data.lstrip("/")]}) == ([data], {})


def test_two_exports_have_their_own_manifests():
    """The month of one is no month of the other."""
    a, b = (f"{name}/data/BILLING_PERIOD=2026-10/part.csv" for name in "ab")
    told = "a/metadata/BILLING_PERIOD=2026-10/a-Manifest.json"

    assert chosen({a: "", b: "", told: [a]}) == (
        [a],
        {"2026-10": "it is half written: its manifest is missing"},
    )


@pytest.mark.parametrize("page", [1, 2, 1_000])
def test_pages_decide_as_the_whole_does(page: int):
    """However the listing is cut; the newest manifest may come later than an older one."""
    old, new = (f"x/data/BILLING_PERIOD=2026-10/{run}/x-1.csv" for run in ("2", "1"))
    told_old, told_new = (
        f"x/metadata/BILLING_PERIOD=2026-10/{run}/x-Manifest.json" for run in ("2", "1")
    )
    contents = {old: "", new: "", told_old: [old], told_new: [new]}

    assert chosen(contents, new=(told_new,), page=page) == ([new], {})


def test_of_manifests_of_one_moment_that_of_the_month_decides():
    """Copied files may all have one age."""
    old, new = (f"x/20261001-20261101/{run}/x-1.csv" for run in ("9", "1"))
    contents = {
        old: "",
        new: "",
        "x/20261001-20261101/9/x-Manifest.json": [old],
        "x/20261001-20261101/x-Manifest.json": [new],
    }

    assert chosen(contents) == ([new], {})


def test_a_prefix_below_the_manifests_takes_what_is_there():
    """Unless a month was delivered twice: nobody can say which is in force."""
    one = "x/data/BILLING_PERIOD=2026-09/x-1.csv"
    two = [f"x/data/BILLING_PERIOD=2026-10/{run}/x-1.csv" for run in "12"]

    assert chosen({one: "", **dict.fromkeys(two, "")}, visible="x/data/") == (
        [one],
        {"2026-10": "several deliveries of it lie here, and no manifest says which is in force"},
    )


def test_files_in_folders_of_months_are_just_files():
    """Somebody's own layout has no manifests, and needs none."""
    keys = [f"bills/year=2026/month={month}/{name}.parquet" for month in (9, 10) for name in "ab"]

    assert chosen(dict.fromkeys(keys, "")) == (sorted(keys), {})


@pytest.mark.parametrize(
    ("key", "same"),
    [
        ("x/data/BILLING_PERIOD=2026-10/7f/x-1.csv", "x/data/BILLING_PERIOD=2026-10/x-1.csv"),
        ("x/data/BILLING_PERIOD=2026-10/x-1.csv", "x/data/BILLING_PERIOD=2026-10/x-1.csv"),
        ("x/20261001-20261101/7f/x-1.csv", "x/20261001-20261101/x-1.csv"),
        ("x/x/year=2026/month=1/x-1.parquet", "x/x/year=2026/month=1/x-1.parquet"),
        ("by-hand/7f/x-1.csv", "by-hand/7f/x-1.csv"),
        ("x/data/BILLING_PERIOD=2026-13/7f/x-1.csv", "x/data/BILLING_PERIOD=2026-13/7f/x-1.csv"),
    ],
)
def test_the_place_of_a_file_outlasts_its_delivery(key: str, same: str):
    """So that the ledger replaces one delivery by the next."""
    assert lasting(key) == same


def test_azure_s_ranges_of_days_are_no_aws_report():
    """Azure's end on the month's last day, AWS's on the next one's first."""
    assert place_of("x/20261001-20261031/7f/part_0_0001.csv") is None
    place = place_of("x/20261001-20261101/7f/x-1.csv")
    assert place
    assert (place.period.start, place.period.last) == (date(2026, 10, 1), date(2026, 10, 31))

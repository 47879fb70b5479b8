"""Zombie, superseded and duplicate versions, and whose money they are."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from builders.advice import PRESENT, billed
from builders.ledgers import a_warehouse, build
from builders.rows import insert_all
from builders.versions import LONG_AGO, Estate, answers
from quaestor.warehouse.duckdb import Warehouse

ONCE_A_WEEK = "(hour in ('2026-10-10', '2026-10-17', '2026-10-24'))::integer"
FIVE, SIX = ("2 * " + ONCE_A_WEEK + extra for extra in (" - (hour = '2026-10-24')::integer", ""))
RECENTLY = PRESENT - timedelta(days=5)


# What the ten sorts of versions are like; the first two are zombies.
SORTS: tuple[dict[str, Any], ...] = (
    {},
    {"calls": FIVE},
    {"calls": SIX},
    {"calls": "10"},
    {"days": 22},
    {"created_at": RECENTLY},
    {},  # kept to roll back to
    {"rollout_strategy": "canary", "created_at": PRESENT - timedelta(days=25)},
    {"calls": "null"},
    {},  # called at another place
)
# And what is deployed beside those of which something is.
BESIDE: dict[int, tuple[str, dict[str, Any]]] = {
    6: ("2", {"rollback_to": "1"}),
    7: ("2", {}),
    9: ("1", {"region": "eu"}),
}


def planted() -> tuple[Estate, set[str]]:
    """400 versions of 400 models, a fifth of them zombies; and who they are."""
    estate, zombies = Estate(), set()
    for number in range(400):
        model, place, sort = f"model-{number}", f"place-{number}", number % 10
        estate.deploy(model, "1", place, **SORTS[sort])
        if sort in BESIDE:
            version, columns = BESIDE[sort]
            estate.deploy(model, version, f"{place}-too", calls="10", **columns)
        if sort in (0, 1):
            zombies.add(f"{model}:1 at {place}")
    return estate, zombies


@pytest.fixture(scope="module")
def zombie_estate() -> tuple[Warehouse, set[str]]:
    """The ledger of 400 versions, and the names of the zombies among them."""
    estate, zombies = planted()
    warehouse = a_warehouse()
    estate.write(warehouse)
    for number in range(0, 40, 10):
        billed(warehouse, f"arn:place-{number}", "24")
    build(warehouse)
    return warehouse, zombies


def test_of_planted_zombies_none_is_missed_and_no_other_is_named(zombie_estate):
    """At least 99 % of them are found, and at least 95 % of what is found is one."""
    warehouse, zombies = zombie_estate
    found = {
        name
        for name, one in answers(warehouse, "zombie_version").items()
        if one["answer"] == "advise"
    }

    assert len(zombies) == 80
    assert len(found & zombies) >= 0.99 * len(zombies)
    assert len(found & zombies) >= 0.95 * len(found)


def test_why_a_version_is_none_is_said(zombie_estate):
    """With its calls, or what is not known of them."""
    warehouse, _ = zombie_estate
    rows = answers(warehouse, "zombie_version")
    said = [rows[f"model-{n}:1 at place-{n}"] for n in range(10)]

    assert [(one["answer"], one["reason"]) for one in said] == [
        ("advise", "no call in 23 days, up to 2026-10-31"),
        ("advise", "5 calls in 23 days, up to 2026-10-31"),
        ("clean", "6 calls in 23 days"),
        ("clean", "5,520 calls in 23 days"),
        ("cannot-say", "its calls are known of 22 of the last 23 days, 528 of their 552 hours"),
        ("clean", "deployed on 2026-10-26, less than 23 days ago"),
        ("clean", "another version would be rolled back to it"),
        ("clean", "it is one side of a canary deployment"),
        ("cannot-say", "its calls are known of 0 of the last 23 days, 0 of their 552 hours"),
        ("clean", "5,520 calls in 23 days"),
    ]


def test_a_zombie_is_money_of_its_endpoint(zombie_estate):
    """Which is idle as well: both say so, and one of them counts."""
    warehouse, _ = zombie_estate
    rows = warehouse.rows(
        "select kind, saving_per_month, counted_saving_per_month from ledger.recommendation "
        "where saves_on = 'arn:place-10' order by kind"
    )

    assert rows == [
        ("idle_endpoint", Decimal(730), Decimal(730)),
        ("zombie_version", Decimal(730), Decimal(0)),
    ]
    assert answers(warehouse, "zombie_version")["model-10:1 at place-10"]["command"] == (
        "aws sagemaker delete-endpoint --endpoint-name place-10"
    )


def test_of_several_versions_each_has_its_variant():
    """Its calls, and its part of the instance-hours; without a variant nobody can say."""
    estate = Estate()
    for version in ("1", "2"):
        estate.version("churn", version)
        estate.deployments.append(
            {
                "source": "sm",
                "deployment": f"shop/{version}",
                "model": "churn",
                "version": version,
                "environment": "production",
                "created_at": LONG_AGO,
            }
        )
    estate.endpoint("shop")
    estate.hours("shop", "0", variant="1")
    estate.hours("shop", "10", variant="2")
    for version in ("1", "2"):
        estate.deployments.append(
            {
                "source": "sm",
                "deployment": f"desk/{version}",
                "model": "other",
                "version": version,
                "environment": "production",
                "created_at": LONG_AGO,
            }
        )
    estate.endpoint("desk")
    estate.hours("desk", "10")
    warehouse = a_warehouse()
    estate.write(warehouse)
    billed(warehouse, "arn:shop", "24")
    build(warehouse)
    rows = answers(warehouse, "zombie_version")

    assert {name: one["answer"] for name, one in rows.items()} == {
        "churn:1 at shop/1": "advise",
        "churn:2 at shop/2": "clean",
        "other:1 at desk/1": "cannot-say",
        "other:2 at desk/2": "cannot-say",
    }
    one = rows["churn:1 at shop/1"]
    assert (one["action"], one["saving_per_month"]) == ("remove-variant", Decimal(365))
    assert (one["saving_basis"], one["inside"]) == ("effective rate", "arn:shop")
    assert warehouse.rows(
        "select count(distinct saves_on), sum(counted_saving_per_month) "
        "from ledger.recommendation where inside = 'arn:shop'"
    ) == [(1, Decimal(365))]


@pytest.fixture(scope="module")
def superseded() -> Warehouse:
    """Each model is for what its versions are to each other."""
    estate = Estate()

    def two(model: str, old: dict[str, Any], new: dict[str, Any]) -> None:
        estate.version(model, "1", created_at=datetime(2026, 1, 1))
        estate.version(model, "2", created_at=datetime(2026, 6, 1))
        estate.deploy(model, "1", f"{model}-1", **{"calls": "0", **old})
        estate.deploy(model, "2", f"{model}-2", **{"calls": "9", **new})

    two("plain", {}, {})
    two("called", {"calls": "1"}, {})
    two("silent", {"calls": None}, {})
    two("staging", {}, {"environment": "staging"})
    two("regions", {"region": "eu"}, {"region": "us"})
    two("rollout", {}, {"created_at": RECENTLY, "rollout_strategy": "canary"})
    two("rolled back", {}, {"rollback_to": "1"})
    two("shadowed", {}, {"rollout_strategy": "shadow"})
    two("failed", {}, {"status": "Failed"})
    two("nowhere", {"environment": None}, {})
    two("undated", {}, {})
    estate.versions["undated", "2"]["created_at"] = None
    estate.version("archived", "1", lifecycle="archived", archived_at=datetime(2026, 9, 1))
    estate.deploy("archived", "1", "archived-1", calls="2")
    estate.deploy("alone", "1", "alone-1")
    warehouse = a_warehouse()
    estate.write(warehouse)
    build(warehouse)
    return warehouse


def test_what_a_newer_version_replaced_is_advised_to_go(superseded):
    """Not where it is elsewhere, may be needed again, or has only just come."""
    rows = answers(superseded, "superseded_version")
    old = {
        name.partition(":")[0]: (one["answer"], one["confidence"])
        for name, one in rows.items()
        if ":1 at" in name
    }

    assert old == {
        "plain": ("advise", "high"),
        "called": ("advise", "low"),
        "silent": ("advise", "medium"),
        "staging": ("clean", None),
        "regions": ("clean", None),
        "rollout": ("clean", None),
        "rolled back": ("clean", None),
        "shadowed": ("clean", None),
        "failed": ("clean", None),
        "nowhere": ("cannot-say", None),
        "undated": ("cannot-say", None),
        "archived": ("advise", "low"),
        "alone": ("clean", None),
    }
    assert {one["answer"] for name, one in rows.items() if ":2 at" in name} <= {
        "clean",
        "cannot-say",
    }


def test_why_it_is_superseded_is_said(superseded):
    """By which version, or since when it is archived, and who is still calling it."""
    rows = answers(superseded, "superseded_version")

    assert rows["plain:1 at plain-1"]["reason"] == (
        "version 2 is newer, and deployed in production too since 2026-01-01"
    )
    assert rows["archived:1 at archived-1"]["reason"] == (
        "it is archived since 2026-09-01, and deployed all the same"
    )
    assert rows["called:1 at called-1"]["risk"] == (
        "It was called 552 times in 23 days: move its callers first."
    )
    assert rows["rollout:1 at rollout-1"]["reason"] == (
        "version 2 came on 2026-10-26, less than 14 days ago"
    )


def test_names_cannot_reach_the_shell():
    """Whatever somebody calls an endpoint or a workload is one word of the command."""
    estate = Estate()
    estate.deploy("churn", "1", "x;reboot", region="eu")
    workload = "c1/team a/Deployment/$(reboot)"
    estate.deploy("churn", "2", workload, kind="Deployment", environment="staging")
    warehouse = a_warehouse()
    estate.write(warehouse)
    build(warehouse)
    rows = answers(warehouse, "zombie_version")

    assert rows["churn:1 at x;reboot"]["command"] == (
        "aws sagemaker delete-endpoint --endpoint-name 'x;reboot' --region eu"
    )
    assert rows[f"churn:2 at {workload}"]["command"] == (
        "kubectl scale deployment '$(reboot)' -n 'team a' --replicas=0"
    )


def test_what_a_file_says_is_deployed_is_met_with_the_endpoint_of_that_name():
    """A model.gov.yaml lists no endpoints; the platform that does knows how they are called.

    Where both name the deployment it is told of twice, and its money counted once.
    """
    estate = Estate()
    estate.deploy("churn", "1", "churn-api", source="gov", resource_id=None)
    estate.deploy("upsell", "1", "upsell-api")
    estate.deployments.append({**estate.deployments[-1], "source": "gov"})
    warehouse = a_warehouse()
    estate.write(warehouse)
    for place in ("churn-api", "upsell-api"):
        billed(warehouse, f"arn:{place}", "24")
    build(warehouse)

    assert warehouse.rows(
        "select subject, answer, saves_on from ledger.assessment "
        "where kind = 'zombie_version' order by subject"
    ) == [
        ("zombie/churn:1@gov/churn-api", "advise", "arn:churn-api"),
        ("zombie/upsell:1@gov/upsell-api", "advise", "arn:upsell-api"),
        ("zombie/upsell:1@sm/upsell-api", "advise", "arn:upsell-api"),
    ]
    assert warehouse.row("select sum(counted_saving_per_month) from ledger.recommendation") == (
        Decimal(1460),
    )


def duplicates() -> tuple[Estate, set[str], list[dict[str, Any]]]:
    """300 pairs of versions; the names of the needless ones; what lies in the bucket."""
    estate, needless, folders = Estate(), set(), []
    for number in range(300):
        model, sort = f"model-{number}", number % 6
        address = f"s3://ml/{model}"
        for version in ("1", "2"):
            digest = f"sha256:{number}" if sort != 1 else f"sha256:{number}-{version}"
            estate.version(
                model,
                version,
                artifact_digest=digest.upper() if version == "2" else digest,
                artifact_uri=address if sort == 2 else f"{address}/{version}",
                created_at=datetime(2026, 1, int(version)),
            )
            folders.append(
                {
                    "source": "s3",
                    "store": "s3://ml",
                    "folder": f"{model}/{version}",
                    "objects": 1,
                    "size_gib": 100.0,
                    "storage_class": "STANDARD",
                    "last_modified_at": LONG_AGO,
                    "seen_at": PRESENT,
                }
            )
        if sort == 0:  # stored twice
            needless.add(f"{model}:2")
        if sort == 3:  # deployed twice
            estate.deploy(model, "1", f"{model}-a")
            estate.deploy(model, "2", f"{model}-b", created_at=datetime(2026, 3, 1))
            needless.add(f"{model}:2 at {model}-b")
        if sort == 4:  # promoted from one environment to the next
            estate.deploy(model, "1", f"{model}-a", environment="staging")
            estate.deploy(model, "2", f"{model}-b")
        if sort == 5:  # nobody says what it is
            estate.versions[model, "1"]["artifact_digest"] = None
            estate.versions[model, "2"]["artifact_digest"] = None
    return estate, needless, folders


def test_of_planted_duplicates_none_is_missed_and_no_other_is_named():
    """At least 99 % of them are found, and at least 95 % of what is found is one.

    The second costs what its folder does, or its endpoint.
    """
    estate, needless, folders = duplicates()
    warehouse = a_warehouse()
    estate.write(warehouse)
    insert_all(warehouse, "usage.stored_folder", folders)
    billed(warehouse, "arn:model-3-b", "24")
    build(warehouse)
    rows = answers(warehouse, "duplicate_version")
    found = {name for name, one in rows.items() if one["answer"] == "advise"}

    assert len(needless) == 100
    assert len(found & needless) >= 0.99 * len(needless)
    assert len(found & needless) >= 0.95 * len(found)
    assert rows["model-5:1"]["answer"] == "cannot-say"
    assert rows["model-1:1"]["reason"] == "no other version is the same artifact"
    assert rows["model-2:2"]["reason"] == "the same artifact as model-2:1, stored once"
    assert rows["model-0:2"]["reason"] == (
        "the same artifact as model-0:1, stored at s3://ml/model-0/1 too"
    )
    assert rows["model-0:2"]["saving_per_month"] > 0
    assert rows["model-3:2 at model-3-b"]["saving_per_month"] == 730
    assert rows["model-3:2 at model-3-b"]["saves_on"] == "arn:model-3-b"


def test_two_names_of_one_place_are_no_second_copy():
    """What would be deleted by one name is what is kept by the other."""
    estate = Estate()
    places = {
        "spelt": ("s3://ml/spelt", "s3a://ml/spelt/"),
        "within": ("s3://ml/within", "s3://ml/within/model"),
        "unlike": ("s3://ml/unlike", "runs:/0123456789ab/model"),
        "shared": ("s3://ml/a", "s3://ml/shared"),
        "live": ("s3://ml/live-a", "s3://ml/live-b"),
    }
    for model, addresses in places.items():
        for number, address in enumerate(addresses, 1):
            said = {"artifact_digest": f"sha256:{model}", "artifact_uri": address}
            said |= {"lifecycle": "production"} if model == "live" else {}
            created = datetime(2026, 1, number)
            estate.version(model, str(number), **said, created_at=created)
    estate.version("other", "1", artifact_digest="sha256:other", artifact_uri="s3://ml/shared")
    warehouse = a_warehouse()
    estate.write(warehouse)
    build(warehouse)
    rows = answers(warehouse, "duplicate_version")

    assert {name: rows[f"{name}:2"]["answer"] for name in places} == {
        "spelt": "clean",
        "within": "clean",
        "unlike": "cannot-say",
        "shared": "clean",
        "live": "clean",
    }
    assert rows["spelt:2"]["reason"] == "the same artifact as spelt:1, stored once"
    assert rows["shared:2"]["reason"] == "another version lies at the same address"
    assert rows["live:2"]["reason"] == "the same artifact as live:1, and in production"


def test_a_copy_that_somebody_keeps_is_not_advised_to_go():
    """One in production, one to roll back to, one with an alias; what nobody keeps gives way."""
    estate = Estate()
    keeps: dict[str, dict[str, Any]] = {
        "live": {"lifecycle": "production"},
        "fallback": {},
        "champion": {"aliases": ["champion"]},
        "latest": {"aliases": ["latest"]},
    }
    for model, said in keeps.items():
        for version in ("1", "2"):
            told = {
                "artifact_digest": f"sha256:{model}",
                "artifact_uri": f"s3://ml/{model}/{version}",
            }
            told |= said if version == "2" else {}
            estate.version(model, version, **told, created_at=datetime(2026, 1, int(version)))
    estate.deploy("fallback", "3", "place", rollback_to="2")
    warehouse = a_warehouse()
    estate.write(warehouse)
    build(warehouse)
    rows = answers(warehouse, "duplicate_version")
    told = {name: rows[name]["answer"] for name in rows if rows[name]["source"] == "ml"}

    assert told | {"fallback:3": None} == {
        **{f"{name}:2": "clean" for name in ("live", "fallback", "champion")},
        **{f"{name}:1": "advise" for name in ("live", "fallback", "champion")},
        "latest:1": "clean",
        "latest:2": "advise",
        "fallback:3": None,
    }
    assert rows["fallback:1"]["reason"] == (
        "the same artifact as fallback:2, stored at s3://ml/fallback/2 too"
    )

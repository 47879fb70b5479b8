"""Discs and volumes that nothing uses, never one that somebody may be about to mount."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from builders.advice import PRESENT, advised, billed
from builders.ledgers import a_warehouse
from builders.rows import insert
from quaestor.warehouse.duckdb import Warehouse

LONG_AGO = datetime(2026, 3, 1)
ARN = "arn:aws:ec2:eu-west-1:123456789012:volume/vol-lost"


def a_disk(warehouse: Warehouse, disk: str, **columns: Any) -> None:
    told = {"source": "aws", "region": "eu-west-1", "kind": "gp3", "size_gib": 100}
    told |= {"created_at": LONG_AGO, "seen_at": PRESENT, "is_attached": False, **columns}
    insert(warehouse, "usage.disk", disk=disk, **told)


def a_volume(warehouse: Warehouse, volume: str, phase: str | None, **columns: Any) -> None:
    told = {"source": "k8s", "cluster": "prod", "namespace": "ml", "capacity_gib": 50}
    told |= {"phase": phase, "pods": [], "created_at": LONG_AGO, "seen_at": PRESENT, **columns}
    insert(warehouse, "usage.volume", volume=volume, claim=f"{volume}-claim", **told)


def looked_at(warehouse: Warehouse, thing: str, looks: dict[int, bool | None]) -> None:
    """Say of looks, so many days before the present, whether nothing used it then."""
    for days, is_unused in looks.items():
        at = PRESENT - timedelta(days=days)
        source = "aws" if thing.startswith("disk/") else "k8s"
        told = {"source": source, "look": at, "seen_at": at, "is_unused": is_unused}
        insert(warehouse, "usage.look", thing=thing, **told)


def test_a_disc_is_left_until_two_looks_apart_found_it_so():
    """Where nobody says since when; it may have been detached an hour ago."""
    warehouse = a_warehouse()
    for name in ("vol-long", "vol-used", "vol-short", "vol-old"):
        a_disk(warehouse, name)
    a_disk(warehouse, "vol-ageless", created_at=None)
    a_disk(warehouse, "vol-seen", created_at=None)
    a_disk(warehouse, "vol-remade", created_at=PRESENT - timedelta(days=2))
    looks: dict[str, dict[int, bool | None]] = {
        "long": {0: True, 3: True},
        "used": {0: True, 2: False, 9: True},
        "short": {0: True, 2: True},
        "seen": {0: True, 4: True},
        "remade": {0: True, 9: True},
    }
    for name, told in looks.items():
        looked_at(warehouse, f"disk/vol-{name}", told)
    rows = advised(warehouse, "unattached_volume").values()
    found = {str(row["name"]): row for row in rows}

    assert {name: (row["answer"], row["confidence"]) for name, row in found.items()} == {
        "vol-long": ("advise", "medium"),
        "vol-seen": ("advise", "medium"),
        "vol-ageless": ("cannot-say", None),
        **dict.fromkeys(("vol-used", "vol-short", "vol-old", "vol-remade"), ("advise", "low")),
    }
    assert found["vol-long"]["reason"] == (
        "attached to nothing at any look from 2026-10-28 to 2026-10-31, on 2 days"
    )
    assert found["vol-old"]["reason"] == (
        "attached to nothing on 2026-10-31, created on 2026-03-01; nobody says since when, "
        "and no look 3 days before found it so"
    )


def test_a_disc_that_nothing_uses_is_advised_to_go():
    """With its charge; what is attached, new, unknown or a cluster's is not."""
    warehouse = a_warehouse()
    a_disk(warehouse, "vol-lost", resource_id=ARN, tags='{"team": "nlp"}')
    a_disk(warehouse, "vol-since", detached_at=PRESENT - timedelta(days=2))
    a_disk(warehouse, "vol-today", detached_at=PRESENT - timedelta(hours=20))
    a_disk(warehouse, "vol-new", created_at=PRESENT - timedelta(hours=2))
    a_disk(warehouse, "vol-used", is_attached=True, attached_to="i-1")
    a_disk(warehouse, "vol-who", is_attached=None)
    a_disk(warehouse, "vol-cluster")
    a_volume(warehouse, "pv-1", "Bound", provider_id="vol-cluster", pods=None)
    billed(warehouse, "vol-lost", "0.5")
    found = {str(row["name"]): row for row in advised(warehouse, "unattached_volume").values()}

    assert {name: row["answer"] for name, row in found.items()} == {
        "vol-lost": "advise",
        "vol-since": "advise",
        "vol-today": "clean",
        "vol-new": "clean",
        "vol-used": "clean",
        "vol-who": "cannot-say",
        "vol-cluster": "clean",
        "prod/ml/pv-1-claim": "cannot-say",
    }
    lost = found["vol-lost"]
    assert lost["command"] == "aws ec2 delete-volume --volume-id vol-lost --region eu-west-1"
    assert (lost["cost_per_month"], lost["saving_per_month"]) == (Decimal("15.2083"),) * 2
    assert (lost["saving_basis"], lost["resource_id"], lost["saves_on"]) == (
        *("bill", "vol-lost", "vol-lost"),
    )
    assert (lost["confidence"], found["vol-since"]["confidence"]) == ("low", "high")
    assert (found["vol-since"]["saving_per_month"], found["vol-since"]["saving_basis"]) == (
        *(None, None),
    )
    assert "judged as that" in str(found["vol-cluster"]["reason"])


def test_a_volume_that_no_pod_mounts_is_advised_to_go():
    """Released ones; claimed ones once nobody mounted them for days; silence is no emptiness."""
    warehouse = a_warehouse()
    a_volume(warehouse, "released", "Released", provider_id="vol-1")
    a_volume(warehouse, "since", "Released", phase_since=PRESENT - timedelta(days=2))
    a_volume(warehouse, "today", "Released", phase_since=PRESENT - timedelta(hours=2))
    a_volume(warehouse, "bound", "Bound")
    looked_at(warehouse, "volume/prod/bound", {0: True, 5: True})
    a_volume(warehouse, "nightly", "Bound")
    looked_at(warehouse, "volume/prod/nightly", {0: True, 1: False, 5: True})
    a_volume(warehouse, "mounted", "Bound", pods=["train-0"])
    a_volume(warehouse, "silent", "Bound", pods=None)
    a_volume(warehouse, "lost", "Lost")
    a_volume(warehouse, "new", "Available", created_at=PRESENT)
    billed(warehouse, "arn:aws:ec2:eu-west-1:123456789012:volume/vol-1", "24")
    rows = advised(warehouse, "unattached_volume").values()
    found = {str(row["subject"]).rpartition("/")[2]: row for row in rows}

    assert {name: (row["answer"], row["confidence"]) for name, row in found.items()} == {
        "released": ("advise", "low"),
        "since": ("advise", "medium"),
        "today": ("clean", None),
        "nightly": ("cannot-say", None),
        "bound": ("advise", "low"),
        "mounted": ("clean", None),
        "silent": ("cannot-say", None),
        "lost": ("cannot-say", None),
        "new": ("clean", None),
    }
    assert found["released"]["saving_per_month"] == Decimal(730)
    assert found["bound"]["command"] == (
        "kubectl delete persistentvolumeclaim bound-claim --namespace ml"
    )
    assert "scaled to zero" in str(found["bound"]["risk"])


def test_a_disc_costs_what_its_own_line_says_and_not_what_has_its_name():
    """Google calls a machine and its disc the same, and names live in projects."""
    warehouse = a_warehouse()
    place = "projects/{}/zones/europe-west1-b/{}/train"
    there = "https://www.googleapis.com/compute/v1/" + place.format("ml", "disks")
    a_disk(warehouse, "ml/train", resource_id=there)
    a_disk(warehouse, "lab/train", resource_id=place.format("lab", "disks"))
    azure = "/subscriptions/s/resourceGroups/RG/providers/Microsoft.Compute/disks/Data"
    a_disk(warehouse, "Data", resource_id=azure)
    billed(warehouse, "//compute.googleapis.com/" + place.format("ml", "instances"), "2400")
    billed(warehouse, "//compute.googleapis.com/" + place.format("ml", "disks"), "24")
    billed(warehouse, "data", "2400")
    billed(warehouse, azure.lower(), "2.4")
    rows = advised(warehouse, "unattached_volume").values()

    assert {row["name"]: row["saving_per_month"] for row in rows} == {
        "ml/train": Decimal(730),
        "lab/train": None,
        "Data": Decimal(73),
    }

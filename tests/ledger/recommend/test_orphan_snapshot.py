"""Snapshots of discs that are gone: only where somebody can say that they are."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

from builders.advice import PRESENT, advised, billed
from builders.ledgers import a_warehouse
from builders.rows import insert
from quaestor.warehouse.duckdb import Warehouse


def a_snapshot(warehouse: Warehouse, snapshot: str, **columns: Any) -> None:
    told = {"source": "aws", "region": "eu-west-1", "size_gib": 100, "disk": "vol-gone"}
    told |= {"created_at": PRESENT - timedelta(days=90), "seen_at": PRESENT, **columns}
    insert(warehouse, "usage.snapshot", snapshot=snapshot, **told)


def test_an_old_snapshot_of_a_disc_that_is_gone_is_advised_to_go():
    """What an image or a plan needs, what is young, and what nobody can tell of is not."""
    warehouse = a_warehouse()
    disk = {"source": "aws", "seen_at": PRESENT}
    insert(warehouse, "usage.disk", disk="vol-there", **disk)
    a_snapshot(warehouse, "snap-1")
    a_snapshot(warehouse, "snap-there", disk="vol-there")
    a_snapshot(warehouse, "snap-image", image="ami-1")
    a_snapshot(warehouse, "snap-young", created_at=PRESENT - timedelta(days=89))
    a_snapshot(warehouse, "snap-copy", disk="vol-ffffffff")
    a_snapshot(warehouse, "snap-plan", tags='{"aws:backup:source-resource": "x"}')
    a_snapshot(warehouse, "snap-images", is_image_known=False)
    a_snapshot(warehouse, "snap-told", source="other", is_disk_gone=True)
    a_snapshot(warehouse, "snap-untold", source="other")
    a_snapshot(warehouse, "snap-undated", created_at=None)
    billed(warehouse, "arn:aws:ec2:eu-west-1::snapshot/snap-1", "24")
    found = {str(row["name"]): row for row in advised(warehouse, "orphan_snapshot").values()}

    assert {name: row["answer"] for name, row in found.items()} == {
        "snap-1": "advise",
        "snap-there": "clean",
        "snap-image": "clean",
        "snap-young": "clean",
        "snap-copy": "cannot-say",
        "snap-plan": "clean",
        "snap-images": "cannot-say",
        "snap-told": "advise",
        "snap-untold": "cannot-say",
        "snap-undated": "cannot-say",
    }
    one = found["snap-1"]
    assert one["reason"] == "made on 2026-08-02 of vol-gone, which is gone; no image needs it"
    assert (one["saving_per_month"], one["saving_basis"]) == (Decimal(730), "bill")
    assert one["command"] == "aws ec2 delete-snapshot --snapshot-id snap-1 --region eu-west-1"
    assert found["snap-untold"]["reason"] == "the discs beside it were not listed"
    assert [row["reason"] for row in found.values() if not row["reason"]] == []

"""Artifacts that are wanted and that nobody touches: a cheaper class, never for production."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from builders.advice import advised, billed
from builders.ledgers import a_warehouse
from builders.rows import insert
from builders.storage import OLD, SEEN, STORE, a_folder, a_version


def test_what_nobody_touches_goes_to_a_cheaper_class_unless_it_serves():
    """Archived or large; production, lately read, small objects and cold classes stay."""
    warehouse = a_warehouse()
    for name, lifecycle in (("old", "archived"), ("big", "staging"), ("live", "production")):
        a_version(warehouse, name, f"{STORE}/churn/{name}", lifecycle=lifecycle)
    for name in ("read", "small", "cold", "odd", "medium"):
        lifecycle = "staging" if name == "medium" else "archived"
        a_version(warehouse, name, f"{STORE}/churn/{name}", lifecycle=lifecycle)
    a_version(warehouse, "both", f"{STORE}/churn/old-too", lifecycle="archived")
    served = {"deployment": "churn-api", "artifact_uri": f"{STORE}/churn/old-too/m.pt"}
    insert(warehouse, "registry.deployment", source="k8s", **served)
    a_folder(warehouse, "churn/old", last_read_at=OLD)
    a_folder(warehouse, "churn/big", size_gib=500)
    a_folder(warehouse, "churn/live", size_gib=500)
    a_folder(warehouse, "churn/read", last_read_at=SEEN - timedelta(days=80))
    a_folder(warehouse, "churn/small", objects=1_000_000)
    a_folder(warehouse, "churn/cold", storage_class="GLACIER_IR")
    a_folder(warehouse, "churn/odd", storage_class="INTELLIGENT_TIERING")
    a_folder(warehouse, "churn/medium", size_gib=99)
    a_folder(warehouse, "churn/old-too")
    a_folder(warehouse, "churn/orphan")
    found = {
        str(row["name"]).rpartition("/")[2]: row
        for row in advised(warehouse, "cold_storage").values()
    }

    assert {name: row["answer"] for name, row in found.items()} == {
        "old": "advise",
        "big": "advise",
        "live": "clean",
        "read": "clean",
        "small": "clean",
        "cold": "clean",
        "odd": "cannot-say",
        "medium": "clean",
        "old-too": "clean",
    }
    old, big = found["old"], found["big"]
    assert old["reason"] == (
        "all that refer to it are archived (churn:old), last read on 2025-09-27, 400 days ago"
    )
    assert (old["action"], old["proposed"]) == ("archive", "GLACIER_IR")
    assert (old["saving_per_month"], old["saving_basis"]) == (Decimal("0.19"), "list")
    assert (old["confidence"], big["confidence"]) == ("medium", "low")
    assert big["saving_per_month"] == Decimal("9.5")
    assert old["command"] == (
        "aws s3 cp s3://acme-models/churn/old/ s3://acme-models/churn/old/ --recursive "
        "--storage-class GLACIER_IR --dryrun # then without --dryrun"
    )


def test_the_bill_says_what_both_classes_cost():
    """Where both are on it, by their own meters; requests are not storage."""
    warehouse = a_warehouse()
    a_version(warehouse, "old", f"{STORE}/churn/old", lifecycle="archived")
    a_folder(warehouse, "churn/old", size_gib=1000)
    stored = {"ConsumedUnit": "GB-Mo", "ServiceName": "Amazon Simple Storage Service"}
    hot = {**stored, "SkuMeter": "EUC1-TimedStorage-ByteHrs", "ConsumedQuantity": "100"}
    cold = {**stored, "SkuMeter": "EUC1-TimedStorage-GIR-ByteHrs", "ConsumedQuantity": "100"}
    billed(warehouse, "arn:aws:s3:::acme-models", "3", **hot)
    billed(warehouse, "arn:aws:s3:::acme-models", "0.5", **cold)
    requests = {"SkuMeter": "EUC1-Requests-Tier1", "ConsumedUnit": "Requests"}
    billed(warehouse, "arn:aws:s3:::acme-models", "9", ConsumedQuantity="1000", **requests)
    (one,) = advised(warehouse, "cold_storage").values()

    assert (one["cost_per_month"], one["saving_per_month"]) == (Decimal(30), Decimal(25))
    assert one["saving_basis"] == "effective rate"
    assert one["resource_id"] == "arn:aws:s3:::acme-models"


def test_an_unknown_price_gives_advice_without_a_sum():
    """Nobody lists what an account of Azure pays."""
    warehouse = a_warehouse()
    store = "azure://acmeml/models"
    a_version(warehouse, "old", f"{store}/churn/old", lifecycle="archived")
    a_folder(warehouse, "churn/old", store=store, storage_class="Hot")
    (one,) = advised(warehouse, "cold_storage").values()

    assert (one["answer"], one["proposed"]) == ("advise", "Cold")
    assert (one["saving_per_month"], one["saving_basis"]) == (None, None)

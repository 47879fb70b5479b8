"""What it costs to move the data of models, told by its kind."""

from __future__ import annotations

import json

from builders.advice import advised, billed
from builders.ledgers import a_warehouse


def test_dear_transfer_is_told_with_its_kind_and_without_a_sum():
    """What of it can be avoided nobody knows; what is little, in part or in money, is clean."""
    warehouse = a_warehouse()
    for model, machine, meter, transfer in (
        ("churn", "90", "EUC1-DataTransfer-Regional-Bytes", "10"),
        ("fraud", "91", "EUC1-DataTransfer-Out-Bytes", "9"),
        ("rank", "1", "EUC1-DataTransfer-Out-Bytes", "1"),
        ("lists", "1", "EUC1-NatGateway-Bytes", "40"),
    ):
        tags = json.dumps({"model": model})
        billed(warehouse, f"i-{model}", machine, Tags=tags)
        moved = {"SkuMeter": meter, "ChargeDescription": "data transfer", "Tags": tags}
        place = "nat-0a" if model == "lists" else f"i-{model}"
        billed(warehouse, place, transfer, **moved)
    billed(warehouse, "nat-0b", "2", SkuMeter="EUC1-NatGateway-Bytes")
    found = {row["name"]: row for row in advised(warehouse, "network").values()}

    assert {name: row["answer"] for name, row in found.items()} == {
        "churn": "advise",
        "fraud": "clean",
        "rank": "clean",
        "lists": "advise",
        "nobody": "advise",
    }
    assert found["churn"]["reason"] == (
        "data transfer is 10.0 % of its cost, 304.17 a month, most of it between zones"
    )
    assert (found["churn"]["saving_per_month"], found["churn"]["saving_basis"]) == (None, None)
    assert "topology-mode=Auto" in str(found["churn"]["command"])
    assert found["lists"]["current"] == "NAT gateway"
    assert "VPC endpoints" in str(found["lists"]["proposed"])


def test_transfer_that_is_free_of_charge_is_clean():
    """A team whose whole bill is a free allowance of transfer has no part of a cost to tell."""
    warehouse = a_warehouse()
    free = {"SkuMeter": "EUC1-DataTransfer-Regional-Bytes", "Tags": '{"team": "nlp"}'}
    billed(warehouse, "i-free", "0", **free)
    (found,) = advised(warehouse, "network").values()

    assert (found["answer"], found["reason"]) == (
        "clean",
        "data transfer is 0.00 a month, most of it between zones",
    )

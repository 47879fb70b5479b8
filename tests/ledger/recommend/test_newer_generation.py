"""A newer generation for less: never less memory, compute or link, and slower memory is told."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

from builders.advice import advised, billed
from builders.ledgers import a_warehouse
from builders.machines import listed, node

PRICES = (
    "provider,region,instance_type,gpu_model,gpus,cores,gib,price,currency,priced_on\n"
    "Here,r1,old,V100 16GB,1,8,61,3,USD,2026-01-01\n"
    "Here,r1,same-memory,L40S,1,8,61,2,USD,2026-01-01\n"
    "Here,r1,better,A100 40GB,1,12,85,2.5,USD,2026-01-01\n"
    "Here,r1,small-host,A100 80GB,1,4,30,1,USD,2026-01-01\n"
    "Here,r2,elsewhere,A100 40GB,1,12,85,0.5,USD,2026-01-01\n"
    "There,r1,other-cloud,A100 40GB,1,12,85,0.5,USD,2026-01-01\n"
    "Here,r1,linked,V100 16GB,8,64,488,24,USD,2026-01-01\n"
    "Here,r1,unlinked,L40S,8,64,488,10,USD,2026-01-01\n"
    "Here,r1,turing,T4,1,4,16,1,USD,2026-01-01\n"
    "Here,r1,nearly,L4,1,4,16,0.96,USD,2026-01-01\n"
    "Here,r1,kepler,K80,1,4,61,0.9,USD,2026-01-01\n"
)


def test_only_what_can_do_as_much_counts(tmp_path: Path):
    """Host, memory, compute, link, region, provider and least saving, each with its machine."""
    path = tmp_path / "prices.csv"
    path.write_text(PRICES)
    warehouse = a_warehouse()
    for name, gpus in (("old", 1), ("linked", 8), ("turing", 1), ("kepler", 1), ("better", 1)):
        node(warehouse, name, instance_type=name, region="r1", gpus=gpus, gpu_model=None)
    node(warehouse, "untyped", instance_type=None)
    node(warehouse, "spot", instance_type="old", region="r1", gpu_model=None)
    listed(warehouse, "spot", capacity_type="spot", provider_id="i-spot")
    for name in ("old", "spot"):
        billed(warehouse, f"i-{name}", "24")
    found = {
        subject.removeprefix("machine/i-"): row
        for subject, row in advised(warehouse, "newer_generation", f"prices: {path}").items()
    }
    old = found["old"]

    assert {name: (row["answer"], row["proposed"]) for name, row in found.items()} == {
        "old": ("advise", "same-memory with 1 x L40S"),
        "linked": ("clean", None),
        "turing": ("clean", None),
        "kepler": ("cannot-say", None),
        "better": ("clean", None),
        "untyped": ("cannot-say", None),
        "spot": ("advise", "same-memory with 1 x L40S"),
    }
    assert old["reason"] == (
        "L40S (Ada Lovelace) can do what V100 16GB (Volta) does, for 33 % less by list"
    )
    assert (old["saving_per_month"], old["saving_basis"]) == (Decimal("243.3333"), "effective rate")
    assert old["confidence"] == "low"
    assert old["risk"].startswith("Its memory is read at 864 GB/s instead of 900")
    assert (found["spot"]["saving_per_month"], found["spot"]["saving_basis"]) == (None, None)
    assert found["kepler"]["reason"] == "nobody states what a K80 can do"

"""The same type for less elsewhere: in the same area, and with the price of both places known."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

from builders.advice import advised, billed
from builders.ledgers import a_warehouse
from builders.machines import node

PRICES = (
    "provider,region,instance_type,gpu_model,gpus,cores,gib,price,currency,priced_on\n"
    "C,eu-west-9,dear,A100 40GB,1,12,85,4,USD,2026-01-01\n"
    "C,eu-north-9,dear,A100 40GB,1,12,85,3,USD,2026-01-01\n"
    "C,us-east-9,dear,A100 40GB,1,12,85,1,USD,2026-01-01\n"
    "C,eu-west-9,alone,A100 40GB,1,12,85,4,USD,2026-01-01\n"
)


def test_a_region_counts_in_the_same_area_with_both_prices(tmp_path: Path):
    """Unless `any_area` says that data may leave it; an unknown price is no low price."""
    path = tmp_path / "prices.csv"
    path.write_text(PRICES)
    warehouse = a_warehouse()
    for name, type_, region in (
        ("a", "dear", "eu-west-9"),
        ("b", "dear", "eu-north-9"),
        ("c", "alone", "eu-west-9"),
        ("d", "dear", "ap-south-9"),
        ("e", "dear", None),
        ("f", "g5.xlarge", "eu-central-1"),  # of the shipped list
    ):
        node(warehouse, name, instance_type=type_, region=region)
    billed(warehouse, "i-a", "24", RegionId="eu-west-9")
    found = advised(warehouse, "other_region", f"prices: {path}")
    one = found["machine/i-a"]

    assert {subject[-1]: row["reason"] for subject, row in found.items()} == {
        "a": "a dear costs 25 % less in eu-north-9 than in eu-west-9 by list",
        "b": "no region that counts has it for 10 % less",
        "c": "no price is known of a alone in any other region",
        "d": "no price is known of a dear in ap-south-9",
        "e": "nobody tells in which region it is",
        "f": "a g5.xlarge costs 11 % less in eu-west-1 than in eu-central-1 by list",
    }
    assert (one["answer"], one["action"], one["confidence"]) == ("advise", "move", "low")
    assert (one["saving_per_month"], one["saving_basis"]) == (Decimal("182.5"), "effective rate")
    text = f"prices: {path}\nadvice: {{params: {{other_region: {{any_area: true}}}}}}"
    assert advised(warehouse, "other_region", text)["machine/i-a"]["proposed"] == (
        "dear in us-east-9"
    )

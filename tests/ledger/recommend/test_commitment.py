"""Commitments: what steady use would save under one, which stand unused, and which end."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from builders.advice import advised
from builders.ledgers import A_CHARGE, a_warehouse, build
from builders.rows import insert_all
from quaestor.warehouse.duckdb import Warehouse

FIRST, END = datetime(2026, 10, 2), datetime(2026, 11, 1)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
EC2 = {"ServiceName": "Amazon Elastic Compute Cloud", "RegionId": "eu-west-1"}
ML = {"ServiceName": "Amazon SageMaker", "RegionId": "eu-west-1"}
GCP = {"ProviderName": "Google Cloud", "ServiceName": "Compute Engine", "RegionId": "europe-west1"}
PTU = {
    "ProviderName": "Microsoft",
    "ServiceName": "Azure OpenAI",
    "RegionId": "westeurope",
    "SkuMeter": "Provisioned Managed Global Unit",
}


def use(cost: str, step: timedelta = HOUR, hours: int = 24, **columns: Any) -> Iterator[Any]:
    """A charge of each step of the 30 days, of so many hours of each day."""
    start = FIRST
    while start < END:
        if start.hour < hours:
            yield {
                **A_CHARGE,
                "ChargeCategory": "Usage",
                "PricingCategory": "Standard",
                "PricingUnit": "Hrs",
                "SkuMeter": "BoxUsage:m5.large",
                "ChargePeriodStart": start,
                "ChargePeriodEnd": start + step,
                "BilledCost": cost,
                "EffectiveCost": cost,
                **columns,
            }
        start += step


def committed(
    commitment: str, cost: str, status: str, without: str | None = None, **columns: Any
) -> Iterator[Any]:
    """What a commitment cost each day, used or unused."""
    return use(
        cost,
        DAY,
        **{
            "PricingCategory": "Committed",
            "CommitmentDiscountId": commitment,
            "CommitmentDiscountStatus": status,
            "CommitmentDiscountType": "Reserved",
            "ContractedCost": without,
            **columns,
        },
    )


def a_bill(*uses: Iterator[Mapping[str, Any]]) -> Warehouse:
    """A warehouse with these charges."""
    warehouse = a_warehouse()
    rows = [row for one in uses for row in one]
    insert_all(
        warehouse, "focus.charge", [{**row, "x_row": number} for number, row in enumerate(rows, 1)]
    )
    return warehouse


@pytest.fixture(scope="module")
def warehouse() -> Warehouse:
    """A bill with every sort of use, one in each service or region."""
    warehouse = a_bill(
        # Two an hour throughout, and two more at day; a commitment takes off 40 %.
        use("2", **EC2),
        use("2", hours=12, **EC2),
        committed("ri-1", "24", "Used", "40", **EC2),
        # Other charges of the same service that nobody commits to.
        use("100", **{**EC2, "SkuMeter": "EBS:VolumeUsage", "PricingUnit": "GB-Mo"}),
        use("100", **{**EC2, "SkuMeter": "NatGateway-Hours"}),
        use("100", **{**EC2, "PricingCategory": "Dynamic"}),
        # No commitment in this region, but the service's discount is known.
        use("1", **{**EC2, "RegionId": "us-east-1"}),
        # Only at day, so that it is not steady.
        use("50", hours=12, **{**EC2, "RegionId": "eu-north-1"}),
        # Billed by the day: two an hour.
        use("48", DAY, **ML),
        use("1", **GCP, SkuId="n2"),
        use("100", **{**GCP, "SkuMeter": "Nvidia L4 GPU running in Netherlands"}),
        use("3", **PTU),
        use("9", **{**PTU, "SkuMeter": "gpt-4o input tokens"}),
        use("0.01", **{**GCP, "RegionId": "europe-west9"}),
        # More is committed to than is used, under another service's name.
        use("5", ServiceName="Amazon EC2", RegionId="eu-west-1"),
        committed("sp", "24", "Used", "40", ServiceName="Amazon EC2", RegionId="eu-west-1"),
        committed("sp", "12", "Unused", ServiceName="Savings Plans", CommitmentDiscountType="SP"),
        # What kind of price it is, nobody says.
        use("5", ServiceName="Vertex AI", PricingCategory=None),
        use("5", ServiceName="Amazon Simple Storage Service"),
        committed("ri-2", "8", "Used", ServiceName="Amazon EC2 Reserved"),
        committed("ri-2", "16", "Unused", ServiceName="Amazon EC2 Reserved"),
        committed("odd", "8", "", ServiceName="Other"),
    )
    build(warehouse)
    return warehouse


def found(warehouse: Warehouse, kind: str) -> dict[str, dict[str, Any]]:
    """The assessments of a kind by their name."""
    rows = warehouse.records("select * from ledger.assessment where kind = ?", [kind])
    return {row["name"]: row for row in rows}


def test_steady_use_on_demand_is_advised_to_be_committed_to(warehouse):
    """As much as was used in 90 % of the hours, at the discount that the bill shows.

    With the day from which it pays, what could go wrong, and the command.
    """
    one = found(warehouse, "commitment_purchase")["AWS/Amazon Elastic Compute Cloud/eu-west-1"]

    assert (one["answer"], one["action"], one["confidence"]) == ("advise", "commit", "high")
    assert one["reason"] == (
        "at least 2.00 an hour was paid on demand in 90 % of 720 hours; at 40.0 % less a year's "
        "commitment pays if the use goes on for 219 days, up to 2027-06-08"
    )
    assert one["proposed"] == (
        "a Savings Plan or Reserved Instances of one year, nothing upfront, to 1.20 an hour"
    )
    assert (one["cost_per_month"], one["saving_per_month"]) == (Decimal(1460), Decimal(584))
    assert one["saving_basis"] == "effective rate"
    assert "COMPUTE_SP --term-in-years ONE_YEAR" in one["command"]
    assert one["risk"].startswith("It is paid for a year, used or not: should the use end before")


def test_every_use_gets_an_answer(warehouse):
    """What is not steady, small or unknown is none; without a discount there is no sum."""
    rows = found(warehouse, "commitment_purchase").items()

    assert {
        name: (one["answer"], one["saving_per_month"] and float(one["saving_per_month"]),
               one["saving_basis"])
        for name, one in rows
    } == {
        "AWS/Amazon Elastic Compute Cloud/eu-west-1": ("advise", 584, "effective rate"),
        "AWS/Amazon Elastic Compute Cloud/us-east-1": ("advise", 292, "effective rate"),
        "AWS/Amazon Elastic Compute Cloud/eu-north-1": ("clean", None, None),
        "AWS/Amazon SageMaker/eu-west-1": ("advise", None, None),
        "Google Cloud/Compute Engine/europe-west1": ("advise", 204.4, "list"),
        "Google Cloud/Compute Engine/europe-west9": ("clean", None, None),
        "Google Cloud/Compute Engine GPUs/europe-west1": ("advise", None, None),
        "Microsoft/Azure OpenAI/westeurope": ("advise", None, None),
        "AWS/Amazon EC2/eu-west-1": ("clean", None, None),
        "AWS/Amazon EC2 Reserved/": ("clean", None, None),
        "AWS/Vertex AI/": ("cannot-say", None, None),
        "AWS/Other/": ("cannot-say", None, None),
    }  # fmt: skip


def test_why_there_is_no_advice_is_said(warehouse):
    """With the figures that it was judged by."""
    why = {name: one["reason"] for name, one in found(warehouse, "commitment_purchase").items()}

    assert why["AWS/Amazon Elastic Compute Cloud/eu-north-1"] == (
        "it is not steady: it ran on demand in 360 of 720 hours"
    )
    assert why["AWS/Amazon EC2/eu-west-1"] == (
        "of its commitments 360.00 stood unused in 30 days: use them first"
    )
    assert why["Google Cloud/Compute Engine/europe-west9"] == (
        "a commitment would save less than 10 a month"
    )
    assert "does not say of 720 of its charges" in why["AWS/Vertex AI/"]


def test_a_bill_by_the_day_says_that_it_is_one(warehouse):
    """Nights cannot be seen in it, so that its advice is less sure."""
    one = found(warehouse, "commitment_purchase")["AWS/Amazon SageMaker/eu-west-1"]

    assert one["reason"] == (
        "at least 2.00 an hour was paid on demand in 90 % of 30 days; what a commitment takes off "
        "is not known: none of it is on the bill, and `discounts` names none for "
        "AWS/Amazon SageMaker"
    )
    assert (one["confidence"], one["cost_per_month"]) == ("low", Decimal(1460))
    assert "The bill tells days, not hours" in one["risk"]
    assert "SAGEMAKER_SP" in one["command"]


def test_own_discounts_count(warehouse):
    """`discounts` says what the bill does not show."""
    text = """
    advice:
      params:
        commitment_purchase:
          discounts:
            - AWS/Amazon SageMaker = 0.25
            - Microsoft/Azure OpenAI = 0.3
            - Google Cloud/Compute Engine GPUs = 0.37
    """
    one = advised(warehouse, "commitment_purchase", text)
    build(warehouse)

    assert one["on-demand/AWS/Amazon SageMaker/eu-west-1"]["saving_per_month"] == 365
    assert one["on-demand/Google Cloud/Compute Engine/europe-west1"]["saving_per_month"] is None
    assert float(one["on-demand/Microsoft/Azure OpenAI/westeurope"]["saving_per_month"]) == 657
    gpus = one["on-demand/Google Cloud/Compute Engine GPUs/europe-west1"]
    assert (float(gpus["saving_per_month"]), gpus["saving_basis"]) == (27010, "list")
    assert "by resource, with a reservation" in gpus["proposed"]


def test_what_has_no_sum_says_why(warehouse):
    """Neither the bill nor the settings know what a commitment takes off."""
    one = found(warehouse, "commitment_purchase")["Microsoft/Azure OpenAI/westeurope"]

    assert one["reason"].endswith(
        "what a commitment takes off is not known: none of it is on the bill, and `discounts` "
        "names none for Microsoft/Azure OpenAI"
    )


def test_a_commitment_to_gpus_shows_what_one_takes_off():
    """Where the bill has one, its rate is that of the GPUs, and not of the cores beside them."""
    gpu = {**GCP, "SkuMeter": "Nvidia L4 GPU running in Netherlands"}
    warehouse = a_bill(
        use("1", **GCP), use("10", **gpu), committed("cud-1", "24", "Used", "40", **gpu)
    )
    rows = advised(warehouse, "commitment_purchase", "advice: {least_saving: 0}")
    gpus = rows["on-demand/Google Cloud/Compute Engine GPUs/europe-west1"]
    cores = rows["on-demand/Google Cloud/Compute Engine/europe-west1"]

    assert (float(gpus["saving_per_month"]), gpus["saving_basis"]) == (2920, "effective rate")
    assert (float(cores["saving_per_month"]), cores["saving_basis"]) == (204.4, "list")


def test_a_short_bill_says_nothing():
    """Thirty complete days are needed; what is steady for a week may not be for a year."""
    warehouse = a_bill(row for row in use("2", **EC2) if row["ChargePeriodStart"].day > 20)
    (one,) = advised(warehouse, "commitment_purchase").values()

    assert (one["answer"], one["reason"]) == (
        "cannot-say",
        "the bill has 11 complete days of the last 30",
    )


def test_unused_commitments_are_told(warehouse):
    """What can be sold saves what stands unused; what cannot has no sum before its end."""
    rows = found(warehouse, "commitment_unused")

    assert {
        name: (one["answer"], one["action"], one["saving_per_month"]) for name, one in rows.items()
    } == {
        "ri-1": ("clean", None, None),
        "ri-2": ("advise", "resell", Decimal("486.6667")),
        "sp": ("advise", "let-expire", None),
        "odd": ("cannot-say", None, None),
    }
    assert rows["ri-2"]["reason"] == "33.3 % of it was used in the 30 days up to 2026-10-31"
    assert rows["sp"]["reason"].endswith("it cannot be sold, so nothing is saved before it ends")
    assert rows["odd"]["reason"] == "30 of its charges do not say whether they used it"


def bought(commitment: str, ends: datetime, **columns: Any) -> Mapping[str, Any]:
    """What a commitment was bought for, a year before it ends."""
    return {
        **A_CHARGE,
        "ChargeCategory": "Purchase",
        "ChargeFrequency": "One-Time",
        "CommitmentDiscountId": commitment,
        "BillingPeriodStart": datetime(2026, 10, 1),
        "ChargePeriodStart": ends - timedelta(days=365),
        "ChargePeriodEnd": ends,
        "EffectiveCost": "0",
        **columns,
    }


def test_commitments_that_end_soon_are_told():
    """Renew what its use is worth, let the rest end; a day that nobody tells is not guessed."""
    service = {"ServiceName": "Amazon EC2"}
    warehouse = a_bill(
        committed("worth it", "24", "Used", "40", **service),
        committed("too large", "24", "Used", "40", **service),
        committed("too large", "24", "Unused", "0", **service),
        committed("no price", "24", "Used", **service),
        committed("later", "24", "Used", "40", **service),
        committed("monthly", "24", "Used", "40", **service),
        iter([
            bought("worth it", datetime(2026, 12, 1)),
            bought("too large", datetime(2026, 11, 11)),
            bought("no price", datetime(2026, 11, 11)),
            bought("later", datetime(2027, 6, 1)),
        ]),
    )  # fmt: skip
    rows = advised(warehouse, "commitment_ending")
    answers = {
        one["name"]: (one["answer"], one["action"], one["saving_per_month"])
        for one in rows.values()
    }

    assert answers == {
        "worth it": ("advise", "renew", None),
        "too large": ("advise", "let-expire", Decimal("243.3333")),
        "no price": ("advise", "review", None),
        "later": ("clean", None, None),
        "monthly": ("cannot-say", None, None),
    }
    assert rows["commitment/bill/worth it"]["reason"] == (
        "it ends on 2026-11-30, in 30 days; it costs 730.00 a month, and its use without it "
        "1,216.67"
    )
    assert rows["commitment/bill/monthly"]["reason"].startswith(
        "the bill does not say when it ends"
    )

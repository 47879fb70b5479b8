"""Provisioned throughput that is paid for by the hour and answers nothing, by the bill alone."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from builders.advice import LAST_BILLED, PRESENT, advised, billed
from builders.ledgers import a_warehouse
from builders.rows import charge, insert
from quaestor.warehouse.duckdb import Warehouse

ARN = "arn:aws:bedrock:eu-west-1:123456789012:provisioned-model/"
ACCOUNT = "/subscriptions/s1/resourceGroups/g/providers/Microsoft.CognitiveServices/accounts/a"
BEDROCK = {"ServiceName": "Amazon Bedrock", "SkuMeter": "EUW1-ProvisionedThroughput-ModelUnits"}


def tokens(warehouse: Warehouse, resource: str, days_ago: int) -> None:
    """A charge for tokens of a resource."""
    day = LAST_BILLED - timedelta(days=days_ago)
    counted = {"ConsumedUnit": "1K tokens", "ConsumedQuantity": 9, "ServiceName": "Amazon Bedrock"}
    place = {"ResourceId": resource, "RegionId": "eu-west-1", "x_source": "bill"}
    charge(warehouse, f"{day:%Y-%m-%d}", "0", **place, **counted)


def test_throughput_without_tokens_for_a_week_is_advised_to_go():
    """Only where its bill did count them before; silence of the bill is no idleness."""
    warehouse = a_warehouse()
    for name in ("idle", "busy", "silent", "since", "listed"):
        billed(warehouse, ARN + name, "24", **BEDROCK)
    azure = {"ServiceName": "Azure OpenAI", "SkuMeter": "Provisioned Managed Regional Unit"}
    billed(warehouse, ACCOUNT, "24", **azure)
    tokens(warehouse, ARN + "idle", 10)
    # Paid for by tokens up to the day on which it was provisioned: of its own none are counted.
    tokens(warehouse, ARN + "since", 10)
    warehouse.run(
        "delete from focus.charge where ResourceId = ? and ChargePeriodStart < ? "
        "and ConsumedUnit is distinct from '1K tokens'",
        [ARN + "since", LAST_BILLED - timedelta(days=8)],
    )
    tokens(warehouse, ARN + "busy", 2)
    listed = {"source": "b", "endpoint": "x", "resource_id": ARN + "listed", "seen_at": PRESENT}
    insert(warehouse, "usage.endpoint", **listed)
    found = advised(warehouse, "idle_throughput")

    assert {name: (one["answer"], one["reason"]) for name, one in found.items()} == {
        f"throughput/{ARN}idle": (
            "advise",
            "the bill counts tokens of it up to 2026-10-21, and none in the last 7 days",
        ),
        f"throughput/{ARN}busy": ("clean", "the bill counts tokens of it up to 2026-10-29"),
        f"throughput/{ARN}silent": (
            "cannot-say",
            "the bill tells what it costs, and nobody what it answers",
        ),
        f"throughput/{ARN}since": (
            "cannot-say",
            "the bill tells what it costs, and nobody what it answers",
        ),
        f"throughput/{ACCOUNT}": (
            "cannot-say",
            "the bill names its account, in which other deployments answer, too",
        ),
    }
    idle = found[f"throughput/{ARN}idle"]
    assert (idle["saving_per_month"], idle["saving_basis"], idle["confidence"]) == (
        *(Decimal(730), "bill", "medium"),
    )
    assert idle["command"] == (
        "aws bedrock delete-provisioned-model-throughput --provisioned-model-id "
        f"{ARN}idle --region eu-west-1"
    )

"""What tokens cost, from the bills of those who sell them."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

from builders.ledgers import build
from builders.work import a_warehouse, billed
from quaestor.warehouse.duckdb import Warehouse

DRAFT = {
    "ModelDeveloper": "Solora AI",
    "ModelFamily": "Solora Saturn",
    "ModelId": "solora-saturn-5.0",
    "ModelVersion": "5.0",
}


def sold(warehouse: Warehouse, cost: str, **row: Any) -> None:
    """A charge for tokens on 5 October."""
    if isinstance(details := row.get("SkuPriceDetails"), dict):
        row["SkuPriceDetails"] = json.dumps(details)
    billed(warehouse, "2026-10-05", cost, None, hours=None, **row)


def tokens(warehouse: Warehouse, *columns: str) -> list[tuple[Any, ...]]:
    """Columns of what tokens cost, by model and direction."""
    names = ", ".join(columns or ("model_id", "direction", "tokens", "effective_cost"))
    return warehouse.rows(
        f"select {names} from ledger.token_cost order by model_id, direction nulls last"
    )


def test_focus_names_models_and_directions():
    """The draft of FOCUS 1.5: ModelId, TokenDirection and TokenCacheAction say what a token is."""
    warehouse = a_warehouse()
    for cost, quantity, more in (
        ("20.00", 5_000_000, {"TokenDirection": "Input", "TokenCacheAction": "Uncached"}),
        ("2.40", 8_000_000, {"TokenDirection": "Input", "TokenCacheAction": "Read"}),
        ("3.75", 1_000_000, {"TokenDirection": "Input", "TokenCacheAction": "Write"}),
        ("30.00", 1_500_000, {"TokenDirection": "Output"}),
    ):
        sold(
            warehouse,
            cost,
            ConsumedQuantity=quantity,
            ConsumedUnit="Tokens",
            PricingQuantity=quantity // 1_000_000,
            PricingUnit="1000000 Tokens",
            SkuPriceDetails={**DRAFT, **more},
        )
    sold(
        warehouse,
        "6",
        ConsumedQuantity=6_000_000,
        ConsumedUnit="Token-Hours",
        PricingUnit="1000000 Token-Hours",
        SkuPriceDetails=DRAFT,
    )
    build(warehouse)

    assert tokens(warehouse, "direction", "tokens", "effective_cost", "cost_per_1m_tokens") == [
        ("cache-storage", None, 6, None),
        ("cache-write", 1_000_000, Decimal("3.75"), Decimal("3.75")),
        ("cached-input", 8_000_000, Decimal("2.4"), Decimal("0.3")),
        ("input", 5_000_000, 20, 4),
        ("output", 1_500_000, 30, 20),
    ]


def test_credits_of_a_provider_are_told_beside_money():
    """FOCUS 1.2: priced in credits, billed in USD; both are kept and never added up."""
    warehouse = a_warehouse()
    sold(
        warehouse,
        "12.50",
        ConsumedQuantity=250_000,
        ConsumedUnit="Tokens",
        PricingCurrency="credits",
        PricingCurrencyEffectiveCost="5",
        SkuMeter="Output Tokens",
    )
    build(warehouse)

    assert tokens(
        warehouse, "pricing_currency", "pricing_currency_cost", "effective_cost", "tokens"
    ) == [("credits", 5, Decimal("12.5"), 250_000)]


@pytest.mark.parametrize(
    ("meter", "model_id", "direction"),
    [
        ("USE1-Claude4.6Sonnet-input-tokens", "Claude4.6Sonnet", "input"),
        ("EUC1-Claude4.6Sonnet-output-tokens", "Claude4.6Sonnet", "output"),
        ("USE1-NovaPro-cache-read-input-token-count", "NovaPro", "cached-input"),
        ("APS3-NovaPro-cache-write-input-token-count", "NovaPro", "cache-write"),
        ("USE1-Nova2.0Lite-input-tokens-flex", "Nova2.0Lite", "input"),
        (
            "USE1-openai.gpt-oss-120b-mantle-output-tokens-standard",
            "openai.gpt-oss-120b",
            "output",
        ),
    ],
)
def test_bedrock_says_in_the_usage_type(meter: str, model_id: str, direction: str):
    """AWS bills by thousands or millions, and its unit says which."""
    warehouse = a_warehouse()
    row = {"ServiceName": "Amazon Bedrock", "SkuMeter": meter}
    sold(warehouse, "1", ConsumedQuantity="1500", ConsumedUnit="1K tokens", **row)
    sold(warehouse, "1", ConsumedQuantity="0.5", ConsumedUnit="1M tokens", **row)
    build(warehouse)

    assert tokens(warehouse) == [(model_id, direction, 2_000_000, 2)]


def test_bedrock_sells_others_models_by_the_million():
    """The unit says just `Units`: where the description says no more, tokens are null."""
    warehouse = a_warehouse()
    row = {
        "ServiceName": "Claude Haiku 4.5 (Amazon Bedrock Edition)",
        "ConsumedQuantity": "2",
        "ConsumedUnit": "Units",
    }
    described = "AWS Marketplace software usage|us-west-2|Million Output Tokens"
    sold(
        warehouse,
        "11",
        SkuMeter="USW2-MP:USW2_OutputTokenCount-Units",
        ChargeDescription=described,
        **row,
    )
    sold(warehouse, "2.2", SkuMeter="USW2-MP:USW2_InputTokenCount-Units", **row)
    build(warehouse)

    assert tokens(warehouse) == [
        ("Claude Haiku 4.5", "input", None, Decimal("2.2")),
        ("Claude Haiku 4.5", "output", 2_000_000, 11),
    ]


@pytest.mark.parametrize(
    ("meter", "model_id", "direction"),
    [
        ("gpt-4o-0806-Inp-glbl Tokens", "gpt-4o-0806", "input"),
        ("gpt-4o-mini-0718-Outp-glbl Tokens", "gpt-4o-mini-0718", "output"),
        ("gpt 4o 1120 cached Inp glbl Tokens", "gpt 4o 1120", "cached-input"),
        ("gpt 4o 0513 Input global Tokens", "gpt 4o 0513", "input"),
        ("R1 Outp glbl Tokens", "R1", "output"),
    ],
)
def test_azure_says_in_the_meter(meter: str, model_id: str, direction: str):
    """Azure counts tokens as units, whatever block they are priced in."""
    warehouse = a_warehouse()
    sold(
        warehouse,
        "0.5",
        ServiceName="Azure OpenAI",
        ConsumedQuantity="200000",
        ConsumedUnit="Units",
        PricingQuantity="200",
        PricingUnit="Units",
        SkuMeter=meter,
    )
    build(warehouse)

    assert tokens(warehouse) == [(model_id, direction, 200_000, Decimal("0.5"))]


@pytest.mark.parametrize(
    ("meter", "model_id", "direction"),
    [
        ("Gemini 2.5 Flash GA Text Input - Predictions", "Gemini 2.5 Flash", "input"),
        ("Gemini 3.7 Flash Global Text Output - Predictions", "Gemini 3.7 Flash", "output"),
        ("Gemini 2.5 Flash GA Thinking Text Output - Predictions", "Gemini 2.5 Flash", "output"),
        ("Gemini 3 Flash Text Input Caching", "Gemini 3 Flash", "cached-input"),
    ],
)
def test_vertex_says_in_the_sku(meter: str, model_id: str, direction: str):
    """Google counts tokens as requests."""
    warehouse = a_warehouse()
    sold(
        warehouse,
        "0.3",
        ServiceName="Vertex AI",
        ConsumedQuantity="1000000",
        ConsumedUnit="requests",
        PricingUnit="count",
        SkuMeter=meter,
    )
    build(warehouse)

    assert tokens(warehouse) == [(model_id, direction, 1_000_000, Decimal("0.3"))]


def test_a_credit_lowers_the_price_and_adds_no_tokens():
    """What is paid back of a meter is that meter's."""
    warehouse = a_warehouse()
    row = {"SkuMeter": "USE1-NovaPro-input-tokens"}
    sold(warehouse, "4", ConsumedQuantity="1000", ConsumedUnit="1K tokens", **row)
    sold(warehouse, "-1", ChargeCategory="Credit", **row)
    build(warehouse)

    assert tokens(warehouse, "tokens", "effective_cost", "cost_per_1m_tokens") == [
        (1_000_000, 3, 3)
    ]


def test_without_a_rate_the_cost_is_as_billed_only():
    """Null in the reporting currency, never zero."""
    warehouse = a_warehouse()
    sold(
        warehouse,
        "4",
        BillingCurrency="XTS",
        ConsumedQuantity="1000",
        ConsumedUnit="Tokens",
        SkuMeter="Input Tokens",
    )
    build(warehouse)

    assert tokens(
        warehouse,
        "billing_effective_cost",
        "billing_currency",
        "effective_cost",
        "cost_per_1m_tokens",
    ) == [(4, "XTS", None, None)]


def test_whose_tokens_they_are_the_tags_say():
    """By model and team, as every other charge."""
    warehouse = a_warehouse()
    tags = json.dumps({"model": "assistant", "team": "support"})
    for row in ({"Tags": tags}, {}):
        sold(
            warehouse,
            "4",
            ConsumedQuantity="1000",
            ConsumedUnit="Tokens",
            SkuMeter="Input Tokens",
            **row,
        )
    build(warehouse)
    found = warehouse.rows("select model, team from ledger.token_cost order by model")

    assert found == [("assistant", "support"), (None, None)]


@pytest.mark.parametrize(
    "row",
    [
        {"SkuMeter": "Security token requests", "ConsumedUnit": "Requests"},
        {"SkuMeter": "Vertex AI: Online Prediction N1 core running", "ConsumedUnit": "seconds"},
        {"ChargeCategory": "Purchase", "SkuMeter": "Token Commitment", "PricingUnit": "Tokens"},
        {"ChargeCategory": "Tax", "SkuMeter": "Output Tokens"},
    ],
)
def test_what_is_no_use_of_tokens_is_left_out(row: dict[str, str]):
    """A commitment buys nothing yet, and other services have tokens, too."""
    warehouse = a_warehouse()
    sold(warehouse, "4", ConsumedQuantity="1000", **row)
    build(warehouse)

    assert tokens(warehouse) == []

"""What `shared:` divides: over whom, by what, to the last digit, and what it could not."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

import pytest

from builders.ledgers import a_warehouse, build
from builders.rows import insert
from quaestor import ledger

FEE = {"ServiceName": "Support", "EffectiveCost": "100", "BilledCost": "100"}
CHURN = {"tags": {"model": "churn", "team": "growth"}, "EffectiveCost": "30"}
FRAUD = {"tags": {"model": "fraud", "team": "risk"}, "EffectiveCost": "10"}
OCTOBER = datetime(2026, 10, 5, 10)


def rule(by, more=""):
    return f"shared: [{{name: support, match: {{ServiceName: Support}}, by: {by}{more}}}]"


def endpoint(warehouse, model, **hour):
    seen = datetime(2026, 10, 6)
    insert(warehouse, "usage.endpoint", source="live", endpoint=model, model=model, seen_at=seen)
    insert(warehouse, "usage.endpoint_hour", source="live", endpoint=model, hour=OCTOBER, **hour)


def fee(warehouse, who="model"):
    """Who owes the fee, and how much of it."""
    return dict(
        warehouse.rows(
            f"""
            select {who}, sum(effective_cost)::double from ledger.cost
            where rule = 'shared:support' and cost_kind = 'shared' group by all
            """
        )
    )


@pytest.mark.parametrize(
    ("text", "owed"),
    [
        (rule("cost"), {"churn": 75, "fraud": 25}),
        (rule("even"), {"churn": 50, "fraud": 50}),
        (rule("fixed", ", shares: {churn: 0.9, fraud: 0.1}"), {"churn": 90, "fraud": 10}),
        (rule("requests"), {"churn": 20, "fraud": 80}),
        (rule("tokens"), {"churn": 10, "fraud": 90}),
        (rule("execution_seconds"), {"churn": 50, "fraud": 50}),
    ],
)
def test_a_fee_is_divided_by_the_driver_of_its_rule(text, owed):
    """Cost, heads, fixed shares, requests, tokens or busy seconds: as the rule says."""
    warehouse = a_warehouse(FEE, CHURN, FRAUD)
    endpoint(
        warehouse, "churn", requests=1000, input_tokens=50, output_tokens=50, instances=2,
        gpu_used_ratio=0.5,
    )  # fmt: skip
    endpoint(warehouse, "fraud", requests=4000, input_tokens=900, instances=1, cpu_used_ratio=1)

    build(warehouse, text)

    assert fee(warehouse) == owed


def test_gpu_hours_and_storage_divide_by_whose_pods_and_volumes_they_are():
    """A driver of clusters reads the owners of pods and volumes from their labels."""
    warehouse = a_warehouse(FEE, CHURN, FRAUD)
    for model, size in (("churn", 10), ("fraud", 30)):
        insert(
            warehouse, "usage.volume", source="k8s", cluster="c", volume=model, capacity_gib=size,
            labels=f'{{"model": "{model}"}}', created_at=OCTOBER, seen_at=OCTOBER,
        )  # fmt: skip
        insert(
            warehouse, "usage.pod_hour", source="k8s", cluster="c", namespace="ml", pod=model,
            node="n", hour=OCTOBER, gpu_request=4 - size / 10, up_ratio=1,
            labels=f'{{"model": "{model}"}}', cpu_request_cores=1, ram_request_gib=1,
        )  # fmt: skip
    insert(
        warehouse, "usage.node_hour", source="k8s", cluster="c", node="n", hour=OCTOBER,
        provider_id="i-1", cpu_cores=8, ram_gib=64, gpu_model="A100", gpus=4, up_ratio=1,
    )  # fmt: skip

    build(warehouse, rule("storage"))
    assert fee(warehouse) == {"churn": 25, "fraud": 75}

    build(warehouse, rule("gpu_hours"))
    assert fee(warehouse) == {"churn": 75, "fraud": 25}


def test_a_fee_can_be_divided_among_teams():
    """`among: team` gives each team its part, and no model."""
    warehouse = a_warehouse(FEE, CHURN, FRAUD)

    build(warehouse, rule("cost", ", among: team"))

    assert fee(warehouse, "team") == {"growth": 75, "risk": 25}
    assert fee(warehouse) == {None: 100}


@pytest.mark.parametrize("driver", ["requests", "tokens", "execution_seconds"])
@pytest.mark.parametrize("nonsense", [float("nan"), float("inf"), -1e30])
def test_nonsense_divides_nothing_and_stops_nothing(driver, nonsense):
    """An hour that cannot be is left out of the driver, and the fee stays where it was."""
    warehouse = a_warehouse(FEE, CHURN)
    endpoint(
        warehouse, "churn", requests=nonsense, input_tokens=nonsense, instances=1,
        gpu_used_ratio=nonsense,
    )  # fmt: skip

    build(warehouse, rule(driver))

    assert fee(warehouse) == {}
    assert warehouse.row("select sum(effective_cost) from ledger.cost") == (130,)


def test_each_team_with_cost_of_its_own_has_an_even_share():
    """Also one whose only model is mostly another team's, and one with two models."""
    little = {"tags": {"model": "churn", "team": "audit"}, "EffectiveCost": "1"}
    other = {"tags": {"model": "fraud-2", "team": "risk"}, "EffectiveCost": "1"}
    warehouse = a_warehouse({**FEE, "EffectiveCost": "90"}, CHURN, FRAUD, little, other)

    build(warehouse, rule("even", ", among: team"))

    owed = {team: round(cost, 6) for team, cost in fee(warehouse, "team").items()}
    assert owed == {"growth": 30, "risk": 30, "audit": 30}


def test_a_model_with_cost_under_two_teams_has_one_even_share():
    """`even` counts models, not the ways in which they are tagged."""
    warehouse = a_warehouse(FEE, CHURN, FRAUD, {"tags": {"model": "churn"}, "EffectiveCost": "1"})

    build(warehouse, rule("even"))

    assert fee(warehouse) == {"churn": 50, "fraud": 50}


def test_thirds_of_a_fee_make_it_up_to_the_last_digit():
    """Three models owe 100 exactly, and a credit of it as exactly."""
    credit = {
        **FEE,
        "EffectiveCost": "-0.00000000001",
        "BilledCost": "0",
        "ChargeCategory": "Credit",
    }
    warehouse = a_warehouse(FEE, credit, *({"tags": {"model": model}} for model in ("a", "b", "c")))

    build(warehouse, rule("even"))

    total = warehouse.row("select sum(effective_cost) from ledger.cost where cost_kind = 'shared'")
    assert total == (Decimal("99.99999999999"),)
    ratios = """
        select sum(allocated_ratio) from ledger.cost where service = 'Support'
        group by charge_category
    """
    assert warehouse.rows(ratios) == [(1,), (1,)]
    assert warehouse.row("select count(*) from ledger.cost where effective_cost > 33.34") == (0,)


def test_what_nobody_has_a_share_of_stays_and_is_told():
    """No requests known: the fee is unattributed as before, and a blind spot says how much."""
    warehouse = a_warehouse(FEE, CHURN)

    build(warehouse, rule("requests"))

    assert fee(warehouse) == {}
    [spot] = [one for one in ledger.blind_spots(warehouse) if one.source == "shared"]
    assert (spot.scope, spot.period, spot.amount) == ("shared rule support", "2026-10", 100)
    assert "requests" in spot.reason

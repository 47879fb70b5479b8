"""Endpoints that nobody calls: found by their hours, never by silence."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from builders.advice import PRESENT, advised, billed, hourly
from builders.ledgers import a_warehouse
from builders.rows import insert
from quaestor.warehouse.duckdb import Warehouse

ARN = "arn:aws:sagemaker:eu-west-1:123456789012:endpoint/churn-eu"
KEY = {"source": "sm", "endpoint": "churn-eu"}


@pytest.fixture
def warehouse() -> Warehouse:
    """A warehouse with one endpoint that costs 24 a day, 730 a month."""
    warehouse = a_warehouse()
    endpoint(warehouse)
    billed(warehouse, ARN, "24")
    return warehouse


def endpoint(warehouse: Warehouse, **columns: object) -> None:
    told = {
        **KEY,
        "kind": "sagemaker",
        "model": "churn",
        "model_version": "7",
        "resource_id": ARN,
        "region": "eu-west-1",
        "instance_type": "ml.g5.xlarge",
        "instances": 1,
        "status": "InService",
        "created_at": datetime(2026, 3, 1),
        "seen_at": PRESENT,
        **columns,
    }
    insert(warehouse, "usage.endpoint", **told)


def test_an_endpoint_without_a_call_in_two_weeks_is_advised_to_go(warehouse):
    """With what it costs a month, on what basis, what could go wrong, and the command."""
    hourly(warehouse, "endpoint_hour", 14, KEY, requests=0)
    (one,) = advised(warehouse, "idle_endpoint").values()

    assert (one["answer"], one["action"], one["confidence"]) == ("advise", "delete", "high")
    assert one["reason"] == "no call in 14 days, up to 2026-10-31"
    assert (one["saving_per_month"], one["saving_basis"]) == (Decimal(730), "bill")
    assert one["command"] == (
        "aws sagemaker delete-endpoint --endpoint-name churn-eu --region eu-west-1"
    )
    assert one["risk"]
    assert warehouse.rows(
        "select subject, counted_saving_per_month from ledger.recommendation"
    ) == [("endpoint/sm/churn-eu", Decimal(730))]


def test_one_call_in_two_weeks_is_enough(warehouse):
    """It is clean, and the calls are told."""
    hourly(warehouse, "endpoint_hour", 14, KEY, requests="(hour = '2026-10-20')::integer")
    (one,) = advised(warehouse, "idle_endpoint").values()

    assert (one["answer"], one["reason"]) == ("clean", "1 calls in 14 days")
    assert one["saving_per_month"] is None


@pytest.mark.parametrize("days", [0, 13])
def test_silence_is_no_idleness(warehouse, days):
    """Days of which nobody tells what was called give no advice, and the reason."""
    if days:
        hourly(warehouse, "endpoint_hour", days, KEY, requests=0)
    (one,) = advised(warehouse, "idle_endpoint").values()

    assert one["answer"] == "cannot-say"
    assert one["reason"] == f"its calls are known of {days} of the last 14 days"


def test_hours_without_a_figure_are_silence_too(warehouse):
    """A row that says nothing of calls is no hour without a call."""
    hourly(warehouse, "endpoint_hour", 14, KEY, requests="null", instances=1)

    assert advised(warehouse, "idle_endpoint")["endpoint/sm/churn-eu"]["answer"] == "cannot-say"


@pytest.mark.parametrize(
    ("columns", "reason"),
    [
        ({"kind": "sagemaker-serverless"}, "it costs nothing while nobody calls"),
        ({"kind": "sagemaker-async"}, "it costs nothing while nobody calls"),
        (
            {"created_at": PRESENT - timedelta(days=3)},
            "created on 2026-10-28, less than 14 days ago",
        ),
    ],
)
def test_what_is_new_or_costs_nothing_is_clean(columns, reason):
    """Serverless and asynchronous endpoints scale to zero; a new one is given its time."""
    warehouse = a_warehouse()
    endpoint(warehouse, **columns)
    hourly(warehouse, "endpoint_hour", 14, KEY, requests=0)
    (one,) = advised(warehouse, "idle_endpoint").values()

    assert (one["answer"], one["reason"]) == ("clean", reason)


def test_an_unknown_price_gives_advice_without_a_sum():
    """Never zero: nobody is told that there is nothing to save."""
    warehouse = a_warehouse()
    endpoint(warehouse)
    hourly(warehouse, "endpoint_hour", 14, KEY, requests=0)
    (one,) = advised(warehouse, "idle_endpoint").values()

    assert (one["answer"], one["saving_per_month"], one["saving_basis"]) == ("advise", None, None)
    assert warehouse.rows("select counts_because from ledger.recommendation") == [("unpriced",)]


def test_the_days_can_be_set(warehouse):
    """`advice: params:` counts before the header's default."""
    hourly(warehouse, "endpoint_hour", 7, KEY, requests=0)
    text = "advice: {params: {idle_endpoint: {days: 7}}}"

    assert advised(warehouse, "idle_endpoint", text)["endpoint/sm/churn-eu"]["answer"] == "advise"

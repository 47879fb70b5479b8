"""What a thousand requests, a million tokens, a run and a GPU-hour cost, on both bases."""

from __future__ import annotations

import csv
import json
from collections import Counter
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from builders.ledgers import build
from builders.rows import insert
from builders.work import a_warehouse, billed, endpoint, job, node, run, served, version
from quaestor import ledger
from quaestor.warehouse.duckdb import Warehouse

LLM = Path(__file__).parents[3] / "shared/data/llm/azure_llm_2023_code.csv"


def inference(warehouse: Warehouse, cost: str, **tags: str) -> None:
    """A charge for serving churn on 5 October."""
    named = {"model": "churn", "lifecycle_stage": "inference", **tags}
    billed(warehouse, "2026-10-05", cost, None, Tags=json.dumps(named))


def units(warehouse: Warehouse, *columns: str, where: str = "true") -> dict[Any, Any]:
    """Columns of each unit, by version, unit and basis; a version's only where it is named."""
    names = ", ".join(columns or ("unit_cost",))
    rows = warehouse.rows(
        f"select model_version, unit, basis, {names} from ledger.unit_cost where {where}"
    )
    return {
        tuple(one for one in row[:3] if one): row[3] if len(row) == 4 else tuple(row[3:])
        for row in rows
    }


def test_requests_and_tokens_have_a_price():
    """12 USD of serving, 6,000 requests and 4 million tokens."""
    warehouse = a_warehouse()
    endpoint(warehouse, "e", "churn")
    served(warehouse, "e", "2026-10-05 00:00", 2000, input_tokens=900_000, output_tokens=100_000)
    served(warehouse, "e", "2026-10-05 01:00", 4000, input_tokens=2_900_000, output_tokens=100_000)
    inference(warehouse, "12")
    build(warehouse)
    found = units(warehouse, "quantity", "cost", "unit_cost", where="basis = 'allocated'")

    assert found == {
        ("1k_requests", "allocated"): (6.0, 12, 2),
        ("1m_tokens", "allocated"): (4.0, 12, 3),
        ("1m_input_tokens", "allocated"): (3.8, None, None),
        ("1m_output_tokens", "allocated"): (0.2, None, None),
    }


def test_both_bases_are_told():
    """Allocated carries what was shared out to the model; used does not."""
    warehouse = a_warehouse()
    endpoint(warehouse, "e", "churn")
    served(warehouse, "e", "2026-10-05 00:00", 1000)
    inference(warehouse, "3")
    billed(warehouse, "2026-10-05", "1", None, ServiceName="Support")
    build(warehouse, "shared: [{name: support, match: {ServiceName: Support}, by: even}]")
    found = units(warehouse, where="unit = '1k_requests'")

    assert found == {("1k_requests", "allocated"): 4, ("1k_requests", "used"): 3}


def test_without_a_charge_for_serving_nothing_has_a_price():
    """Not zero: a model that answers is served by something."""
    warehouse = a_warehouse()
    endpoint(warehouse, "e", "churn")
    served(warehouse, "e", "2026-10-05 00:00", 1000)
    billed(warehouse, "2026-10-05", "5", None, Tags='{"model": "churn"}')
    build(warehouse)
    found = units(warehouse, "cost", "unit_cost", "warning", where="unit = '1k_requests'")

    assert set(found.values()) == {
        (None, None, "no charge of the model is known to be inference"),
    }


def test_nothing_answered_is_no_price_and_no_error():
    """A quantity of zero divides nothing."""
    warehouse = a_warehouse()
    endpoint(warehouse, "e", "churn")
    served(warehouse, "e", "2026-10-05 00:00", 0)
    inference(warehouse, "12")
    build(warehouse)
    found = units(warehouse, "quantity", "cost", "unit_cost", where="unit = '1k_requests'")

    assert found[("1k_requests", "allocated")] == (0.0, 12, None)


def two_versions(**busy: tuple[float | None, ...]) -> Warehouse:
    """Versions 1 and 2 on an endpoint each, 1,000 requests an hour; what differs is told."""
    warehouse = a_warehouse()
    for place, name in enumerate(("1", "2")):
        endpoint(warehouse, f"e{name}", "churn", name)
        more = {column: values[place] for column, values in busy.items()}
        served(warehouse, f"e{name}", "2026-10-05 00:00", 1000, instances=1, **more)
    inference(warehouse, "10")
    return warehouse


def test_cost_of_no_version_is_split_by_the_seconds_that_versions_worked():
    """A version whose requests take four times as long pays four times as much for each."""
    warehouse = two_versions(gpu_used_ratio=(0.2, 0.8))
    build(warehouse)
    found = units(
        warehouse,
        *("unit_cost", "driver_spread", "warning"),
        where="unit = '1k_requests' and basis = 'used' and model_version is not null",
    )

    assert found == {
        ("1", "1k_requests", "used"): (2, 4.0, None),
        ("2", "1k_requests", "used"): (8, 4.0, None),
    }


def test_a_split_by_requests_warns_where_requests_differ():
    """Without busy seconds requests decide; their latency shows that they should not."""
    warehouse = two_versions(latency_p95_ms=(100, 1000))
    build(warehouse)
    found = units(
        warehouse,
        *("unit_cost", "driver_spread", "warning"),
        where="unit = '1k_requests' and basis = 'used' and model_version = '1'",
    )

    assert found == {
        ("1", "1k_requests", "used"): (
            5,
            10.0,
            "split over versions by requests, of which some take 10.0 times as long as others",
        )
    }


def test_an_average_over_versions_that_differ_warns():
    """One price per thousand requests says little where some take ten times as long."""
    warehouse = two_versions(gpu_used_ratio=(0.05, 0.5))
    build(warehouse)
    found = units(warehouse, "warning", where="unit = '1k_requests' and model_version is null")

    assert set(found.values()) == {
        "an average of versions whose requests take up to 10.0 times as long as others"
    }


def test_shared_cost_by_requests_warns_where_requests_differ():
    """The driver that a rule names is held against the seconds that requests take."""
    warehouse = two_versions(gpu_used_ratio=(0.05, 0.5))
    billed(warehouse, "2026-10-05", "1", None, ServiceName="Gateway")
    build(warehouse, "shared: [{name: gateway, match: {ServiceName: Gateway}, by: requests}]")
    found = units(warehouse, "warning", where="unit = '1k_requests' and model_version is null")

    assert set(found.values()) == {
        "shared cost is split by requests, of which some take 10.0 times as long as others"
    }


def test_versions_that_take_alike_do_not_warn():
    """Up to twice as long is alike."""
    warehouse = two_versions(latency_p95_ms=(100, 200))
    build(warehouse)

    assert set(units(warehouse, "warning", where="unit = '1k_requests'").values()) == {None}


def test_a_variant_is_its_own_version():
    """An endpoint of two variants: each hour's requests are those of its own."""
    warehouse = a_warehouse()
    for name, requests in (("blue", 1000), ("green", 3000)):
        insert(
            warehouse,
            "registry.deployment",
            source="aws",
            deployment=f"e/{name}",
            model="churn",
            version=name,
        )
        served(warehouse, "e", "2026-10-05 00:00", requests, variant=name, gpu_used_ratio=0.5)
    inference(warehouse, "8", model_version="blue")
    inference(warehouse, "6", model_version="green")
    build(warehouse)
    found = units(warehouse, where="unit = '1k_requests' and basis = 'used'")

    assert found == {
        ("1k_requests", "used"): Decimal("3.5"),
        ("blue", "1k_requests", "used"): 8,
        ("green", "1k_requests", "used"): 2,
    }


def test_a_training_run_has_a_price():
    """Runs that ended in the month; allocated is all that training cost, idle tags included."""
    warehouse = a_warehouse()
    billed(warehouse, "2026-10-05", "24", "gpu-1")
    node(warehouse)
    version(warehouse, "churn", "1", "2026-10-06", run_id="r1")
    run(warehouse, "r1", "2026-10-05 00:00", 6)
    job(warehouse, "1", "2026-10-05 00:00", 6, run_id="r1")
    tags = json.dumps({"model": "churn", "lifecycle_stage": "training"})
    billed(warehouse, "2026-10-05", "4", None, Tags=tags)
    build(warehouse)
    found = units(
        warehouse, "quantity", "unit_cost", where="unit = 'training_run' and model_version is null"
    )

    assert found == {
        ("training_run", "allocated"): (1.0, 10),
        ("training_run", "used"): (1.0, 6),
    }


def test_gpu_hours_and_used_ones_have_a_price():
    """10 USD for 5 GPU-hours of which 2 were worked in: 2 USD an hour, 5 USD a used one."""
    warehouse = a_warehouse()
    build(warehouse)
    insert(
        warehouse,
        "ledger.gpu_hour",
        day="2026-10-05",
        source="k",
        cluster="c",
        node="n",
        model="churn",
        gpu_hours=5,
        observed_gpu_hours=5,
        used_gpu_hours=2,
        idle_gpu_hours=1,
        unobserved_gpu_hours=0,
        cost="10",
        idle_cost="2",
    )

    (path,) = ledger.SQL.rglob("unit_cost.sql")
    warehouse.run(f"insert into ledger.unit_cost by name {path.read_text()}")

    assert units(warehouse) == {
        ("gpu_hour", "allocated"): 2,
        ("gpu_hour", "used"): Decimal("1.6"),
        ("used_gpu_hour", "allocated"): 5,
        ("used_gpu_hour", "used"): 4,
    }


def test_a_fortune_for_next_to_nothing_is_no_figure():
    """What no money can be is null; the rest of the ledger is built."""
    warehouse = a_warehouse()
    endpoint(warehouse, "e", "churn")
    served(warehouse, "e", "2026-10-05 00:00", 0.000001)
    inference(warehouse, "99999999999999999")
    build(warehouse)
    found = units(warehouse, where="unit = '1k_requests'")

    assert found == {("1k_requests", "allocated"): None, ("1k_requests", "used"): None}


def test_no_nonsense_stops_the_ledger():
    """Counts that nothing can have are not told; hours, GPUs and quantities alike."""
    warehouse = a_warehouse()
    endpoint(warehouse, "e", "churn")
    for hour, nonsense in enumerate((float("nan"), float("inf"), -5.0, 1e300)):
        served(
            warehouse,
            "e",
            f"2026-10-05 0{hour}:00",
            nonsense,
            input_tokens=nonsense,
            instances=nonsense,
            gpu_used_ratio=0.5,
            latency_p95_ms=nonsense,
        )
        job(warehouse, str(hour), "2026-10-05", 6, gpus=nonsense, gpu_hours=None)
    served(warehouse, "e", "2026-10-05 09:00", 1000, gpu_used_ratio=0.5)
    inference(warehouse, "4")
    billed(warehouse, "2026-10-05", "24", "gpu-1", hours="99999999999")
    billed(
        warehouse,
        "2026-10-05",
        "1",
        None,
        hours=None,
        ConsumedUnit="1M tokens",
        ConsumedQuantity="99999999999999999",
        SkuMeter="Input Tokens",
    )
    build(warehouse)
    found = units(warehouse, where="unit = '1k_requests'")

    assert found[("1k_requests", "used")] == 4
    assert warehouse.row("select tokens, effective_cost from ledger.token_cost") == (None, 1)
    assert warehouse.row("select sum(effective_cost) from ledger.cost") == (29,)


def test_tokens_of_unknown_number_leave_no_price():
    """Their cost is not spread over the tokens that are known; input keeps its own price."""
    warehouse = a_warehouse()
    for direction, quantity in (("Input", 2_000_000), ("Output", 1_000_000), ("Output", None)):
        billed(
            warehouse, "2026-10-05", "10", None, hours=None, ConsumedQuantity=quantity,
            ConsumedUnit="Tokens", Tags='{"model": "chat"}',
            SkuPriceDetails=json.dumps(
                {"TokenDirection": direction, "ModelId": f"m-{quantity is None}"}
            ),
        )  # fmt: skip
    build(warehouse)
    found = units(
        warehouse, "quantity", "cost", "unit_cost", "warning", where="basis = 'allocated'"
    )

    assert found == {("1m_input_tokens", "allocated"): (2, 10, 5, None)}


def test_gpu_hours_without_a_cost_leave_no_price_and_say_why():
    """One job of unknown price hides what the others cost each; null has its reason."""
    warehouse = a_warehouse()
    for cost, hours in ((10, 5), (None, 20)):
        insert(
            warehouse, "ledger.gpu_hour", day=date(2026, 10, 5), source="s", cluster="",
            node=str(cost), model="churn", gpu_hours=hours, observed_gpu_hours=0,
            used_gpu_hours=0, idle_gpu_hours=0, unobserved_gpu_hours=0, failed_gpu_hours=0,
            cost=cost, idle_cost=cost and 0,
        )  # fmt: skip
    (path,) = ledger.SQL.rglob("unit_cost.sql")
    warehouse.run(f"insert into ledger.unit_cost by name {path.read_text()}")

    assert units(warehouse, "quantity", "unit_cost", "warning", where="unit = 'gpu_hour'") == {
        ("gpu_hour", basis): (25, None, "what 20.0 of the GPU-hours cost is not known")
        for basis in ("allocated", "used")
    }


@settings(max_examples=20, deadline=None)
@given(
    st.lists(st.floats(0.001, 1), min_size=1, max_size=5),
    st.decimals("-1e6", "1e12", places=6, allow_nan=False, allow_infinity=False),
)
def test_versions_make_up_what_serving_cost(ratios: list[float], cost: Decimal):
    """However it is split: to the last digit."""
    warehouse = a_warehouse()
    for number, ratio in enumerate(ratios):
        endpoint(warehouse, f"e{number}", "churn", str(number))
        served(warehouse, f"e{number}", "2026-10-05 00:00", 7, gpu_used_ratio=ratio)
    inference(warehouse, str(cost))
    build(warehouse)
    split = warehouse.row(
        "select sum(cost) from ledger.unit_cost"
        " where unit = '1k_requests' and basis = 'used' and model_version is not null"
    )

    assert split == (cost,)


@pytest.mark.thirdparty
@pytest.mark.skipif(not LLM.exists(), reason="the third-party trace is not on this machine")
def test_the_tokens_of_a_public_trace_cost_what_its_index_says():
    """Azure's trace of 2023: 8,819 requests at 2.5 and 10 USD per million cost 47.608895 USD."""
    hours: dict[str, Counter[str]] = {}
    with LLM.open(newline="") as file:
        for row in csv.DictReader(file):
            hour = hours.setdefault(row["TIMESTAMP"][:13] + ":00", Counter())
            hour["requests"] += 1
            hour["input_tokens"] += int(row["ContextTokens"])
            hour["output_tokens"] += int(row["GeneratedTokens"])
    warehouse = a_warehouse()
    endpoint(warehouse, "e", "code")
    for name, hour in hours.items():
        served(warehouse, "e", name, **hour)
        for direction, price in (("input", "2.5"), ("output", "10")):
            amount = hour[f"{direction}_tokens"] * Decimal(price) / 1_000_000
            billed(
                warehouse,
                name[:10],
                str(amount),
                None,
                hours=None,
                ChargePeriodStart=datetime.fromisoformat(name),
                ConsumedQuantity=hour[f"{direction}_tokens"],
                ConsumedUnit="Tokens",
                SkuPriceDetails=json.dumps({"TokenDirection": direction.title()}),
                Tags='{"model": "code", "lifecycle_stage": "inference"}',
            )
    build(warehouse)
    sold = warehouse.rows(
        "select direction, tokens, effective_cost, cost_per_1m_tokens from ledger.token_cost"
        " order by direction"
    )
    found = units(warehouse, "quantity", "cost", "unit_cost", where="basis = 'used'")

    assert sold == [
        ("input", 18_059_974, Decimal("45.149935"), Decimal("2.5")),
        ("output", 245_896, Decimal("2.45896"), 10),
    ]
    assert found[("1k_requests", "used")] == (
        8.819,
        Decimal("47.608895"),
        round(Decimal("47.608895") / Decimal("8.819"), 10),
    )
    assert found[("1m_tokens", "used")] == (
        18.30587,
        Decimal("47.608895"),
        round(Decimal("47.608895") / Decimal("18.30587"), 10),
    )
    assert found[("1m_input_tokens", "used")][2] == Decimal("2.5")
    assert found[("1m_output_tokens", "used")][2] == 10

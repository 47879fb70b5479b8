"""Estates of any kind, drawn by hypothesis: bills, clusters, jobs and registries at random.

An estate lies within one month and its names are its own, so that many of them can stand in one
warehouse, each in a month of its own, and be built at once.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from builders.rows import insert_all
from quaestor.warehouse.duckdb import Warehouse

Estate = dict[str, Any]
RATES = {"USD": Decimal(1), "EUR": Decimal("1.25"), "JPY": Decimal("0.006251234567890123")}
CURRENCIES = ("USD", "USD", "EUR", "JPY", "XAU", None)  # XAU and none: without a rate
CONFIG = """
attribution:
  - {name: lake, match: {ServiceName: Lake}, team: lake, lifecycle_stage: data}
  - {name: chat, match: {tag.app: "/^chat-(.+)$/"}, team: chat, model: "{1}"}
shared:
  - {name: support, match: {ServiceName: Support}, by: even, among: model}
  - {name: network, match: {ServiceName: Network}, by: cost, among: team}
  - {name: store, match: {ServiceName: Lake}, by: fixed, among: team, shares: {a: 0.3, b: 0.7}}
  - {name: idle, match: {cost_kind: idle}, by: gpu_hours, among: model}
names:
  - {field: team, old: old, new: a}
"""
HUGE = Decimal("99999999999999999.99999999999999999999")
TINY = Decimal("0.00000000000000000001")
_MONEY = st.one_of(
    st.integers(-2000, 200000).map(lambda cents: Decimal(cents) / 100),
    st.sampled_from([Decimal(0), HUGE, -HUGE, TINY, -TINY]),
    st.integers(-(10**20), 10**20).map(lambda digits: Decimal(digits) * TINY),
)
_TEXT = st.one_of(
    st.sampled_from(
        ["a", "b", "old", "", " ", "chat-x", "<b>", "🦉", "O'Brien", '"', "\\", "x" * 99]
    ),
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=6),
)
_TAGS = st.one_of(
    st.none(),
    st.dictionaries(
        st.sampled_from(["team", "model", "Team", "env", "app", "ml_stage"]), _TEXT, max_size=3
    ),
    st.dictionaries(_TEXT, _TEXT, max_size=2),
    st.sampled_from(["", "no json", "[1]", "{"]),
)
_RESOURCES = st.sampled_from([None, "r", "node-0", "node-0", "node-1", "job", "endpoint", "volume"])
_CHARGE = st.fixed_dictionaries(
    {
        "resource": _RESOURCES,
        "day": st.integers(1, 4),
        "hour": st.integers(0, 23),
        "BilledCost": _MONEY,
        "EffectiveCost": _MONEY,
        "ListCost": st.none() | _MONEY,
        "ContractedCost": st.none() | _MONEY,
        "BillingCurrency": st.sampled_from(CURRENCIES),
        "ChargeCategory": st.sampled_from(["Usage", "Usage", "Credit", "Tax", "Purchase", None]),
        "ChargeClass": st.sampled_from([None, None, "Correction"]),
        "ServiceName": st.sampled_from(["Compute", "Support", "Network", "Lake", None]),
        "tags": _TAGS,
    }
)
_HOURS = st.floats(0, 100, allow_nan=False).map(lambda amount: round(amount, 6))
_RATIO = st.none() | st.sampled_from([0.0, 1.0, 0.049, 0.5]) | st.floats(0, 1)
_NODE = st.fixed_dictionaries(
    {
        "number": st.integers(0, 1),
        "day": st.integers(1, 4),
        "hours": st.integers(1, 4),
        "cpu_cores": st.none() | st.sampled_from([0.0, 2.0, 96.0]),
        "ram_gib": st.none() | st.sampled_from([0.0, 8.0, 1152.0]),
        "gpus": st.sampled_from([None, 0, 1, 8]),
        "gpu_model": st.sampled_from([None, "NVIDIA A100-SXM4-80GB", "unheard of"]),
        "up_ratio": _RATIO,
        "billed": st.booleans(),
    }
)
_POD = st.fixed_dictionaries(
    {
        "node": st.sampled_from(["node-0", "node-0", "node-1", "elsewhere", None]),
        "namespace": st.sampled_from(["ml", "kube-system", "🦉"]),
        "pod": st.sampled_from(["p", "q", "r"]),
        "day": st.integers(1, 4),
        "hours": st.integers(1, 4),
        "cpu_request_cores": st.none() | _HOURS,
        "cpu_used_cores": st.none() | _HOURS,
        "ram_request_gib": st.none() | _HOURS,
        "ram_used_gib": st.none() | _HOURS,
        "gpu_request": st.sampled_from([None, 0.0, 0.142857, 1.0, 8.0, 64.0]),
        "gpu_used_ratio": _RATIO,
        "up_ratio": _RATIO,
        "labels": _TAGS,
    }
)
_JOB = st.fixed_dictionaries(
    {
        "day": st.integers(1, 3),
        "hours": st.none() | st.integers(0, 30),
        "gpus": st.sampled_from([None, 0.5, 1.0, 8.0]),
        "state": st.sampled_from([None, "completed", "failed", "cancelled", "running", "pending"]),
        "gpu_util_ratio": _RATIO,
        "model": st.sampled_from([None, "a", "b"]),
    }
)
ESTATE = st.fixed_dictionaries(
    {
        "charges": st.lists(_CHARGE, min_size=1, max_size=8),
        "nodes": st.lists(_NODE, max_size=2),
        "pods": st.lists(_POD, max_size=4),
        "jobs": st.lists(_JOB, max_size=1),
        "registered": st.booleans(),
    }
)


def month(number: int) -> datetime:
    """The first moment of the month in which an estate of a number lies."""
    return datetime(2020 + number // 12, 1 + number % 12, 1)


def write(warehouse: Warehouse, estates: Mapping[int, Estate]) -> None:
    """Put estates into a warehouse, each into the month of its number."""
    tables: dict[str, list[dict[str, Any]]] = {}
    for number, estate in estates.items():
        for table, row in _rows(number, estate):
            tables.setdefault(table, []).append(row)
    for table, rows in tables.items():
        insert_all(warehouse, table, rows)


def forget(warehouse: Warehouse, number: int) -> None:
    """Take one estate out of a warehouse again."""
    warehouse.run("delete from focus.charge where x_source = ?", [f"bill-{number}"])
    for table in ("node_hour", "pod_hour", "gpu_job", "endpoint", "endpoint_hour", "volume"):
        warehouse.run(f"delete from usage.{table} where source = ?", [f"usage-{number}"])
    warehouse.run("delete from registry.model where source = ?", [f"usage-{number}"])


def charged(number: int, estate: Estate) -> Iterable[tuple[datetime, Decimal, dict[str, Any]]]:
    """Each charge's day, rate (None: nobody knows one), and what it says."""
    for charge in estate["charges"]:
        yield _at(number, charge["day"]), RATES.get(charge["BillingCurrency"]), charge


def _rows(number: int, estate: Estate) -> Iterable[tuple[str, dict[str, Any]]]:
    for place, charge in enumerate(estate["charges"]):
        yield "focus.charge", _charge(number, place, charge, estate)
    yield from (("usage.node_hour", row) for row in _nodes(number, estate))
    yield from (("usage.pod_hour", row) for row in _pods(number, estate))
    for job in estate["jobs"]:
        yield "usage.gpu_job", _job(number, job)
    if not estate["registered"]:
        return
    source = f"usage-{number}"
    for model in ("a", "b"):
        yield "registry.model", {"source": source, "model": f"{model}-{number}", "team": "a"}
    yield (
        "usage.endpoint",
        {
            "source": source,
            "endpoint": "e",
            "kind": "sagemaker",
            "model": f"a-{number}",
            "model_version": "1",
            "resource_id": f"endpoint-{number}",
            "gpus": 1,
            "instances": 1,
            "created_at": month(number),
            "seen_at": _at(number, 5),
        },
    )
    yield (
        "usage.endpoint_hour",
        {"source": source, "endpoint": "e", "hour": _at(number, 2, 3), "requests": 10},
    )
    yield (
        "usage.volume",
        {
            "source": source,
            "cluster": f"c-{number}",
            "volume": "v",
            "capacity_gib": 10,
            "provider_id": f"volume-{number}",
            "pods": ["p"],
            "namespace": "ml",
            "created_at": month(number),
            "seen_at": _at(number, 5),
        },
    )


def _at(number: int, day: int, hour: int = 0) -> datetime:
    return month(number) + timedelta(days=day - 1, hours=hour)


def _tags(number: int, tags: Any) -> str | None:
    """Tags as a bill has them; models and teams get names of their own in each estate."""
    if not isinstance(tags, Mapping):
        return tags
    own = {
        key: f"{value}-{number}" if key in ("model", "app") and value.strip() else value
        for key, value in tags.items()
    }
    return json.dumps(own, ensure_ascii=False)


def _charge(number: int, place: int, charge: dict[str, Any], estate: Estate) -> dict[str, Any]:
    row = {key: value for key, value in charge.items() if key[0].isupper()}
    for key, value in row.items():
        if isinstance(value, Decimal):
            row[key] = f"{value:f}"
    resource = charge["resource"]
    # A provider id that no bill has stands for a machine that nobody is billed for.
    return row | {
        "ResourceId": resource and f"{resource}-{number}",
        "Tags": _tags(number, charge["tags"]),
        "ChargePeriodStart": _at(number, charge["day"], charge["hour"]),
        "BillingPeriodStart": month(number),
        "ProviderName": "AWS",
        "x_source": f"bill-{number}",
        "x_file": "a.csv",
        "x_file_sha256": f"{number}-{estate.get('restated', 0)}",
        "x_row": place,
    }


def _nodes(number: int, estate: Estate) -> Iterable[dict[str, Any]]:
    names = ("cpu_cores", "ram_gib", "gpus", "gpu_model", "up_ratio")
    for node in estate["nodes"]:
        for hour in range(node["hours"]):
            yield {name: node[name] for name in names} | {
                "source": f"usage-{number}",
                "cluster": f"c-{number}",
                "node": f"node-{node['number']}",
                "hour": _at(number, node["day"], hour),
                "provider_id": f"node-{node['number']}-{number}" if node["billed"] else None,
            }


def _pods(number: int, estate: Estate) -> Iterable[dict[str, Any]]:
    names = ("node", "namespace", "pod", "cpu_request_cores", "cpu_used_cores", "ram_request_gib")
    names += ("ram_used_gib", "gpu_request", "gpu_used_ratio", "up_ratio")
    for pod in estate["pods"]:
        for hour in range(pod["hours"]):
            yield {name: pod[name] for name in names} | {
                "source": f"usage-{number}",
                "cluster": f"c-{number}",
                "hour": _at(number, pod["day"], hour),
                "labels": _tags(number, pod["labels"]),
            }


def _job(number: int, job: dict[str, Any]) -> dict[str, Any]:
    started = None if job["hours"] is None else _at(number, job["day"], 3)
    model = job["model"]
    return {
        "source": f"usage-{number}",
        "job": "job",
        "kind": "training-job",
        "gpus": job["gpus"],
        "state": job["state"],
        "gpu_util_ratio": job["gpu_util_ratio"],
        "started_at": started,
        "ended_at": started and started + timedelta(hours=job["hours"]),
        "gpu_hours": None if None in (job["hours"], job["gpus"]) else job["hours"] * job["gpus"],
        "model": model and f"{model}-{number}",
        "resource_id": f"job-{number}",
        "seen_at": _at(number, 5),
        "run_id": f"run-{number}",
    }

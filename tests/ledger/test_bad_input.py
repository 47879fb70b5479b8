"""Input that is wrong or does not fit together: told, with its money, and never a silent zero.

Each case is landed as files, loaded and built, as a user's would be.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from builders.bills import csv_text
from builders.ledgers import a_warehouse, build
from builders.rows import insert
from quaestor import pipeline
from quaestor.core.config import parse_config
from quaestor.core.period import utc
from quaestor.warehouse.duckdb import Warehouse

Row = dict[str, Any]
DAY = "2026-10-05"
SOURCES = """
sources:
  - {name: bill, kind: files, path: bill.csv}
  - {name: nodes, kind: files, path: nodes.csv, schema: node-hours}
  - {name: pods, kind: files, path: pods.csv, schema: pod-hours}
  - {name: jobs, kind: files, path: jobs.csv, schema: gpu-jobs}
  - {name: samples, kind: files, path: samples.csv, schema: gpu-samples}
"""


def a_charge(cost: str = "24", resource: str = "i-1", **more: str) -> dict[str, str]:
    """What a machine cost on the day."""
    return {
        "BilledCost": cost,
        "EffectiveCost": cost,
        "ResourceId": resource,
        "ServiceName": "Compute",
        "ChargePeriodStart": f"{DAY}T00:00:00Z",
        "ChargePeriodEnd": "2026-10-06T00:00:00Z",
        **more,
    }


def a_node(hour: int, **more: Any) -> Row:
    """An hour of a machine with 4 cores and a GPU."""
    return {
        "cluster": "c", "node": "n", "hour": f"{DAY}T{hour:02}:00:00Z", "provider_id": "i-1",
        "cpu_cores": 4, "ram_gib": 16, "gpus": 1, "gpu_model": "NVIDIA A100", "up_ratio": 1,
        **more,
    }  # fmt: skip


def a_pod(hour: int, **more: Any) -> Row:
    """An hour of a pod that takes all of the machine."""
    return {
        "cluster": "c", "namespace": "ml", "pod": "p", "node": "n",
        "hour": f"{DAY}T{hour:02}:00:00Z", "cpu_request_cores": 4, "ram_request_gib": 16,
        "gpu_request": 1, "gpu_used_ratio": 1, "up_ratio": 1,
        "labels": '{"team": "nlp", "model": "churn"}',
        **more,
    }  # fmt: skip


def a_job(**more: Any) -> Row:
    """An hour of a job with a GPU."""
    return {
        "job": "j", "gpus": 1, "started_at": f"{DAY}T00:00:00Z", "ended_at": f"{DAY}T01:00:00Z",
        "state": "completed", **more,
    }  # fmt: skip


@dataclass
class Case:
    """What is landed, and what has to be said of it.

    Args:
        told: Of blind spots and quarantined rows, text that each regular expression is found in.
        amount: The money of one of those blind spots; None where no money is at stake.
        kinds: What each kind of cost comes to, in the currency it is billed in.
        asked: A SELECT of one row that says more of it.
        answer: That row.
    """

    charges: list[dict[str, str]] = field(default_factory=lambda: [a_charge()])
    nodes: list[Row] = field(default_factory=lambda: [a_node(hour) for hour in range(24)])
    pods: list[Row] = field(default_factory=lambda: [a_pod(hour) for hour in range(24)])
    jobs: list[Row] = field(default_factory=list)
    samples: list[Row] = field(default_factory=list)
    told: tuple[str, ...] = ()
    amount: str | None = None
    kinds: Mapping[str, str] = field(default_factory=lambda: {"direct": "24"})
    asked: str = "select 1"
    answer: tuple[Any, ...] = (1,)


def hours(maker: Callable[..., Row], *numbers: int, **more: Any) -> list[Row]:
    """Several hours of one thing."""
    return [maker(number, **more) for number in numbers]


CASES = {
    "nothing wrong": Case(),
    "a pod on no node": Case(
        pods=[*hours(a_pod, *range(24)), *hours(a_pod, 3, 4, pod="lost", node=None)],
        told=(r"node",),
    ),
    "a pod on a node that nobody knows": Case(
        pods=[*hours(a_pod, *range(24)), *hours(a_pod, 3, pod="lost", node="elsewhere")],
        told=(r"node|machine",),
    ),
    "a node without a bill": Case(
        charges=[a_charge(resource="i-other")],
        told=(r"bill",),
        kinds={"unattributed": "24"},
    ),
    "a node without a provider id": Case(
        nodes=hours(a_node, *range(24), provider_id=None),
        told=(r"bill|provider",),
        kinds={"unattributed": "24"},
    ),
    "a bill without a node": Case(
        nodes=[], pods=[], kinds={"unattributed": "24"}
    ),
    "tags that are no JSON": Case(
        charges=[a_charge(), a_charge("7", "bucket", Tags="{broken")],
        told=(r"tags are no JSON object",),
        amount="7",
        kinds={"direct": "24", "unattributed": "7"},
    ),
    "tags that are JSON and no object": Case(
        charges=[a_charge(), a_charge("7", "bucket", Tags='"team"'), a_charge("2", "b", Tags="7")],
        told=(r"tags are no JSON object",),
        amount="9",
        kinds={"direct": "24", "unattributed": "9"},
    ),
    "no tags at all, however that is written": Case(
        charges=[a_charge(), *(a_charge("1", tags, Tags=tags) for tags in ("", "{}", "null"))],
        kinds={"direct": "24", "unattributed": "3"},
    ),
    "a node of which no pod is told": Case(
        pods=[], told=(r"pod",), amount="24", kinds={"unattributed": "24"}
    ),
    "clocks that disagree: all pods an hour late": Case(
        pods=[*hours(a_pod, *range(1, 24)), {**a_pod(0), "hour": "2026-10-06T00:00:00Z"}],
        told=(r"node|machine",),
        kinds={"direct": "23", "unattributed": "1"},
    ),
    "clocks that disagree: the bill is of the day before": Case(
        charges=[
            a_charge(ChargePeriodStart="2026-10-04T00:00:00Z", ChargePeriodEnd=f"{DAY}T00:00:00Z")
        ],
        told=(r"bill",),
        kinds={"unattributed": "24"},
    ),
    "a gap: the exporter was silent for half of the day": Case(
        pods=hours(a_pod, *range(12)) + hours(a_pod, *range(12, 24), gpu_used_ratio=None),
        told=(r"unobserved",),
        asked="select sum(gpu_hours), sum(used_gpu_hours), sum(idle_gpu_hours), "
        "sum(unobserved_gpu_hours) from ledger.gpu_hour",
        answer=(24, 12, 0, 12),
    ),
    "rows that cannot be: negative, above 1, told twice, ended before they began": Case(
        charges=[a_charge(), a_charge("many", "bucket")],
        pods=[
            *hours(a_pod, *range(24)),
            a_pod(3),
            a_pod(3, pod="negative", cpu_used_cores=-1),
            a_pod(3, pod="asks", gpu_request=-1),
            a_pod(3, pod="percent", gpu_used_ratio=1.2),
            a_pod(3, pod="unlabelled", labels="{"),
        ],
        jobs=[
            a_job(job="early", ended_at="2026-10-04T00:00:00Z"),
            a_job(job="sum", gpus=8, gpu_util_ratio=800),
        ],
        samples=[
            {"host": "h", "gpu_index": 0, "sampled_at": f"{DAY}T00:00:00Z", "gpu_util_ratio": 1}
        ] * 2,
        told=(
            r"many",
            r"pod, node and hour stand twice",
            r"cpu_used_cores -1",
            r"gpu_request -1",
            r"gpu_used_ratio 1.2",
            r"labels is no JSON object",
            r"ended_at 2026-10-04T00:00:00Z is before started_at",
            r"gpu_util_ratio 800",
            r"GPU and time stand twice",
        ),
    ),
    "labels of unicode and 10 kB": Case(
        pods=[
            a_pod(hour, labels=json.dumps({"team": "größe 🦉", "model": "é", "note": "x" * 10_000}))
            for hour in range(24)
        ],
        asked="select distinct team, model from ledger.cost",
        answer=("größe 🦉", "é"),
    ),
    "a currency without a rate": Case(
        charges=[a_charge(), a_charge("7", "bucket", BillingCurrency="XAU")],
        told=(r"XAU|rate",),
        amount="7",
        kinds={"direct": "24", "unattributed": "7"},
    ),
    "more asked for than there is": Case(
        pods=[a_pod(hour, pod=pod) for hour in range(24) for pod in ("p", "q", "r")],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_bad_input_is_told_with_its_money(name: str, tmp_path: Path):
    """A blind spot or a row in quarantine; and the whole bill is in the ledger, under its kind."""
    case = CASES[name]
    told, amounts, kinds, answer = landed(tmp_path, case)
    silent = [one for one in case.told if not any(re.search(one, text) for text in told)]

    assert (silent, kinds) == ([], {kind: Decimal(cost) for kind, cost in case.kinds.items()})
    assert answer == case.answer
    assert case.amount is None or Decimal(case.amount) in amounts
    assert case.told or told == []


def landed(
    folder: Path, case: Case
) -> tuple[list[str], list[Decimal], dict[str, Decimal], tuple[Any, ...]]:
    """What is told of a case, the money in it, each kind of cost, and what was asked."""
    (folder / "bill.csv").write_text(csv_text(*case.charges))
    for name in ("nodes", "pods", "jobs", "samples"):
        write(folder / f"{name}.csv", getattr(case, name))
    # A source without a file is one that nobody has.
    there = [line for line in SOURCES.splitlines() if _is_there(folder, line)]
    config, now = parse_config("\n".join(there), folder, {}), utc("2026-10-07")
    failures = pipeline.collect(config, now=now, progress=lambda _: None)
    built = pipeline.build(config, folder / "w.duckdb", now=now, progress=lambda _: None)

    assert failures == []
    with Warehouse(folder / "w.duckdb", read_only=True) as warehouse:
        refused = [
            f"{reason} {raw}"
            for reason, raw in warehouse.rows(
                "select reason, raw from quarantine.row union all "
                "select reason, raw from quarantine.value"
            )
        ]
        kinds = warehouse.rows(
            "select cost_kind, round(sum(billing_effective_cost), 6) from ledger.cost group by 1"
        )
        answer = warehouse.row(case.asked)
    told = [f"{spot.scope} {spot.reason}" for spot in built.blind_spots]
    amounts = [spot.amount for spot in built.blind_spots if spot.amount is not None]
    return told + refused, amounts, dict(kinds), answer


def write(path: Path, rows: list[Row]) -> None:
    """Write rows as CSV; no file without any."""
    if not rows:
        return
    names = list(dict.fromkeys(name for row in rows for name in row))
    with path.open("w", newline="") as stream:
        writer = csv.DictWriter(stream, names)
        writer.writeheader()
        writer.writerows(rows)


def _is_there(folder: Path, line: str) -> bool:
    found = re.search(r"path: (\S+csv)", line)
    return found is None or (folder / found[1]).exists()


def test_two_sources_that_tell_of_the_same_hours_are_counted_once(tmp_path: Path):
    """Overlapping samples: of one node-hour the first source by name counts."""
    case = CASES["nothing wrong"]
    for name in ("nodes", "pods"):
        write(tmp_path / f"{name}.csv", getattr(case, name))
        write(
            tmp_path / f"again-{name}.csv",
            [{**row, "up_ratio": 0.999} for row in getattr(case, name)],
        )
    (tmp_path / "bill.csv").write_text(csv_text(*case.charges))
    text = (
        "\n".join(SOURCES.splitlines()[:5])
        + """
  - {name: z-nodes, kind: files, path: again-nodes.csv, schema: node-hours}
  - {name: z-pods, kind: files, path: again-pods.csv, schema: pod-hours}
"""
    )
    config, now = parse_config(text, tmp_path, {}), utc("2026-10-07")
    pipeline.collect(config, now=now, progress=lambda _: None)
    pipeline.build(config, tmp_path / "w.duckdb", now=now, progress=lambda _: None)
    with Warehouse(tmp_path / "w.duckdb", read_only=True) as warehouse:
        found = warehouse.row("select sum(gpu_hours), sum(cost + host_cost) from ledger.gpu_hour")
        kinds = warehouse.rows("select cost_kind, sum(effective_cost) from ledger.cost group by 1")

    assert (found, kinds) == ((24, 24), [("direct", 24)])


def test_gpus_that_only_the_list_of_nodes_names_are_paid_for():
    """And a pod that was there for some hours only leaves the others unscheduled."""
    warehouse = a_warehouse(
        {"ResourceId": "i-1", "EffectiveCost": "24", "BilledCost": "24", "ChargePeriodStart": DAY}
    )
    for number in range(24):
        node = a_node(number, source="nodes", gpus=None)
        insert(warehouse, "usage.node_hour", **node)
        if number < 6:
            insert(warehouse, "usage.pod_hour", **a_pod(number, source="pods", gpu_request=8))
        else:
            insert(warehouse, "usage.pod_hour", **a_pod(number, source="pods", node="m"))
    insert(
        warehouse, "usage.node", source="k8s", cluster="c", node="n", provider_id="i-1", gpus=8,
        gpu_model="NVIDIA A100", seen_at="2026-10-06",
    )  # fmt: skip
    build(warehouse)

    assert warehouse.row(
        "select sum(gpu_hours), sum(used_gpu_hours), sum(unscheduled_gpu_hours) "
        "from ledger.gpu_hour where node = 'n'"
    ) == (192, 48, 144)

"""Containers that ask for too much or too little: sized by what they used, replayed, priced."""

from __future__ import annotations

import csv
import json
import shlex
from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from builders.advice import advised
from builders.ledgers import a_warehouse, build
from builders.rows import insert
from builders.workloads import UNTIL, asking, sampled
from quaestor.warehouse import container_series
from quaestor.warehouse.duckdb import Warehouse

KIND = "container_size"


def subject(workload: str) -> str:
    return f"container/prod/ml/Deployment/{workload}/main"


def sized(warehouse: Warehouse, text: str = "") -> dict[str, dict[str, Any]]:
    """Advise; return the assessments by workload."""
    return {key.split("/")[4]: row for key, row in advised(warehouse, KIND, text).items()}


def used(warehouse: Warehouse, workload: str, cores: list[float | None], gib: list[float]) -> None:
    """Insert samples of one pod, 2 hours apart, the last one at UNTIL."""
    warehouse.run(
        """
        create or replace temp table used as
        select
            'samples' as source, 'prod' as cluster, 'ml' as namespace, $workload as workload,
            $workload || '-7d9f8b6c5-abcd0' as pod, 'main' as container,
            $until::timestamp - to_hours(2 * (len($cores) - n)::integer) as sampled_at,
            $cores[n] as cpu_used_cores, $gib[n] as ram_used_gib
        from range(1, len($cores) + 1) as t(n)
        """,
        {"workload": workload, "cores": cores, "gib": gib, "until": UNTIL},
    )
    container_series.insert(warehouse, "select * from used")


def autoscaler(warehouse: Warehouse, target: str, **columns: object) -> None:
    told = {
        "source": "k8s", "cluster": "prod", "namespace": "ml", "kind": "hpa", "autoscaler": target,
        "target_kind": "Deployment", "target": target, "metrics": ["cpu"], "seen_at": UNTIL,
    }  # fmt: skip
    insert(warehouse, "usage.autoscaler", **told | columns)


def priced(warehouse: Warehouse, workload: str) -> None:
    """Run its pod on a machine with 8 cores and 32 GiB that costs 24 a day.

    By the price list that Quaestor comes with, cores are 62.5 % of such a machine's worth.
    """
    for hour in range(24 * 3):
        at = UNTIL - timedelta(days=3) + timedelta(hours=hour)
        insert(
            warehouse, "usage.node_hour", source="k", cluster="prod", node="n1", hour=at,
            provider_id="i-1", cpu_cores=8, ram_gib=32, gpus=0, up_ratio=1,
        )  # fmt: skip
        insert(
            warehouse, "usage.pod_hour", source="k", cluster="prod", namespace="ml",
            pod=f"{workload}-7d9f8b6c5-abcd0", node="n1", hour=at, cpu_request_cores=4,
            cpu_used_cores=1, ram_request_gib=8, ram_used_gib=2, gpu_request=0, up_ratio=1,
            labels='{"team": "vision"}',
        )  # fmt: skip
    for day in range(3):
        start = UNTIL - timedelta(days=3 - day)
        insert(
            warehouse, "focus.charge", x_row=day + 1, ResourceId="i-1", ChargeCategory="Usage",
            BilledCost="24", EffectiveCost="24", BillingCurrency="USD", ProviderName="AWS",
            BillingPeriodStart=datetime(2026, 10, 1), ChargePeriodStart=start,
            ChargePeriodEnd=start + timedelta(days=1), x_source="bill", x_file="b/a.csv",
            x_file_sha256="00",
        )  # fmt: skip


def test_a_container_that_asks_for_too_much_is_sized_priced_and_told_how():
    """KRR's rules: p95 of CPU without a limit, memory's maximum and 15 %, as request and limit."""
    warehouse = a_warehouse()
    sampled(warehouse, ["churn"], "steady")
    asking(warehouse, 4, 8, cpu_limit_cores=None)
    priced(warehouse, "churn")
    one = sized(warehouse)["churn"]
    (cores, gib) = warehouse.row(
        "select quantile_cont(cpu_used_cores, 0.95), max(ram_used_gib) from usage.container_sample"
    )
    new = (-int(-cores * 1000 // 1), -int(-gib * 1.15 * 1024 // 1))
    rate, hours, price = warehouse.row(
        "select core_hour_cost * 8 + gib_hour_cost * 32, pod_hours_per_month, "
        "core_hour_cost * (4 - ?) + gib_hour_cost * (8 - ?) from ledger.workload_rate",
        [new[0] / 1000, new[1] / 1024],
    )

    assert (one["answer"], one["action"], one["confidence"]) == ("advise", "resize", "high")
    assert one["current"] == "cpu 4000m, memory 8192Mi (limit 8192Mi)"
    assert one["proposed"] == f"cpu {new[0]}m (no limit), memory {new[1]}Mi (limit {new[1]}Mi)"
    assert one["command"] == (
        f"kubectl set resources deployment churn -n ml -c main "
        f"--requests=cpu={new[0]}m,memory={new[1]}Mi --limits=memory={new[1]}Mi"
    )
    assert (round(rate, 6), hours) == (1, 730)  # the machine's 24 a day
    assert float(one["saving_per_month"]) == pytest.approx(price * 730, abs=1e-4)
    assert (one["saving_basis"], one["inside"], one["team"]) == ("effective rate", "i-1", "vision")
    assert json.loads(one["evidence"])["severity"] == "critical"


def test_a_container_is_part_of_the_endpoint_that_it_answers_for():
    """What stops the endpoint stops the container: of both only the better counts."""
    warehouse = a_warehouse()
    sampled(warehouse, ["churn"], "steady")
    asking(warehouse, 4, 8, cpu_limit_cores=None)
    priced(warehouse, "churn")
    key = {"source": "k", "endpoint": "prod/ml/Deployment/churn"}
    insert(
        *(warehouse, "usage.endpoint"), **key, kind="deployment", instances=1,
        created_at=datetime(2026, 1, 1), seen_at=UNTIL,
    )  # fmt: skip
    insert(
        warehouse, "usage.pod", source="k", cluster="prod", namespace="ml",
        pod="churn-7d9f8b6c5-abcd0", owner_kind="Deployment", owner="churn", seen_at=UNTIL,
    )  # fmt: skip
    warehouse.run(
        "insert into usage.endpoint_hour (source, endpoint, hour, requests) select 'k', "
        "'prod/ml/Deployment/churn', hour, 0 from generate_series(?::timestamp, ?::timestamp, "
        "interval 1 hour) as s(hour)",
        [UNTIL - timedelta(days=15), UNTIL - timedelta(hours=1)],
    )
    one = sized(warehouse)["churn"]
    rows = warehouse.rows(
        "select kind, counts_because, counted_saving_per_month > 0 from ledger.recommendation "
        "where kind in ('container_size', 'idle_endpoint') order by kind"
    )

    assert one["inside"] == "workload/prod/ml/Deployment/churn"
    assert rows == [("container_size", "inside", False), ("idle_endpoint", "best", True)]


def test_what_fits_is_clean_and_what_is_too_small_is_raised():
    """Within a tenth nothing is advised; a raise costs, and says what it prevents."""
    warehouse = a_warehouse()
    sampled(warehouse, ["fits", "small"], "steady")
    asking(warehouse, 1.04, 2.3, workload="fits")
    asking(warehouse, 0.2, 0.5, workload="small")
    priced(warehouse, "small")
    found = sized(warehouse)

    assert found["fits"]["answer"] == "clean"
    assert (found["small"]["answer"], found["small"]["action"]) == ("advise", "raise")
    assert found["small"]["saving_per_month"] < 0
    assert "starved or killed" in found["small"]["risk"]


def test_what_grew_after_the_days_it_was_sized_by_is_withheld():
    """With both figures in the reason; what asks for less than it needs is raised all the same."""
    warehouse = a_warehouse()
    sampled(warehouse, ["large", "small"], "growing")
    asking(warehouse, 8, 16, workload="large")
    asking(warehouse, 0.2, 0.5, workload="small")
    found = sized(warehouse)

    assert (found["large"]["answer"], found["large"]["proposed"]) == ("withheld", None)
    assert "on the last 3 days" in found["large"]["reason"]
    assert "5 % were to be expected" in found["large"]["reason"]
    assert found["small"]["answer"] == "advise"


def told_by_hours(warehouse: Warehouse, cores: float, gib: float) -> None:
    """Say of the pods of `churn` and `small` that each used as much in every hour."""
    priced(warehouse, "churn")
    warehouse.run("update usage.pod_hour set cpu_used_cores = ?, ram_used_gib = ?", [cores, gib])
    warehouse.run(
        "insert into usage.pod_hour select * replace (replace(pod, 'churn', 'small') as pod) "
        "from usage.pod_hour"
    )


@pytest.mark.parametrize(
    ("cores", "gib", "words"),
    [
        (3.5, 1, "its pods' hours tell of more: 3.500 cores on the mean of a day"),
        (0.2, 6, "its pods' hours tell of more: 6.000 GiB on the mean of a day"),
    ],
)
def test_a_size_that_the_hours_of_its_pods_contradict_is_withheld(cores, gib, words):
    """One source tells of a busier pod than the samples do: nobody knows which is right."""
    warehouse = a_warehouse()
    sampled(warehouse, ["churn", "small"], "steady")
    asking(warehouse, 4, 8, workload="churn")
    asking(warehouse, 0.2, 0.5, workload="small")
    told_by_hours(warehouse, cores, gib)
    found = sized(warehouse)

    assert (found["churn"]["answer"], found["churn"]["proposed"]) == ("withheld", None)
    assert words in found["churn"]["reason"]
    assert found["small"]["answer"] == "advise", "what asks for too little is raised all the same"


def test_hours_of_a_pod_with_a_container_that_has_no_samples_contradict_nothing():
    """What they tell of may be the other container's."""
    warehouse = a_warehouse()
    sampled(warehouse, ["churn"], "steady")
    asking(warehouse, 4, 8)
    insert(
        warehouse, "usage.container", source="k8s", cluster="prod", namespace="ml",
        pod="churn-7d9f8b6c5-abcd0", container="sidecar", owner_kind="Deployment", owner="churn",
        cpu_request_cores=4, ram_request_gib=8, seen_at=UNTIL,
    )  # fmt: skip
    told_by_hours(warehouse, 3.5, 6)
    advised(warehouse, KIND)
    answers = warehouse.rows(
        "select answer from ledger.assessment where kind = ? and subject = ?",
        [KIND, subject("churn")],
    )

    assert answers == [("advise",)]


def test_what_scales_by_itself_is_left_alone():
    """An HPA or KEDA on CPU: none for CPU; a VPA that acts: none; one that is off does not count.

    An autoscaler of the Deployment that a larger thing made is one of that.
    """
    warehouse = a_warehouse()
    names = ["hpa", "keda", "vpa", "off", "both", "made"]
    sampled(warehouse, names, "steady")
    for name in names:
        kind = "InferenceService" if name == "made" else "Deployment"
        asking(warehouse, 4, 8, workload=name, owner_kind=kind)
    autoscaler(warehouse, "hpa")
    autoscaler(warehouse, "keda", kind="keda", metrics=["memory", "prometheus"])
    autoscaler(warehouse, "vpa", kind="vpa", metrics=["cpu", "memory"], mode="Recreate")
    autoscaler(warehouse, "off", kind="vpa", metrics=["cpu", "memory"], mode="Off")
    autoscaler(warehouse, "both", metrics=["cpu", "memory"])
    autoscaler(warehouse, "made-7d9f8b6c5", autoscaler="by-requests", metrics=["cpu", "memory"])
    found = {name: (row["answer"], row["proposed"]) for name, row in sized(warehouse).items()}

    assert found["hpa"][1].startswith("memory")
    assert found["keda"][1].startswith("cpu")
    assert "memory" not in found["keda"][1]
    assert found["off"][1].startswith("cpu")
    assert [found[name][0] for name in ("vpa", "both", "made")] == ["left-alone"] * 3


def test_too_little_data_is_no_advice():
    """Under 100 samples, under 3 hours, or none at all; and without a list what it asks for."""
    warehouse = a_warehouse()
    sampled(warehouse, ["few"], "steady", days=1)
    sampled(warehouse, ["short"], "steady", days=0.1, minutes=1)
    sampled(warehouse, ["silent"], "steady", days=1)
    asking(warehouse, 4, 8)
    warehouse.run("delete from usage.container_sample where workload = 'silent'")
    found = {name: (row["answer"], row["reason"]) for name, row in sized(warehouse).items()}
    warehouse.run("delete from usage.container")
    unlisted = advised(warehouse, KIND)["container/prod/ml/few/main"]

    assert found == {
        "few": ("cannot-say", "not enough data: 48 samples of 1 pod in 1.0 days"),
        "short": ("cannot-say", "not enough data: 144 samples of 1 pod in 0.1 days"),
        "silent": ("cannot-say", "nobody tells what it used"),
    }
    assert unlisted["answer"] == "cannot-say"
    assert unlisted["reason"].startswith("what it requests is not known: no cluster lists it")


def test_one_that_was_killed_for_memory_gets_a_quarter_more():
    """At least 1.25 x the limit at which it was killed; what an OOM hid is no peak."""
    warehouse = a_warehouse()
    sampled(warehouse, ["churn"], "steady")
    asking(warehouse, 1, 2.1, oom_killed_at=UNTIL - timedelta(days=1), oom_limit_gib=4)
    one = sized(warehouse)["churn"]

    assert one["proposed"] == "memory 5120Mi (limit 5120Mi)"
    assert "killed at 4.000" in one["reason"]


def test_a_cpu_limit_in_the_way_is_taken_off_by_a_patch():
    """`set resources` cannot remove one; every name is quoted for its shell."""
    warehouse = a_warehouse()
    name = "it's $(rm -rf ~)"
    sampled(warehouse, [name], "steady")
    asking(warehouse, 4, 8, cpu_limit_cores=4)
    (one,) = advised(warehouse, KIND).values()
    words = shlex.split(one["command"])
    (container,) = json.loads(words[-1])["spec"]["template"]["spec"]["containers"]

    assert words[:6] == ["kubectl", "patch", "deployment", name, "-n", "ml"]
    assert container["name"] == "main"
    assert container["resources"]["limits"]["cpu"] is None
    assert container["resources"]["requests"]["cpu"].endswith("m")


@pytest.mark.parametrize(
    ("strategy", "cpu", "limit"),
    [("simple", 0.95, None), ("simple-limit", 0.66, 0.96)],
)
def test_a_strategy_is_chosen(strategy: str, cpu: float, limit: float | None):
    """The percentiles are those of KRR's strategies."""
    warehouse = a_warehouse()
    sampled(warehouse, ["churn"], "diurnal")
    asking(warehouse, 4, 8)
    build(warehouse, f"advice: {{params: {{container_request: {{strategy: {strategy}}}}}}}")
    exact = warehouse.row(
        "select quantile_cont(cpu_used_cores, ?), quantile_cont(cpu_used_cores, ?) "
        "from usage.container_sample",
        [cpu, limit or 0],
    )
    found = warehouse.row(
        "select cpu_request_cores, cpu_limit_cores from ledger.container_request where span = 'all'"
    )

    assert found[0] == pytest.approx(exact[0], abs=0.001)
    assert found[1] == (pytest.approx(exact[1], abs=0.001) if limit else None)


def test_the_strategy_vpa_forgets_by_halves():
    """p90 x 1.15 of samples that weigh half as much a day later: days long past hardly count."""
    warehouse = a_warehouse()
    sampled(warehouse, ["churn"], "steady", days=14)
    warehouse.run(
        "update usage.container_sample set cpu_used_cores = 4, ram_used_gib = 8 "
        "where sampled_at < ?",
        [UNTIL - timedelta(days=6)],
    )
    asking(warehouse, 4, 8, ram_limit_gib=16)
    text = "advice: {params: {container_request: {strategy: vpa}}}"
    one = sized(warehouse, text)["churn"]
    cores, gib = warehouse.row(
        "select cpu_request_cores, ram_request_gib from ledger.container_request where span = 'all'"
    )

    # A bucket of its histogram is 5 % wide; what was used since is at most 1.05 and 2.04.
    assert 1.04 * 1.15 <= cores <= 1.05 * 1.05 * 1.15
    assert 2.0 * 1.15 <= gib <= 2.04 * 1.15 + 0.001
    assert one["proposed"].endswith(f"(limit {-int(-gib * 2 * 1024 // 1)}Mi)")  # as now: twice


def test_pods_of_an_earlier_rollout_count_and_what_is_gone_does_not():
    """A pod is its workload's by name too; a workload that is listed no more needs no advice."""
    warehouse = a_warehouse()
    sampled(warehouse, ["churn", "gone"], "steady")
    asking(warehouse, 4, 8, workload="churn")
    warehouse.run("update usage.container_sample set workload = null")
    warehouse.run("update usage.container set pod = 'churn-5f6d7c8b9-zzzz0'")
    found = sized(warehouse)

    assert found["churn"]["answer"] == "advise"
    assert list(found) == ["churn"]


def test_a_servers_quantiles_do_where_there_are_no_samples():
    """What of the held-out days was above the size is estimated between its quantiles."""
    warehouse = a_warehouse()
    pod = {
        "cluster": "prod", "namespace": "ml", "pod": "churn-7d9f8b6c5-abcd0", "container": "main",
    }  # fmt: skip
    for span, first, last, p90 in (
        ("all", 14, 0, 1),
        ("trained", 14, 3, 1),
        ("held-out", 3, 0, 1.2),
    ):
        insert(
            warehouse, "usage.container_use", source="prom", **pod, span=span, samples=1000,
            since=UNTIL - timedelta(days=first), until=UNTIL - timedelta(days=last),
            cpu_p66_cores=0.9, cpu_p90_cores=p90, cpu_p95_cores=p90 + 0.1, cpu_p96_cores=p90 + 0.2,
            cpu_p99_cores=2, cpu_max_cores=3, ram_p99_gib=1.9, ram_max_gib=2,
        )  # fmt: skip
    insert(
        warehouse, "usage.container", source="k8s", **pod, owner_kind="Deployment", owner="churn",
        cpu_request_cores=4, ram_request_gib=8, ram_limit_gib=8, seen_at=UNTIL,
    )  # fmt: skip
    one = sized(warehouse)["churn"]
    replay = warehouse.records("from ledger.backtest order by what")

    # Above the 1.1 of the days before are the tenth above the held-out p90 (1.2), and a third of
    # the 24 % between that and the p66 (0.9).
    assert [(row["what"], row["violations"]) for row in replay] == [("cpu", None), ("memory", None)]
    assert replay[0]["violated_ratio"] == pytest.approx(0.1 + 0.24 / 3)
    assert (replay[0]["is_withheld"], replay[1]["violated_ratio"]) == (True, 0)
    assert one["proposed"] == "memory 2356Mi (limit 2356Mi)"


def test_a_tag_forbids_advice():
    """The annotation gov.advice of the pods or their workload is respected."""
    warehouse = a_warehouse()
    sampled(warehouse, ["churn"], "steady")
    asking(warehouse, 4, 8, annotations='{"gov.advice": "container_size"}')

    assert sized(warehouse)["churn"]["answer"] == "left-alone"


def test_violations_are_counted_sample_by_sample():
    """Of 36 held-out samples 6 are above what the days before them advised."""
    warehouse = a_warehouse()
    used(warehouse, "churn", [1.0] * 162 + [2.0] * 6, [2.0] * 162 + [9.0] * 6)
    asking(warehouse, 4, 16)
    build(warehouse)
    replay = warehouse.rows(
        "select what, advised, needed, intervals, violations, is_withheld from ledger.backtest "
        "order by what"
    )

    assert replay == [
        ("cpu", 1.0, 2.0, 36, 6, True),
        ("memory", 2356 / 1024, 9.0, 36, 6, True),
    ]


def test_advice_saves_most_of_what_an_oracle_would():
    """At least 80 % of what one spares who knows the held-out days, with those that grew in them.

    Everything that grew is withheld, and nothing else.
    """
    warehouse = a_warehouse()
    names: dict[str, list[str]] = {}
    for shape, count in {
        "steady": 6, "diurnal": 6, "bursty": 4, "leaking": 4, "growing": 2
    }.items():  # fmt: skip
        names[shape] = [f"{shape}-{number}" for number in range(count)]
        sampled(warehouse, names[shape], shape, minutes=60, pods=2)
    asking(warehouse, 6, 12)
    found = sized(warehouse)
    ours, oracle = warehouse.row(
        """
        select
            sum(saved_ratio * current * worth) filter (not is_withheld),
            sum(oracle_saved_ratio * current * worth)
        from ledger.backtest
        join (values ('cpu', 7.5), ('memory', 1)) as unit(what, worth) using (what)
        """
    )
    withheld = sorted(name for name, row in found.items() if row["answer"] == "withheld")

    assert oracle > 0
    assert ours / oracle >= 0.8
    assert withheld == names["growing"]


def krr_samples(warehouse: Warehouse, folder: Path) -> list[Mapping[str, str]]:
    """Load what KRR saw; return what it answered."""
    warehouse.run(
        """
        create or replace temp table seen as
        select
            'krr' as source, 'prod' as cluster, namespace, workload, pod, 'main' as container,
            "at" as sampled_at, cpu_cores as cpu_used_cores,
            memory_bytes / 1073741824 as ram_used_gib
        from read_parquet(?)
        """,
        [str(folder / "usage_40_workloads.parquet")],
    )
    container_series.insert(warehouse, "select * from seen")
    with (folder / "krr_simple_expected.csv").open(encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


@pytest.mark.thirdparty
def test_krr_answers_the_same(reference: Path):
    """Its own answers for 40 workloads of two pods: memory equal on all, CPU within 0.5 %."""
    warehouse = a_warehouse()
    expected = krr_samples(warehouse, reference / "krr")
    build(warehouse)
    rows = warehouse.rows(
        "select namespace, owner, cpu_request_cores, ram_request_gib, ram_limit_gib "
        "from ledger.container_request where span = 'all'"
    )
    found = {(namespace, owner): figures for namespace, owner, *figures in rows}
    differing = []
    for row in expected:
        cpu, request, limit = found[row["namespace"], row["workload"]]
        memory = (Decimal(request * 2**30), Decimal(limit * 2**30))
        if memory != (
            Decimal(row["memory_request_krr_bytes"]), Decimal(row["memory_limit_krr_bytes"])
        ) or abs(cpu / float(row["cpu_request_krr"]) - 1) > 0.005:  # fmt: skip
            differing.append(row["workload"])

    assert (len(expected), differing) == (40, [])

"""GPU clusters that others measured, through the loaders into the GPU ledger: their totals.

The reference totals are those of the data's index; the ledger keeps hours to a billionth.
"""

from __future__ import annotations

import csv
import gzip
import json
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from quaestor import pipeline
from quaestor.core.config import parse_config
from quaestor.core.period import utc
from quaestor.warehouse.duckdb import Warehouse

pytestmark = pytest.mark.thirdparty
PODS, NODES = "gpu/alibaba_v2023_pods_gpushare40.csv", "gpu/alibaba_v2023_nodes.csv"
DUTY = "gpu/alibaba_v2026_genai_gpu_duty_cycle_first20000.csv.gz"
HELIOS = "gpu/helios_earth_vc8Sj_2020-05_minutely.csv.gz"
EPOCH, UNIX = datetime(2023, 1, 1), datetime(1970, 1, 1)


def in_the_ledger(folder: Path, **tables: Iterable[Mapping[str, Any]]) -> Warehouse:
    """Write tables as files (schema names with _ for -), and land, load and build them."""
    sources = []
    for name, rows in tables.items():
        listed = list(rows)
        with (folder / f"{name}.csv").open("w", newline="") as stream:
            writer = csv.DictWriter(stream, listed[0])
            writer.writeheader()
            writer.writerows(listed)
        schema = name.replace("_", "-")
        sources.append({"name": name, "kind": "files", "path": f"{name}.csv", "schema": schema})
    config = parse_config(json.dumps({"sources": sources}), folder, {})
    now = utc("2026-11-04")

    assert pipeline.collect(config, now=now, progress=lambda _: None) == []
    pipeline.build(config, folder / "w.duckdb", now=now, progress=lambda _: None)
    return Warehouse(folder / "w.duckdb", read_only=True)


def totals(reference: Path, name: str) -> dict[str, Any]:
    """What the index says of a file."""
    found = json.loads((reference / "reference_totals.json").read_text())
    return next(value for key, value in _pairs(found) if key == name)


def _pairs(tree: Any) -> Iterable[tuple[str, Any]]:
    if isinstance(tree, dict):
        for key, value in tree.items():
            yield key, value
            yield from _pairs(value)


def alibabas_pods(reference: Path) -> Iterable[dict[str, Any]]:
    """Pods of 2023 as jobs; a job's team is its phase, so that phases can be added up."""
    states = {"Succeeded": "completed"}
    with (reference / PODS).open() as stream:
        for pod in csv.DictReader(stream):
            began, phase = pod["scheduled_time"], pod["pod_phase"]
            start, end = (
                (EPOCH + timedelta(seconds=float(moment))).isoformat() if began else ""
                for moment in (began or 0, pod["deletion_time"])
            )
            yield {
                "job": pod["name"],
                "gpus": int(pod["num_gpu"]) * int(pod["gpu_milli"]) / 1000,
                "state": states.get(phase, phase),
                "team": phase,
                "started_at": start,
                "ended_at": end,
            }


def test_alibabas_hours_by_phase_come_out(tmp_path, reference):
    """42,418.002283 GPU-hours over all days, of which 944.589614 failed; none is made up."""
    known = totals(reference, PODS)
    warehouse = in_the_ledger(tmp_path, gpu_jobs=alibabas_pods(reference))
    phases = dict(
        warehouse.rows(
            "select team, round(sum(gpu_hours), 6) from ledger.gpu_hour group by team order by team"
        )
    )
    by_step = dict(
        warehouse.rows(
            "select step, round(sum(gpu_hours), 6) from ledger.gpu_waterfall group by step"
        )
    )
    total, failed = float(known["gpu_hours"]), float(known["gpu_hours_by_phase"]["Failed"])

    assert phases | {"Pending": 0.0} == {
        phase: float(hours) for phase, hours in known["gpu_hours_by_phase"].items()
    }
    assert (by_step["paid"], by_step["failed"]) == (total, failed) == (42418.002283, 944.589614)
    assert round(by_step["failed"] / by_step["paid"], 6) == float(
        known["failed_share_of_gpu_hours"]
    )
    assert by_step["unobserved"] == round(total - failed, 6)
    assert by_step["idle"] == by_step["stalled"] == by_step["productive"] == 0


def test_alibabas_nodes_have_their_gpus(tmp_path, reference):
    """An hour of 1,523 nodes pays for 6,212 GPU-hours of 1,213, model by model."""
    known = totals(reference, NODES)
    with (reference / NODES).open() as stream:
        nodes = [
            {"cluster": "pai", "node": row["sn"], "hour": "2023-01-01T00:00:00Z", "up_ratio": 1}
            | {"gpus": row["gpu"], "gpu_model": row["model"]}
            for row in csv.DictReader(stream)
        ]
    warehouse = in_the_ledger(tmp_path, node_hours=nodes)
    by_model = dict(
        warehouse.rows("select gpu_model, sum(gpu_hours) from ledger.gpu_hour group by all")
    )

    assert by_model == {
        model: float(gpus) for model, gpus in known["gpus_by_model"].items() if gpus != "0"
    }
    assert warehouse.row("select count(distinct node), sum(gpu_hours) from ledger.gpu_hour") == (
        known["gpu_nodes"],
        float(known["gpus"]),
    )


def helios_minutes(reference: Path) -> list[dict[str, str]]:
    """The minutes of the virtual cluster."""
    with gzip.open(reference / HELIOS, "rt") as stream:
        return list(csv.DictReader(stream))


def test_helios_allocated_and_idle_hours_come_out(tmp_path, reference):
    """A team's month minute by minute: what it had, what nobody asked for, and their ratio."""
    known, minutes = totals(reference, HELIOS), helios_minutes(reference)
    capacity = {
        (minute["time"][:13], int(minute["running_gpu_num"]) + int(minute["idle_gpu_num"]))
        for minute in minutes
    }
    warehouse = in_the_ledger(
        tmp_path,
        node_hours=(
            {"cluster": "earth", "node": "vc8Sj", "hour": f"{hour}:00:00", "up_ratio": 1}
            | {"gpus": gpus}
            for hour, gpus in sorted(capacity)
        ),
        pod_hours=(
            {"cluster": "earth", "namespace": "vc8Sj", "pod": minute["time"], "node": "vc8Sj"}
            | {"hour": f"{minute['time'][:13]}:00:00", "up_ratio": 1 / 60}
            | {"gpu_request": minute["running_gpu_num"], "labels": '{"team": "vc8Sj"}'}
            for minute in minutes
        ),
    )
    allocated, unscheduled, paid = warehouse.row(
        """
        select
            round(sum(gpu_hours) filter (where team = 'vc8Sj'), 4),
            round(sum(unscheduled_gpu_hours), 4), round(sum(gpu_hours), 4)
        from ledger.gpu_hour
        """
    )

    assert allocated == float(known["gpu_hours_allocated"]) == 17802.8667
    assert unscheduled == float(known["gpu_hours_idle"]) == 17909.1333
    assert paid == float(known["gpu_hours_capacity"]) == 35712
    assert round(allocated / paid, 6) == float(known["allocation_rate"]) == 0.498512


def test_duty_cycles_are_allocated_against_busy_hours(tmp_path, reference):
    """20,000 samples of 114 pods: allocated ten times what was busy, three pods under 5 %."""
    known = totals(reference, DUTY)
    with gzip.open(reference / DUTY, "rt") as stream:
        samples = [
            {
                "host": row["container_ip"],
                "sampled_at": (UNIX + timedelta(seconds=float(row["timestamp_anon"]))).isoformat(),
                "gpu_util_ratio": float(row["value"]) / 100,
            }
            for row in csv.DictReader(stream)
        ]
    warehouse = in_the_ledger(tmp_path, gpu_samples=samples)
    hosts = warehouse.rows(
        """
        select node, sum(used_gpu_hours) / sum(observed_gpu_hours), sum(idle_gpu_hours),
            sum(observed_gpu_hours), sum(used_gpu_hours), sum(gpu_hours)
        from ledger.gpu_hour group by node
        """
    )
    idle, observed, used, paid = (sum(column) for column in list(zip(*hosts, strict=True))[2:])
    low = sum(sample["gpu_util_ratio"] < 0.05 for sample in samples) / len(samples)

    assert len(hosts) == known["pods"] == 114
    assert f"{100 * used / observed:.6f}" == known["mean_utilisation_pct"] == "10.015803"
    assert sum(ratio < 0.05 for _, ratio, *_ in hosts) == known["pods_with_mean_below_5_pct"] == 3
    assert sum(ratio == 0 for _, ratio, *_ in hosts) == known["pods_always_zero"]
    assert idle / observed == pytest.approx(low, abs=1e-8)
    assert idle / observed >= float(known["share_of_zero_samples"]) == 0.52205
    assert used < observed <= paid
    assert warehouse.row(
        "select 100 * median(gpu_util_ratio), avg((gpu_util_ratio = 0)::integer) "
        "from usage.gpu_sample"
    ) == (float(known["median_utilisation_pct"]), 0.52205)

"""Electricity and greenhouse gases: measured where it is counted, never twice, never a guess."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from builders.clusters import DAY, node, pod
from builders.gpus import gpu_ledger
from builders.ledgers import a_warehouse
from builders.rows import insert
from quaestor.core.errors import ConfigurationError
from quaestor.normalise import carbon_factors
from quaestor.warehouse.duckdb import Warehouse

FRANKFURT = "eu-central-1"  # as shipped: grid 0.37093, PUE 1.24, core 0.74 to 3.5 W
WHOLE = {
    "cpu_request_cores": 96,
    "cpu_used_cores": 48,
    "ram_request_gib": 1152,
    "ram_used_gib": 576,
    "gpu_request": 8,
}


def carbon(warehouse: Warehouse, text: str = "") -> dict[Any, dict[str, Any]]:
    """The rows by team."""
    gpu_ledger(warehouse, text, ("carbon",))
    return {row["team"]: row for row in warehouse.records("from ledger.carbon")}


def counted(warehouse: Warehouse, hours: int = 24, **columns: Any) -> None:
    """Hours of one of the node's eight devices, 0.3 kWh each."""
    for hour in range(hours):
        insert(
            warehouse,
            "usage.gpu_device_hour",
            **{
                "source": "k",
                "cluster": "prod",
                "node": "n1",
                "gpu_uuid": "GPU-0",
                "hour": DAY.replace(hour=hour),
                "energy_kwh": 0.3,
                "observed_ratio": 1,
                **columns,
            },
        )


def a_cluster(**more: Any) -> Warehouse:
    """A day of a machine with eight A100, half busy with one pod of the team nlp."""
    warehouse = a_warehouse()
    node(warehouse, region=FRANKFURT, **more)
    pod(warehouse, "nlp", **WHOLE)
    return warehouse


def test_a_day_of_a_machine_by_hand():
    """Watts x hours x overhead x grid, and the part of the machine's life; factors are told."""
    (row,) = carbon(a_cluster()).values()

    gpus = 8 * 24 * (46 + 0.5 * (407 - 46)) / 1000
    cores = (96 * 24 * 0.74 + 48 * 24 * (3.5 - 0.74)) / 1000
    memory = 1152 * 24 * 0.392 / 1000
    assert row["it_kwh"] == pytest.approx(gpus + cores + memory)
    assert row["kwh"] == pytest.approx(73.42101504)
    assert row["kg_co2e"] == pytest.approx(73.42101504 * 0.37093)
    assert row["embodied_kg_co2e"] == pytest.approx(
        (96 * 24 * 11.458 + 1152 * 24 * 1.388 + 8 * 24 * 150) / 35040
    )
    assert (row["grade"], row["measured_kwh"], row["reason"]) == ("estimated", None, None)
    assert (row["gpu_hours"], row["core_hours"], row["gib_hours"]) == (192, 2304, 27648)
    said = json.loads(row["factors"])
    assert (said["grid"]["value"], said["grid"]["dated"]) == (0.37093, "2023-12-31")
    assert said["grid"]["source"].startswith("https://")
    assert said["gpus"][0]["busy"]["value"] == 407


def test_what_devices_count_takes_the_place_of_the_estimate():
    """Of one device of eight: its 24 hours by its counter, the other 168 by watts."""
    warehouse = a_cluster()
    before = carbon(warehouse)["nlp"]["it_kwh"]
    counted(warehouse, namespace="ml", pod="nlp")
    (row,) = carbon(warehouse).values()

    assert row["measured_kwh"] == pytest.approx(24 * 0.3)
    assert row["it_kwh"] == pytest.approx(before - 24 * 0.2265 + 24 * 0.3)
    assert row["grade"] == "mixed"


def test_a_device_that_two_pods_share_is_counted_once():
    """Exporters repeat the device's counter for each pod: it is divided, not added."""
    warehouse = a_cluster()
    pod(warehouse, "ads", gpu_request=0)
    counted(warehouse, namespace="ml", pod="nlp")
    counted(warehouse, namespace="ml", pod="ads")
    rows = carbon(warehouse)

    assert rows["nlp"]["measured_kwh"] == pytest.approx(3.6)
    assert rows["ads"]["measured_kwh"] == pytest.approx(3.6)


def test_slices_of_one_gpu_are_counted_once():
    """Seven MIG devices repeat the counter of the GPU that they are cut from."""
    warehouse = a_cluster()
    for slice_number in range(7):
        counted(warehouse, gpu_uuid=f"GPU-0/{slice_number}", mig_profile="1g.5gb")
    rows = carbon(warehouse)

    assert rows[None]["measured_kwh"] == pytest.approx(24 * 0.3)
    assert "nlp" in rows


def test_pods_say_whose_a_device_was_and_add_nothing():
    """Devices that name no pod: their energy is that of the pods, up to what was measured."""
    warehouse = a_cluster()
    counted(warehouse, hours=1)
    warehouse.run("update usage.pod_hour set gpu_energy_kwh = 0.2 where hour = ?", [DAY])
    rows = carbon(warehouse)

    assert rows["nlp"]["measured_kwh"] == pytest.approx(0.2)
    assert rows[None]["measured_kwh"] == pytest.approx(0.1)


def test_pods_are_believed_where_no_device_is_told_of():
    """Eight GPUs for a day at 2 kWh an hour, instead of watts."""
    warehouse = a_cluster()
    before = carbon(warehouse)["nlp"]["it_kwh"]
    warehouse.run("update usage.pod_hour set gpu_energy_kwh = 2")
    (row,) = carbon(warehouse).values()

    assert row["measured_kwh"] == pytest.approx(48)
    assert row["it_kwh"] == pytest.approx(before - 192 * 0.2265 + 48)


@pytest.mark.parametrize(
    ("region", "gpu", "unknown"),
    [
        ("mars-north-1", "A100", "the overhead (pue) of the region mars-north-1"),
        ("us-gov-south-9", "A100", "the grid of the region us-gov-south-9"),
        (FRANKFURT, "XPU-9000", "nobody says what power XPU-9000 draws"),
    ],
)
def test_what_nobody_knows_is_not_averaged(region: str, gpu: str, unknown: str):
    """No factor, no figure: it is null, and the reason names what is missing."""
    warehouse = a_warehouse()
    node(warehouse, region=region, gpu_model=gpu)
    pod(warehouse, "nlp", **WHOLE)
    rows = carbon(warehouse).values()

    assert {row["kg_co2e"] for row in rows} == {None}
    assert any(unknown in row["reason"] for row in rows)
    assert any(row["gpu_hours"] == 192 for row in rows)


def test_a_factor_of_the_users_counts_first(tmp_path: Path):
    """Of a region, or of a cluster of one's own, which no list can know."""
    path = tmp_path / "own.csv"
    path.write_text(
        "factor,place,value,source,dated\n"
        "grid,prod,0.02,own meters,2026-01-01\n"
        "pue,eu-central-1,1.5,own meters,2026-01-01\n"
    )
    (row,) = carbon(a_cluster(), f"carbon: {path}").values()

    assert row["kg_co2e"] == pytest.approx(row["it_kwh"] * 1.5 * 0.02)
    assert json.loads(row["factors"])["grid"]["source"] == "own meters"


def test_how_busy_the_unknown_is_can_be_set():
    """`advice: params: carbon`: nobody tells of the use of these GPUs and cores."""
    unseen = {"gpu_used_ratio": None, "cpu_used_cores": None}
    warehouse = a_warehouse()
    node(warehouse, region=FRANKFURT)
    pod(warehouse, "nlp", **{**WHOLE, **unseen})
    half = carbon(warehouse)["nlp"]["it_kwh"]
    none = carbon(warehouse, "advice: {params: {carbon: {use_ratio: 0}}}")["nlp"]["it_kwh"]

    assert half - none == pytest.approx((192 * 0.5 * 361 + 2304 * 0.5 * 2.76) / 1000)


def test_jobs_by_their_scheduler_or_by_watts():
    """A job's own energy is all of it; another is estimated, month by month by its hours."""
    warehouse = a_warehouse()
    told = {
        "source": "slurm",
        "gpu_model": "H100",
        "gpus": 2,
        "cpus": 16,
        "ram_gib": 100,
        "region": "eastus",
        "state": "completed",
        "started_at": datetime(2026, 9, 30, 12),
        "ended_at": datetime(2026, 10, 1, 12),
        "gpu_hours": 48,
    }
    insert(warehouse, "usage.gpu_job", **told, job="1", team="nlp", energy_kwh=30)
    insert(warehouse, "usage.gpu_job", **told, job="2", team="ads", gpu_util_ratio=1)
    gpu_ledger(warehouse, "", ("carbon",))
    rows = warehouse.records("from ledger.carbon order by team, month")

    hours = 12 * (2 * 713 + 16 * (0.78 + 0.5 * 2.98) + 100 * 0.392) / 1000
    assert [(r["team"], f"{r['month']:%m}", r["grade"]) for r in rows] == [
        ("ads", "09", "estimated"),
        ("ads", "10", "estimated"),
        ("nlp", "09", "measured"),
        ("nlp", "10", "measured"),
    ]
    assert [r["it_kwh"] for r in rows] == pytest.approx([hours, hours, 15, 15])
    assert rows[0]["kg_co2e"] == pytest.approx(hours * 1.17 * 0.39625)


@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["nlp", "ads", None]),
            st.integers(0, 3),
            st.floats(0, 0.6),
            st.sampled_from([0.25, 0.5, 1]),
        ),
        max_size=6,
        unique_by=lambda told: told[:2],
    )
)
def test_measured_energy_adds_up(told: list[tuple[str | None, int, float, float]]):
    """However devices and pods tell of it: each device's counter, and none of it twice."""
    warehouse = a_cluster()
    pod(warehouse, "ads", gpu_request=0, gpu_energy_kwh=0.1)
    for name, device, energy, ratio in told:
        counted(
            warehouse,
            hours=1,
            namespace=name and "ml",
            pod=name,
            gpu_uuid=f"GPU-{device}",
            energy_kwh=energy,
            observed_ratio=ratio,
        )
    gpu_ledger(warehouse, "", ("carbon",))
    (measured,) = warehouse.row("select sum(measured_kwh) from ledger.carbon")
    of_pods = 2.4 if not told else 2.3  # of the hours in which no device is told of
    by_device: dict[int, list[tuple[float, float]]] = {}
    for _, device, energy, ratio in told:
        by_device.setdefault(device, []).append((energy, ratio))
    expected = sum(
        sum(energy for energy, _ in rows) / max(1, sum(ratio for _, ratio in rows))
        for rows in by_device.values()
    )

    assert measured == pytest.approx(expected + of_pods, abs=1e-6)


def test_the_shipped_factors_are_dated_and_sourced():
    """Every figure names its page and its day, and its unit is that of its factor."""
    warehouse = Warehouse(":memory:")
    carbon_factors.write(warehouse, None)

    assert warehouse.row(
        "select count(*) > 200, bool_and(factor_source like 'https://%'), "
        "bool_and(dated_on between '2020-01-01' and '2026-11-01') from config.carbon_factor"
    ) == (True, True, True)
    assert warehouse.row(
        "select min(value) > 0, max(value) < 1 from config.carbon_factor where factor = 'grid'"
    ) == (True, True)


@pytest.mark.parametrize(
    ("line", "wrong"),
    [
        ("gird,,0.3,me,2026-01-01", "name a factor 'gird'"),
        ("grid,,x,me,2026-01-01", "'x', which is no number"),
        ("grid,,nan,me,2026-01-01", "which cannot be"),
        ("pue,,0.9,me,2026-01-01", "0.9 of 'pue', which cannot be"),
        ("grid,,0.3,,2026-01-01", "without its source"),
        ("grid,,0.3,me,yesterday", "which is no day"),
        ("grid,,0.3,me,2026-01-01\ngrid,,0.4,me,2026-01-01", "states what line 2 does"),
        ("grid,,0.3,me,2026-01-01,more", "more values than columns"),
    ],
)
def test_a_wrong_factor_is_refused(tmp_path: Path, line: str, wrong: str):
    """With the file and the line, and what to write."""
    path = tmp_path / "own.csv"
    path.write_text(f"factor,place,value,source,dated\n{line}\n")
    with pytest.raises(ConfigurationError) as problem:
        carbon_factors.write(Warehouse(":memory:"), path)

    assert wrong in str(problem.value)
    assert str(path) in str(problem.value.where)


def test_a_file_without_its_columns_is_refused(tmp_path: Path):
    """And one that is not there, and one with columns that mean nothing."""
    path = tmp_path / "own.csv"
    for text in ("factor,value\n", "factor,value,source,dated,colour\n", None):
        path.unlink(missing_ok=True)
        if text:
            path.write_text(text)
        with pytest.raises(ConfigurationError, match="carbon factors"):
            carbon_factors.write(Warehouse(":memory:"), path)


def test_hosts_and_endpoints_that_no_cluster_tells_of():
    """A sampled host by its mean power; an endpoint's instances by the price book's cores."""
    warehouse = a_warehouse()
    for minute in range(0, 60, 10):
        insert(
            warehouse,
            "usage.gpu_sample",
            source="nvml",
            host="box",
            gpu_uuid="GPU-7",
            gpu_index=0,
            gpu_model="H100",
            sampled_at=DAY.replace(minute=minute),
            gpu_util_ratio=0.5,
            power_watts=300 + minute,
        )
    told = {"source": "sm", "endpoint": "chat"}
    insert(
        warehouse,
        "usage.endpoint",
        **told,
        model="chat",
        region="us-east-1",
        instance_type="ml.m5.xlarge",
        instances=2,
        seen_at=DAY,
    )
    for hour in range(10):
        insert(
            warehouse,
            "usage.endpoint_hour",
            **told,
            hour=DAY.replace(hour=hour),
            instances=2,
            cpu_used_ratio=0.25,
        )
    insert(
        warehouse,
        "usage.gpu_device_hour",
        source="dcgm",
        node="lost",
        gpu_uuid="GPU-8",
        hour=DAY,
        energy_kwh=9e9,
        observed_ratio=1,
    )
    gpu_ledger(warehouse, "", ("carbon",))
    rows = {row["source"]: row for row in warehouse.records("from ledger.carbon")}

    assert set(rows) == {"nvml", "sm"}, "a counter that started anew is no measurement"
    assert (rows["nvml"]["grade"], rows["nvml"]["kwh"]) == ("measured", None)
    assert rows["nvml"]["measured_kwh"] == pytest.approx(rows["nvml"]["gpu_hours"] * 0.325)
    cores, gib = warehouse.row(
        "select max(cores), max(gib) from config.price where instance_type = 'm5.xlarge'"
    )
    assert rows["sm"]["it_kwh"] == pytest.approx(
        20 * (float(cores) * (0.74 + 0.25 * 2.76) + float(gib) * 0.392) / 1000
    )


def test_work_that_tells_of_no_machine_has_no_electricity_that_is_known():
    """An endpoint of a type that nobody lists took some: null with its reason, and never zero."""
    warehouse = a_warehouse()
    told = {"source": "sm", "endpoint": "chat"}
    insert(
        warehouse, "usage.endpoint", **told, model="chat", region="us-east-1",
        instance_type="ml.odd.9xlarge", instances=1, seen_at=DAY,
    )  # fmt: skip
    insert(warehouse, "usage.endpoint_hour", **told, hour=DAY, instances=1)
    gpu_ledger(warehouse, "", ("carbon",))
    (row,) = warehouse.records("from ledger.carbon")

    assert {row[name] for name in ("kwh", "it_kwh", "kg_co2e", "embodied_kg_co2e")} == {None}
    assert "without cores and memory of 1 jobs or hours of endpoints" in row["reason"]


def test_the_readme_says_how_to_ask(tmp_path: Path):
    """Its queries run, and its example of factors is read."""
    checkout = Path(__file__).resolve().parents[2]
    text = (checkout / "src/quaestor/ledger/README.md").read_text(encoding="utf-8")
    section = text.partition("## How models are run")[2]
    queries = [part.partition("```")[0] for part in section.split("```sql\n")[1:]]
    path = tmp_path / "own.csv"
    path.write_text("factor," + section.partition("```\nfactor,")[2].partition("```")[0])
    warehouse = a_warehouse()
    carbon_factors.write(warehouse, path)

    assert [warehouse.rows(query) for query in queries] == [[]] * len(queries)
    assert len(queries) >= 2
    assert warehouse.row("select count(*) from config.carbon_factor where origin = 'carbon'") == (
        3,
    )

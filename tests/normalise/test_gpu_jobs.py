"""normalise.usage: GPU jobs and samples from files, to the last digit; nothing made up."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from fractions import Fraction
from pathlib import Path

import pytest

from builders.bills import Bill, csv_text
from builders.loaded import load
from quaestor.warehouse.duckdb import Warehouse

NOW = datetime(2026, 11, 4, 12)
JOB = {
    "job": "1",
    "name": "train",
    "user": "ada",
    "team": "vision",
    "gpu_model": "A100",
    "gpus": "4",
    "started_at": "2026-11-01T00:00:00Z",
    "ended_at": "2026-11-01T03:00:00Z",
    "state": "completed",
    "gpu_util_ratio": "0.5",
}
SAMPLE = {"host": "n1", "gpu_uuid": "GPU-1", "sampled_at": "2026-11-01T00:00:10Z"}


def text_of(rows: list[Mapping[str, str]]) -> str:
    out = io.StringIO()
    writer = csv.DictWriter(out, list(dict.fromkeys(name for row in rows for name in row)))
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def read(
    warehouse: Warehouse, folder: Path, *rows: Mapping[str, str], schema: str = "gpu-jobs"
) -> list[tuple[str, str]]:
    """Load a CSV file of rows; return the blind spots as scope and reason."""
    (folder / "in.csv").write_text(text_of(list(rows)))
    return loaded(warehouse, folder, "in.csv", schema)


def loaded(warehouse: Warehouse, folder: Path, path: str, schema: str) -> list[tuple[str, str]]:
    source = {"name": "jobs", "kind": "files", "path": path, "schema": schema}
    return [(spot.scope, spot.reason) for spot in load(warehouse, folder, source, NOW)]


def test_a_job_is_read_whole(warehouse, tmp_path):
    """The columns of the issue, and GPU-hours made of them."""
    assert read(warehouse, tmp_path, JOB) == []
    (row,) = warehouse.records("from usage.gpu_job")
    assert {name: value for name, value in row.items() if value is not None} == {
        "source": "jobs",
        "job": "1",
        "name": "train",
        "user": "ada",
        "team": "vision",
        "gpu_model": "A100",
        "gpus": 4.0,
        "started_at": datetime(2026, 11, 1),
        "ended_at": datetime(2026, 11, 1, 3),
        "state": "completed",
        "gpu_hours": 12.0,
        "gpu_util_ratio": 0.5,
        "seen_at": NOW,
    }


def test_every_column_of_the_table_can_be_stated(warehouse, tmp_path):
    """No column is taken from a file and dropped without a word."""
    columns = warehouse.columns("usage.gpu_job")
    values = {"VARCHAR": "x", "DOUBLE": "0.5", "INTEGER": "3", "TIMESTAMP": "2026-11-01T00:00:00Z"}
    values |= {"DECIMAL(38,20)": "100.10", "BOOLEAN": "true"}
    row = {name: values[kind] for name, kind in columns.items()} | {"state": "failed"}
    read(warehouse, tmp_path, {**row, "labels": "{}"})

    (found,) = warehouse.records("from usage.gpu_job")
    assert [name for name, value in found.items() if value is None] == ["util_samples"]


@pytest.mark.parametrize(
    ("change", "state", "hours"),
    [
        ({"state": "RUNNING", "ended_at": ""}, "running", 4 * 84.0),
        ({"state": "pending", "ended_at": "", "started_at": ""}, "pending", 0.0),
        ({"state": "Succeeded"}, "completed", 12.0),
        ({"state": "OOM"}, "failed", 12.0),
        ({"state": "Timeout"}, "failed", 12.0),
        ({"state": "MaxRuntimeExceeded"}, "failed", 12.0),
        ({"state": "canceled"}, "cancelled", 12.0),
        ({"state": ""}, None, 12.0),
        ({"gpus": "0.25"}, "completed", 0.75),
        ({"gpus": "0", "ended_at": ""}, "completed", 0.0),
        ({"ended_at": "2026-11-01T05:30:00+02:00"}, "completed", 14.0),
        ({"started_at": "", "ended_at": "", "gpu_hours": "3.5"}, "completed", 3.5),
    ],
)
def test_gpu_hours_are_gpus_times_hours(warehouse, tmp_path, change, state, hours):
    """Up to the end, of what runs up to when it was landed; without times what is stated."""
    assert read(warehouse, tmp_path, {**JOB, **change}) == []
    assert warehouse.rows("select state, gpu_hours from usage.gpu_job") == [(state, hours)]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"ended_at": ""}, "as they have no end and do not run"),
        ({"gpus": ""}, "as nobody says how many GPUs"),
        ({"started_at": ""}, "as nobody says when they started"),
        (
            {"state": "running", "ended_at": "", "started_at": "2026-11-04T12:05:00Z"},
            "as they run, and started after the source was asked",
        ),
    ],
)
def test_unknown_hours_are_told_and_are_not_zero(warehouse, tmp_path, change, reason):
    """A job that never ended, one without GPUs, a clock that is five minutes off."""
    ((scope, told),) = read(warehouse, tmp_path, JOB, {**JOB, "job": "2", **change})

    assert (scope, told) == (
        "gpu_job.gpu_hours",
        f"the GPU-hours of 1 job are unknown, {reason}; the first: 2",
    )
    assert warehouse.rows("select gpu_hours from usage.gpu_job order by job") == [(12.0,), (None,)]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"job": ""}, "job is empty"),
        ({"gpus": "four"}, 'gpus "four" is not a number'),
        ({"gpus": "-1"}, "gpus -1 is negative"),
        ({"gpus": "1e9"}, "gpus 1e9 is no count of GPUs"),
        ({"ended_at": "2026-10-31"}, "ended_at 2026-10-31 is before started_at"),
        ({"started_at": "11/01/26"}, 'started_at "11/01/26" is not an ISO 8601 time'),
        ({"ended_at": "Unknown"}, 'ended_at "Unknown" is not an ISO 8601 time'),
        ({"gpu_util_ratio": "93"}, "is no ratio in [0, 1] (a percentage? divide by 100)"),
        ({"state": "zombie"}, 'state "zombie" is none of completed, failed'),
        ({"labels": "[1]"}, "labels is no JSON object"),
        ({"job": "1"}, "the job stands twice"),
    ],
)
def test_a_row_that_cannot_be_read_is_kept_aside(warehouse, tmp_path, change, reason):
    """With its place and reason; the others count."""
    ((scope, told),) = read(warehouse, tmp_path, JOB, {**JOB, "job": "2", **change})

    assert scope == "in.csv"
    assert reason in told
    assert warehouse.rows("select job from usage.gpu_job") == [("1",)]
    assert warehouse.rows("select row_number from quarantine.row") == [(2,)]


def test_a_second_attempt_is_no_doublet(warehouse, tmp_path):
    """A job that was tried twice has two rows; the same attempt in a second file has not."""
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.csv").write_text(text_of([{**JOB, "attempt": n} for n in "12"]))
    (tmp_path / "in" / "b.csv").write_text(text_of([{**JOB, "attempt": "2"}]))
    ((scope, _),) = loaded(warehouse, tmp_path, "in", "gpu-jobs")

    assert scope == "in/b.csv"
    assert warehouse.row("select count(*), sum(gpu_hours) from usage.gpu_job") == (2, 24.0)


def test_what_is_said_later_of_a_job_that_ran_counts(warehouse, tmp_path):
    """Daily exports, or a log that grows: its end, once, and nothing in quarantine."""
    runs = {**JOB, "state": "running", "ended_at": ""}
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.csv").write_text(text_of([{**runs, "state": "pending"}, runs]))
    (tmp_path / "in" / "b.csv").write_text(text_of([runs, {**runs, "job": "2"}]))
    (tmp_path / "in" / "c.csv").write_text(text_of([JOB]))

    assert loaded(warehouse, tmp_path, "in", "gpu-jobs") == []
    assert warehouse.rows("select job, state, gpu_hours from usage.gpu_job order by job") == [
        ("1", "completed", 12.0),
        ("2", "running", 4 * 84.0),
    ]


def test_hostile_text_stays_text(warehouse, tmp_path):
    """10 kB, emoji, HTML, quotes, line breaks."""
    name = '<img src=x onerror="alert(1)">\n\U0001f600\'; drop table' + "x" * 10_000
    labels = json.dumps({"note": name})

    assert read(warehouse, tmp_path, {**JOB, "name": name, "labels": labels}) == []
    assert warehouse.rows("select name, labels ->> 'note' from usage.gpu_job") == [(name, name)]


def test_a_file_cut_short_is_told(warehouse, tmp_path):
    """Parquet and gzip wholly, a CSV by its last row: nothing is read as none."""
    import gzip

    warehouse.run(f"copy (select '1' as job, 4 as gpus) to '{tmp_path}/a.parquet'")
    for name, data in {
        "a.parquet": (tmp_path / "a.parquet").read_bytes(),
        "b.csv.gz": gzip.compress(text_of([JOB]).encode()),
    }.items():
        (tmp_path / name).write_bytes(data[:-9])
        ((scope, told),) = loaded(warehouse, tmp_path, name, "gpu-jobs")
        assert (scope, told[:23]) == (name, "the file cannot be read"[:23])
    cut = text_of([JOB, {**JOB, "job": "2"}])
    (tmp_path / "c.csv").write_text(cut[: cut.rindex(",vision")])
    assert len(loaded(warehouse, tmp_path, "c.csv", "gpu-jobs")) == 1
    assert warehouse.rows("select job from usage.gpu_job") == [("1",)]


def test_samples_are_read_whole(warehouse, tmp_path):
    """What a GPU did not answer is unobserved; two GPUs of a host are two rows."""
    full = {
        **SAMPLE, "gpu_index": "0", "gpu_model": "H100", "gpu_util_ratio": "0.93", "user": "ada",
        "memory_used_gib": "40.5", "memory_gib": "79.6", "power_watts": "612.5", "job": "7",
    }  # fmt: skip
    told = read(warehouse, tmp_path, full, {**SAMPLE, "gpu_uuid": "GPU-2"}, schema="gpu-samples")

    assert told == []
    assert warehouse.rows("select * exclude source from usage.gpu_sample order by gpu_uuid") == [
        ("n1", "GPU-1", 0, "H100", datetime(2026, 11, 1, 0, 0, 10), 0.93, 40.5, 79.6, 612.5, "7",
         "ada"),
        ("n1", "GPU-2", None, None, datetime(2026, 11, 1, 0, 0, 10), *[None] * 6),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"gpu_util_ratio": "93"}, "is no ratio in [0, 1]"),
        ({"host": ""}, "host is empty"),
        ({"sampled_at": "yesterday"}, 'sampled_at "yesterday" is not an ISO 8601 time'),
        ({"power_watts": "-3"}, "power_watts -3 is negative"),
        ({"gpu_uuid": "GPU-1"}, "the host, GPU and time stand twice"),
    ],
)
def test_a_sample_that_cannot_be_read_is_kept_aside(warehouse, tmp_path, change, reason):
    """With its reason; the others count."""
    other = {**SAMPLE, "gpu_uuid": "GPU-2", **change}
    ((_, told),) = read(warehouse, tmp_path, SAMPLE, other, schema="gpu-samples")

    assert reason in told
    assert warehouse.row("select count(*) from usage.gpu_sample") == (1,)


def test_a_job_finds_its_machine_on_the_bill(warehouse, tmp_path):
    """Job, instance, charge: by the name that the bill has for the instance."""
    bill = Bill(tmp_path, warehouse=warehouse)
    bill.write("a.csv", csv_text({"ResourceId": "i-0abc", "EffectiveCost": "98.32"}))
    bill.load()
    read(warehouse, tmp_path, {**JOB, "resource_id": "i-0abc"})

    assert warehouse.rows(
        "select j.job, j.team, j.gpu_hours, c.EffectiveCost::double from usage.gpu_job as j "
        "join focus.charge as c on c.ResourceId = j.resource_id"
    ) == [("1", "vision", 12.0, 98.32)]


@pytest.mark.thirdparty
def test_alibabas_pods_add_up_exactly(warehouse, tmp_path, reference):
    """42,418 GPU-hours of shares of GPUs, by phase, to the last digit."""
    epoch, states = datetime(2023, 1, 1), {"Succeeded": "completed"}
    rows, exact = [], dict.fromkeys(("Running", "Failed", "Succeeded", "Pending"), Fraction(0))
    with (reference / "gpu" / "alibaba_v2023_pods_gpushare40.csv").open() as stream:
        for pod in csv.DictReader(stream):
            gpus = Fraction(int(pod["num_gpu"]) * int(pod["gpu_milli"]), 1000)
            began, phase = pod["scheduled_time"], pod["pod_phase"]
            if began:
                seconds = int(float(pod["deletion_time"])) - int(float(began))
                exact[phase] += gpus * seconds / 3600
            rows.append(
                {
                    "job": pod["name"],
                    "gpus": str(float(gpus)),
                    "state": states.get(phase, phase),
                    "started_at": (epoch + timedelta(seconds=float(began))).isoformat()
                    if began
                    else "",
                    "ended_at": (epoch + timedelta(seconds=float(pod["deletion_time"]))).isoformat()
                    if began
                    else "",
                }
            )
    told = read(warehouse, tmp_path, *rows)
    by_state = warehouse.rows(
        "select state, round(sum(gpu_hours), 6)::decimal(18, 6)::varchar "
        "from usage.gpu_job group by state order by state"
    )

    assert told == []
    assert warehouse.row("select count(*) from usage.gpu_job") == (8152,)
    assert by_state == [
        ("completed", "1027.348889"),
        ("failed", "944.589614"),
        ("pending", "0.000000"),
        ("running", "40446.063781"),
    ]
    assert {phase: f"{float(hours):.6f}" for phase, hours in exact.items()} == {
        "Running": "40446.063781",
        "Failed": "944.589614",
        "Succeeded": "1027.348889",
        "Pending": "0.000000",
    }
    assert warehouse.row("select round(sum(gpu_hours), 6) from usage.gpu_job") == (42418.002283,)


@pytest.mark.thirdparty
def test_alibabas_duty_cycles_are_samples(warehouse, tmp_path, reference):
    """20,000 samples: their mean, and how many were idle, are those of the trace."""
    path = reference / "gpu" / "alibaba_v2026_genai_gpu_duty_cycle_first20000.csv.gz"
    warehouse.run(
        f"copy (select container_ip as host, value::double / 100 as gpu_util_ratio, "
        f"make_timestamp((timestamp_anon::double * 1000000)::bigint) as sampled_at "
        f"from read_csv('{path}', all_varchar = true)) to '{tmp_path}/a.parquet'"
    )

    assert loaded(warehouse, tmp_path, "a.parquet", "gpu-samples") == []
    assert warehouse.row(
        "select count(*), round(100 * avg(gpu_util_ratio), 6), 100 * median(gpu_util_ratio), "
        "avg((gpu_util_ratio = 0)::integer), count(distinct host) from usage.gpu_sample"
    ) == (20_000, 10.015803, 0.0, 0.52205, 114)
    assert warehouse.row(
        "select count(*) from (select 1 from usage.gpu_sample group by host "
        "having avg(gpu_util_ratio) < 0.05)"
    ) == (3,)


@pytest.mark.thirdparty
def test_helios_minutes_are_jobs_of_a_team(warehouse, tmp_path, reference):
    """A month of a virtual cluster, minute by minute: 17,802.8667 GPU-hours allocated."""
    path = reference / "gpu" / "helios_earth_vc8Sj_2020-05_minutely.csv.gz"
    warehouse.run(
        f"copy (select strftime(time, 'vc8Sj-%m-%dT%H:%M') as job, 'vc8Sj' as team, "
        f"running_gpu_num as gpus, time as started_at, time + interval 1 minute as ended_at "
        f"from read_csv('{path}')) to '{tmp_path}/a.parquet'"
    )

    assert loaded(warehouse, tmp_path, "a.parquet", "gpu-jobs") == []
    assert warehouse.row(
        "select count(*), round(sum(gpu_hours), 4) from usage.gpu_job where team = 'vc8Sj'"
    ) == (44_640, 17_802.8667)

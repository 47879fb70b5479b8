"""normalise.slurm: a job's GPUs and hours as sacct knows them, and never a guess."""

from __future__ import annotations

import gzip
import json
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from builders.bills import Bill, csv_text
from builders.loaded import load
from builders.slurm import Accounting, a_job, table
from quaestor.collect.landing import Landing
from quaestor.core.errors import IncompleteError
from quaestor.core.sources.slurm import SlurmSource
from quaestor.normalise import loader
from quaestor.normalise.job import Job
from quaestor.warehouse.duckdb import Warehouse

NOW = datetime(2026, 11, 4, 12)


def read(
    warehouse: Warehouse, folder: Path, *jobs: Mapping[str, str], now: datetime = NOW, **keys: Any
) -> list[tuple[str, str]]:
    """Load a file of jobs; return the blind spots as scope and reason."""
    (folder / "jobs.txt").write_text(keys.pop("text", None) or table(*jobs))
    source = {"name": "hpc", "kind": "slurm", "path": "jobs.txt", **keys}
    return [(spot.scope, spot.reason) for spot in load(warehouse, folder, source, now)]


def jobs(warehouse: Warehouse, columns: str) -> list[tuple[Any, ...]]:
    return warehouse.rows(f"select {columns} from usage.gpu_job order by job, attempt")


def test_a_job_is_read_whole(warehouse, tmp_path):
    """GPU-hours are GPUs times the time from start to end; the comment may name the model."""
    assert read(warehouse, tmp_path, a_job(Comment="model=churn;version=7, run_id=r1")) == []
    (row,) = warehouse.records("select * exclude labels from usage.gpu_job")
    assert {name: value for name, value in row.items() if value is not None} == (
        {
            "source": "hpc",
            "job": "7",
            "name": "train",
            "user": "ada",
            "team": "vision",
            "gpu_model": "a100",
            "gpus": 4.0,
            "started_at": datetime(2026, 11, 1, 0, 10),
            "ended_at": datetime(2026, 11, 1, 3, 10),
            "state": "completed",
            "gpu_hours": 12.0,
            "kind": "slurm",
            "model": "churn",
            "model_version": "7",
            "run_id": "r1",
            "instances": 1,
            "cpus": 4.0,
            "ram_gib": 64.0,
            "resource_id": "gpu-1",
            "queue": "gpu",
            "submitted_at": datetime(2026, 11, 1),
            "attempt": 1,
            "exit_code": "0:0",
            "reason": "COMPLETED",
            "seen_at": datetime(2026, 11, 1, 3, 10),
        }
    )
    assert json.loads(warehouse.row("select labels from usage.gpu_job")[0]) == {
        "cluster": "mlhpc",
        "account": "vision",
        "qos": "normal",
        "nodes": "gpu-1",
        "billing": "81",
        "comment": "model=churn;version=7, run_id=r1",
    }


@pytest.mark.parametrize(
    ("word", "state"),
    [
        ("COMPLETED", "completed"),
        ("FAILED", "failed"),
        ("TIMEOUT", "failed"),
        ("OUT_OF_MEMORY", "failed"),
        ("NODE_FAIL", "failed"),
        ("BOOT_FAIL", "failed"),
        ("DEADLINE", "failed"),
        ("CANCELLED", "cancelled"),
        ("CANCELLED by 1000", "cancelled"),
        ("CANCELLED+", "cancelled"),
        ("PREEMPTED", "cancelled"),
        ("REVOKED", "cancelled"),
        ("REQUEUED", "cancelled"),
    ],
)
def test_a_state_has_one_word(warehouse, tmp_path, word, state):
    """Slurm's own stays as the reason."""
    assert read(warehouse, tmp_path, a_job(State=word)) == []
    assert jobs(warehouse, "state, reason") == [(state, word.split(" ")[0].rstrip("+"))]


@pytest.mark.parametrize(
    ("tres", "gpus", "model"),
    [
        ("gres/gpu:a100=4,gres/gpu=4", 4, "a100"),
        ("cpu=1,gres/gpu=2", 2, None),
        ("gres/gpu:a100=4,gres/gpu:h100=2", 6, "a100,h100"),
        ("cpu=1,mem=1G,node=1,billing=4", 0, None),
        ("gres/gpu:a100_3g.20gb=2,gres/gpu=2", 6 / 7, "a100_3g.20gb"),
        ("gres/gpu:1g.5gb=7,gres/gpu:a100=1,gres/gpu=8", 2, "1g.5gb,a100"),
        ("gres/gpu:7g.40gb=1", 1, "7g.40gb"),
        ("cpu=1,gres/shard=3", None, None),
    ],
)
def test_gpus_are_the_allocated_ones(warehouse, tmp_path, tres, gpus, model):
    """Typed or not, of several types, MIG devices; a share of unknown size is unknown and told."""
    told = read(warehouse, tmp_path, a_job(), a_job(JobID="8", AllocTRES=tres))

    ((had, what, hours),) = jobs(warehouse, "gpus, gpu_model, gpu_hours")[1:]
    assert (had, what) == (pytest.approx(gpus), model)
    assert hours == (None if gpus is None else pytest.approx(gpus * 3.0))
    assert len(told) == (gpus is None)


def test_attempts_arrays_and_parts_are_jobs_and_steps_are_not(warehouse, tmp_path):
    """A requeued job is two attempts, each with its hours; a step is part of its job."""
    again = {"Submit": "2026-11-01T05:00:00Z", "Start": "2026-11-01T06:00:00Z", "DBIndex": "12"}
    told = read(
        warehouse,
        tmp_path,
        a_job(State="REQUEUED"),
        a_job(**again, End="2026-11-01T07:00:00Z"),
        a_job(JobID="7.batch"),
        a_job(JobID="7.0"),
        a_job(JobID="8_3"),
        a_job(JobID="8_[4-9%2]", State="PENDING", Start="Unknown", End="Unknown", AllocTRES=""),
        a_job(JobID="9+0"),
        a_job(JobID="9+1", AllocTRES="gres/gpu=1"),
    )

    assert told == []
    assert jobs(warehouse, "job, attempt, state, gpu_hours") == [
        ("7", 1, "cancelled", 12.0),
        ("7", 2, "completed", 4.0),
        ("8_3", 1, "completed", 12.0),
        ("8_[4-9%2]", 1, "pending", 0.0),
        ("9+0", 1, "completed", 12.0),
        ("9+1", 1, "completed", 3.0),
    ]


def test_a_job_in_two_exports_counts_once(warehouse, tmp_path):
    """Its end counts, wherever it stands."""
    for name, text in {
        "a.txt": table(a_job()),
        "b.txt": table(a_job(State="RUNNING", End="Unknown"), a_job(JobID="8")),
    }.items():
        (tmp_path / name).write_text(text)
    source = {"name": "hpc", "kind": "slurm", "path": "*.txt"}

    assert load(warehouse, tmp_path, source, NOW) == []
    assert jobs(warehouse, "job, state, gpu_hours") == [
        ("7", "completed", 12.0),
        ("8", "completed", 12.0),
    ]


def test_a_job_that_runs_counts_up_to_the_last_sign_of_life(warehouse, tmp_path):
    """Of a file nobody knows when it was written: not before the latest time in it."""
    running = a_job(JobID="8", State="RUNNING", End="Unknown")
    told = read(warehouse, tmp_path, a_job(), running)

    assert told == []
    assert jobs(warehouse, "state, ended_at, gpu_hours, seen_at")[1] == (
        "running", None, 12.0, datetime(2026, 11, 1, 3, 10),
    )  # fmt: skip


@pytest.mark.parametrize(
    "job",
    [
        a_job(State="COMPLETED", End="Unknown"),
        a_job(State="FAILED", End="None"),
        a_job(State="RUNNING", End="Unknown", TimelimitRaw="60", Start="2026-10-20T00:00:00Z"),
    ],
    ids=["completed without an end", "failed without an end", "runs past its limit"],
)
def test_a_job_that_never_ended_is_unknown_and_told(warehouse, tmp_path, job):
    """Not zero hours, and not hours up to today."""
    told = read(warehouse, tmp_path, a_job(JobID="1"), job)

    assert jobs(warehouse, "job, gpu_hours, ended_at")[1] == ("7", None, None)
    assert told == [
        (
            "gpu_job.gpu_hours",
            "the GPU-hours of 1 job are unknown, as they have no end and do not run; the first: 7",
        )
    ]


def test_a_job_that_never_started_had_no_hours(warehouse, tmp_path):
    """Cancelled while it waited."""
    assert (
        read(warehouse, tmp_path, a_job(State="CANCELLED by 0", Start="None", AllocTRES="")) == []
    )
    assert jobs(warehouse, "gpus, gpu_hours, started_at") == [(4.0, 0.0, None)]


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ({"AllocTRES": "gres/gpu=four"}, 'gres/gpu "four" is not a number'),
        ({"AllocTRES": "gres/gpu:a100=-1"}, "gres/gpu -1 is negative"),
        ({"End": "2026-10-31T00:00:00Z"}, "End 2026-10-31T00:00:00Z is before Start"),
        ({"Start": "11/01/26"}, 'Start "11/01/26" is no time'),
        ({"State": "ASLEEP"}, 'State "asleep" is no state of a job'),
        ({"JobID": "8_"}, 'JobID "8_" is no job'),
        ({"JobName": "a|b"}, "has 19 fields, not 18"),
    ],
)
def test_a_row_that_cannot_be_read_is_kept_aside(warehouse, tmp_path, wrong, reason):
    """With its place and reason, and the others count."""
    ((scope, told),) = read(warehouse, tmp_path, a_job(), a_job(**{"JobID": "8", **wrong}))

    assert scope == "jobs.txt"
    assert reason in told
    assert jobs(warehouse, "job") == [("7",)]
    assert warehouse.rows("select row_number from quarantine.row") == [(3,)]


def test_names_may_hold_anything(warehouse, tmp_path):
    """Line breaks, quotes, HTML, 10 kB; the delimiter is the export's own."""
    name = 'a"b\n<img src=x onerror=alert(1)> \U0001f600\n7 is no job'
    said = a_job(JobName=name, Comment="x" * 10_000, Account="a|b")

    assert read(warehouse, tmp_path, text=table(said, a_job(JobID="8"), sign="\x1f")) == []
    assert jobs(warehouse, "name, team, gpu_hours") == [(name, "a|b", 12), ("train", "vision", 12)]


def test_local_times_are_those_of_their_zone(warehouse, tmp_path):
    """Files of the cluster's own time, across a change of its clocks: three hours, not two."""
    said = a_job(Start="2026-10-25T01:30:00", End="2026-10-25T03:30:00")

    assert read(warehouse, tmp_path, said, time_zone="Europe/Berlin") == []
    assert jobs(warehouse, "started_at, gpu_hours") == [(datetime(2026, 10, 24, 23, 30), 12.0)]


def test_files_without_a_header_are_refused(warehouse, tmp_path):
    """Which column is which would be a guess."""
    ((_, told),) = read(warehouse, tmp_path, text=table(a_job()).split("\n", 1)[1])
    assert "the first line is no header of sacct's" in told
    ((_, told),) = read(warehouse, tmp_path, text="JobID|State\n7|COMPLETED\n")
    assert "the first line lacks Start, End, AllocTRES" in told


def test_a_cluster_that_records_no_gpus_is_told(warehouse, tmp_path):
    """Else its GPUs would look like none."""
    told = read(warehouse, tmp_path, a_job(AllocTRES="cpu=1", ReqTRES="cpu=1"))

    assert told == [("gpu_job.gpus", "none of 1 jobs shows a GPU")]


@pytest.mark.parametrize(
    ("keys", "team"),
    [({}, "resnet"), ({"team": "top-account"}, "vision"), ({"team": "organization"}, "ml")],
)
def test_a_team_is_what_the_account_belongs_to(warehouse, tmp_path, keys, team):
    """The account, the topmost above it, or its organisation, as sacctmgr tells."""
    (tmp_path / "in").mkdir()
    associations = "Cluster|Account|ParentName|User\nc|root||\nc|vision|root|\nc|resnet|vision|\n"
    accounts = "Account|Descr|Org\nresnet|x|ml\n"
    told = accounts if team == "ml" else associations
    for name, text in {"jobs.txt": table(a_job(Account="resnet")), "teams.txt": told}.items():
        (tmp_path / "in" / name).write_text(text)

    source = {"name": "hpc", "kind": "slurm", "path": "in", **keys}
    assert load(warehouse, tmp_path, source, NOW) == []
    assert jobs(warehouse, "team") == [(team,)]


def test_json_of_old_and_new_versions_reads_alike(warehouse, tmp_path):
    """Slurm 22.05 writes plain numbers, later ones objects; arrays and parts have their ids."""
    tres = [
        {"type": "cpu", "name": None, "count": 4},
        {"type": "mem", "name": None, "count": 65536},
        {"type": "gres", "name": "gpu", "count": 4},
        {"type": "gres", "name": "gpu:a100", "count": 4},
    ]
    old = {
        "job_id": 7, "name": "train", "user": "ada", "account": "vision",
        "array": {"job_id": 7, "task_id": 2}, "het": {"job_id": 0, "job_offset": None},
        "state": {"current": "COMPLETED"}, "exit_code": {"return_code": 0},
        "time": {"submission": 1793491200, "start": 1793491200, "end": 1793502000, "limit": None},
        "tres": {"allocated": tres, "requested": tres}, "comment": {"job": None}, "nodes": "gpu-1",
    }  # fmt: skip
    unset = {"set": False, "infinite": False, "number": 0}
    new = {
        **old, "job_id": 9, "array": {"job_id": 0, "task_id": unset},
        "het": {"job_id": 8, "job_offset": {"set": True, "infinite": False, "number": 1}},
        "state": {"current": ["RUNNING", "COMPLETING"]},
        "exit_code": {"return_code": {"set": True, "infinite": False, "number": 0}},
        "time": {**old["time"], "end": 0, "limit": {"set": True, "infinite": True, "number": 0}},
    }  # fmt: skip
    text = json.dumps({"meta": {"plugin": {}}, "errors": [], "jobs": [old, new]})
    (tmp_path / "jobs.json").write_text(text)
    source = {"name": "hpc", "kind": "slurm", "path": "jobs.json"}

    assert load(warehouse, tmp_path, source, NOW) == []
    assert jobs(warehouse, "job, state, gpus, gpu_model, ram_gib, gpu_hours") == [
        ("7_2", "completed", 4.0, "a100", 64.0, 12.0),
        ("8+1", "running", 4.0, "a100", 64.0, 12.0),
    ]


def test_what_runs_counts_up_to_when_it_was_asked(warehouse, tmp_path, monkeypatch):
    """A job over several days counts once; one that is missing from the latest is lost."""
    accounting = Accounting(tmp_path / "slurm")
    accounting.install()
    monkeypatch.setenv("PATH", f"{accounting.programs}:/usr/bin:/bin")
    ended, runs = (
        a_job(End="2026-11-03T00:10:00Z"),
        a_job(JobID="8", State="RUNNING", End="Unknown"),
    )
    accounting.say(ended, runs, {**runs, "JobID": "9"})
    source = {"name": "hpc", "kind": "slurm", "since": "2026-11-01"}
    assert load(warehouse, tmp_path, source, NOW) == []
    assert jobs(warehouse, "job, gpu_hours") == [
        ("7", 4 * 48.0), ("8", 4 * (3 * 24 + 12 - 1 / 6)), ("9", 4 * (3 * 24 + 12 - 1 / 6)),
    ]  # fmt: skip

    accounting.say(ended, runs)
    later = datetime(2026, 11, 6, 12)
    ((scope, told),) = [
        (spot.scope, spot.reason) for spot in load(warehouse, tmp_path, source, later)
    ]
    assert (scope, told[:22], told[-1]) == ("gpu_job.gpu_hours", "the GPU-hours of 1 job", "9")
    assert jobs(warehouse, "job, state, gpu_hours")[1:] == [
        ("8", "running", 4 * (5 * 24 + 12 - 1 / 6)), ("9", None, None),
    ]  # fmt: skip


def test_a_look_at_other_days_does_not_make_a_job_run_on(warehouse, tmp_path, monkeypatch):
    """What ran at noon ran up to noon, as long as the present day is not asked again."""
    accounting = Accounting(tmp_path / "slurm")
    accounting.install()
    monkeypatch.setenv("PATH", f"{accounting.programs}:/usr/bin:/bin")
    accounting.say(a_job(Submit="2026-11-04T00:10:00Z", State="RUNNING", End="Unknown"))
    source = {"name": "hpc", "kind": "slurm", "since": "2026-11-04"}
    load(warehouse, tmp_path, source, NOW)
    before = jobs(warehouse, "gpu_hours, seen_at")
    other = {**source, "since": "2026-11-01", "until": "2026-11-02"}
    load(warehouse, tmp_path, other, datetime(2026, 11, 4, 18))

    assert jobs(warehouse, "gpu_hours, seen_at") == before
    assert before[0][1] == NOW


@pytest.mark.thirdparty
def test_slurms_own_sample_reads(warehouse, tmp_path, reference):
    """What a real 22.05 printed: its GPU-seconds are those that one adds up by hand."""
    lines = (reference.parent / "services" / "slurm_sacct_sample_output.txt").read_text()
    rows = [line for line in lines.splitlines() if line.count("|") == 14]
    names = (
        "JobID|JobName|User|Account|Partition|State|ExitCode|Submit|Start|End|ElapsedRaw|"
        "AllocTRES|ReqTRES|NodeList|Comment"
    )
    told = read(warehouse, tmp_path, text="\n".join([names, *rows, ""]), now=datetime(2026, 11, 22))
    seconds = sum(
        int(row.split("|")[10]) * int(row.split("gres/gpu=")[1].split(",")[0])
        for row in rows
        if "|RUNNING|" not in row
    )

    assert told == []
    assert len(rows) == warehouse.row("select count(*) from usage.gpu_job")[0] == 17
    assert warehouse.row(
        "select round(sum(gpu_hours) * 3600) from usage.gpu_job where state <> 'running'"
    ) == (seconds,)


def test_a_job_finds_its_machine_on_the_bill(warehouse, tmp_path):
    """Job, node, charge: where the provider's bill calls the machine by its host's name."""
    bill = Bill(tmp_path, warehouse=warehouse)
    bill.write("a.csv", csv_text({"ResourceId": "gpu-1", "EffectiveCost": "98.32"}))
    bill.load()
    read(warehouse, tmp_path, a_job())

    assert warehouse.rows(
        "select j.job, j.team, j.gpu_hours, c.EffectiveCost::double from usage.gpu_job as j "
        "join focus.charge as c on c.ResourceId = j.resource_id"
    ) == [("7", "vision", 12.0, 98.32)]


def test_a_damaged_archive_is_one_file_that_cannot_be_read(warehouse, tmp_path):
    """No gzip at all, or cut short: told with its name, and the other files count."""
    whole = gzip.compress(table(a_job()).encode())
    (tmp_path / "cut.txt.gz").write_bytes(gzip.compress(table(a_job(JobID="8")).encode())[:-9])
    (tmp_path / "none.gz").write_bytes(b"\x00 no archive")
    (tmp_path / "whole.txt.gz").write_bytes(whole)
    told = load(warehouse, tmp_path, {"name": "hpc", "kind": "slurm", "path": "."}, NOW)

    assert jobs(warehouse, "job") == [("7",)]
    assert [(spot.scope, spot.reason.partition(" (")[0]) for spot in told] == [
        ("cut.txt.gz", "the file cannot be read: is no readable gzip file"),
        ("none.gz", "the file cannot be read: is no readable gzip file"),
    ]


def test_a_landed_file_that_is_gone_is_said(warehouse, tmp_path):
    """Which one, and to collect again; no traceback."""
    read(warehouse, tmp_path, a_job())
    landing = Landing(tmp_path / "landing", "hpc")
    manifest = landing.current()
    assert manifest is not None
    (landing.root / manifest.files[0].path).unlink()
    source = SlurmSource(name="hpc", path="jobs.txt")
    with pytest.raises(IncompleteError, match="a landed file is missing"):
        loader("slurm").load(warehouse, Job(source, manifest, landing.root, "USD", print))


@pytest.mark.parametrize(
    ("change", "wanted"),
    [
        ({}, (None, None)),
        ({"TimelimitRaw": "90"}, (1.5, None)),
        ({"TimelimitRaw": "Partition_Limit"}, (None, None)),
        ({"AllocTRES": "cpu=4,energy=7200000,gres/gpu=1,node=1"}, (None, 2.0)),
        ({"AllocTRES": "cpu=4,energy=0,gres/gpu=1,node=1"}, (None, None)),
        ({"AllocTRES": "cpu=4,energy=18446744073709551614,gres/gpu=1"}, (None, None)),
    ],
)
def test_a_job_has_its_time_limit_and_its_energy(warehouse, tmp_path, change, wanted):
    """Minutes and joules; a meter that failed measured nothing."""
    read(warehouse, tmp_path, a_job(**change))

    assert jobs(warehouse, "time_limit_hours, energy_kwh") == [wanted]

"""Write the tables of the demo estate: three clouds' bills, and what GPUs did."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from pathlib import Path

from quaestor.demo import changes, faults
from quaestor.warehouse.duckdb import Warehouse, literal

FIRST_DAY = "2026-08-01"
MONTHS = ("2026-08", "2026-09", "2026-10", "2026-11")
PLAN = "arn:aws:savingsplans::210000000001:savingsplan/5f0a3c1e-0001-4d2b-9c77-acme20260101"
PLAN_RATE = "21.23793000"  # USD per p4d hour under the plan: 40 % under the list price
PLAN_PER_HOUR = "92.00000000"  # USD committed; four p4d nodes use 84.95 of it

_HERE = Path(__file__).parent
_TYPES = {
    "account": {"account": "VARCHAR", "payer": "VARCHAR"},
    "kind": {"account": "VARCHAR", "list_price": "DECIMAL(18, 8)", "discount": "DECIMAL(8, 4)"},
    "resource": {"per_day": "DECIMAL(18, 4)", "starts": "DATE", "ends": "DATE"},
    "node": {"provider_id": "VARCHAR"},
    "workload": {"used_ratio": "DOUBLE"},
    "model": {"production": "VARCHAR"},
}
# FOCUS 1.3 says who hosts beside who sells; it is the one version that 1.2 and 1.4 overlap in.
_SINCE_1_2 = ("HostProviderName", "ServiceProviderName")
# Each cloud names its tags in its own way; `tags:` of quaestor.yaml knows them all.
_TAGS = {
    "aws": ("team", "model", "model_version", "environment", "lifecycle_stage"),
    "azure": ("owner_team", "ml_model", "model_version", "env", "ml_stage"),
    "gcp": ("team", "model_name", "model_version", "env", "ml_stage"),
}
# What several tables are made of, so that they tell of one thing alike; it is written nowhere.
_COMMON = ("left_notebook", "container_use")
# What ran: the table, its folder, and the column that tells its month; without one, a file.
_WORK = (
    ("node_hours", "cluster/node-hours", "hour"),
    ("pod_hours", "cluster/pod-hours", "hour"),
    ("gpu_samples", "cluster/gpu-samples", "sampled_at"),
    ("containers", "cluster/containers", None),
    ("container_samples", "cluster/container-samples", "sampled_at"),
    ("endpoints", "platforms/endpoints", None),
    ("endpoint_hours", "platforms/endpoints", "hour"),
    ("notebooks", "platforms/notebooks", None),
    ("gpu_jobs", "platforms/gpu-jobs", None),
    ("stored_objects", "platforms/stored-objects", None),
)
_OWNERS = ("team", "model", "model_version", "environment", "stage")
_TIMES = "timestampformat '%Y-%m-%dT%H:%M:%SZ'"
_GIVEN = {
    "first_day": FIRST_DAY,
    "plan": PLAN,
    "plan_rate": PLAN_RATE,
    "plan_per_hour": PLAN_PER_HOUR,
    "idle_node": faults.IDLE_NODE,
    "idle_from": faults.IDLE_FROM,
    "silent_node": faults.SILENT_NODE,
    "silent_from": faults.SILENT_FROM,
    "silent_until": faults.SILENT_UNTIL,
    "uncalled_endpoint": faults.UNCALLED_ENDPOINT,
    "uncalled_from": faults.UNCALLED_FROM,
    "oversized_container": faults.OVERSIZED_CONTAINER,
    "oversized_endpoint": faults.OVERSIZED_ENDPOINT,
    "zombie_endpoint": faults.ZOMBIE_ENDPOINT,
    "rolled_model": changes.ROLLED_MODEL,
    "rolled_from": changes.ROLLED_FROM,
    "rolled_endpoint": changes.ROLLED_ENDPOINT,
    "rolled_on": changes.ROLLED_ON,
    "rolled_growth": changes.ROLLED_GROWTH,
    "cheaper_service": changes.CHEAPER_SERVICE,
    "cheaper_from": changes.CHEAPER_FROM,
    "cheaper_discount": changes.CHEAPER_DISCOUNT,
    "twice_kind": changes.TWICE_KIND,
    "twice_name": changes.TWICE_NAME,
    "twice_on": changes.TWICE_ON,
    "corrected_on": changes.CORRECTED_ON,
    "stopped_notebook": changes.STOPPED_NOTEBOOK,
}


def write(folder: Path, now: datetime, progress: Callable[[str], None]) -> None:
    """Write bills/, cluster/ and platforms/ below a folder, with the days before `now`."""
    given = {**_GIVEN, "last_day": now.date() - timedelta(days=1)}
    with Warehouse(":memory:") as engine:
        engine.run("create schema estate")
        engine.run(
            "create macro vary(key) as (md5_number_lower(key::varchar) % 1000000)::double / 1000000"
        )
        for name, types in _TYPES.items():
            path = literal(str(_HERE / "data" / f"{name}s.csv"))
            typed = ", ".join(f"{literal(key)}: {literal(value)}" for key, value in types.items())
            engine.run(
                f"create table estate.{name} as select * from read_csv({path}, header = true, "
                f"delim = ',', quote = '\"', types = {{{typed}}})"
            )
        for table in _COMMON:
            _run(engine, f"create table estate.{table} as", table, given)
        for table in ("usage", "charge"):
            progress(table)
            _run(engine, f"create table estate.{table} as", table, given)
        for cloud in _TAGS:
            progress(f"bill of {cloud}")
            _bill(engine, cloud, folder / "bills" / cloud)
        for table, place, time in _WORK:
            progress(place)
            _run(engine, f"create table estate.{table} as", table, given)
            _by_month(engine, table, time, folder / place)


def _run(engine: Warehouse, before: str, model: str, given: Mapping[str, object]) -> None:
    select = (_HERE / "sql" / f"{model}.sql").read_text(encoding="utf-8")
    wanted = set(re.findall(r"\$(\w+)", select))
    engine.run(f"{before} {select}", {name: given[name] for name in sorted(wanted)})


def _bill(engine: Warehouse, cloud: str, folder: Path) -> None:
    """Write a cloud's bill, a file a month: AWS Parquet, Azure CSV, GCP CSV.gz."""
    folder.mkdir(parents=True, exist_ok=True)
    names = [name for name, *_ in engine.rows("describe focus.focus_1_2")] + [*_SINCE_1_2]
    tags = _tags(cloud)
    columns = ", ".join(f"{tags} as Tags" if name == "Tags" else name for name in names)
    suffix, options = {
        "aws": ("parquet", "format parquet, compression zstd"),
        "azure": ("csv", f"format csv, header, {_TIMES}"),
        "gcp": ("csv.gz", f"format csv, header, compression gzip, {_TIMES}"),
    }[cloud]
    for month in MONTHS:
        path = folder / f"focus-{month}.{suffix}"
        engine.run(
            f"copy (select {columns} from estate.charge where cloud = {literal(cloud)} "
            f"and strftime(BillingPeriodStart, '%Y-%m') = {literal(month)}) "
            f"to {literal(str(path))} ({options})"
        )


def _tags(cloud: str) -> str:
    """Return SQL for a charge's tags: a map in Parquet, as AWS writes it, JSON text elsewhere."""
    pairs = ", ".join(
        f"{{k: {literal(key)}, v: {column}}}"
        for key, column in zip(_TAGS[cloud], _OWNERS, strict=True)
    )
    tags = f"map_from_entries(list_filter([{pairs}], lambda pair: pair.v is not null))"
    return tags if cloud == "aws" else f"to_json({tags})::varchar"


def _by_month(engine: Warehouse, table: str, time: str | None, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    if time is None:
        whole = literal(str(folder / "all.csv"))
        engine.run(f"copy (select * from estate.{table}) to {whole} (format csv, header, {_TIMES})")
        return
    for month in MONTHS:
        path = folder / f"{month}.parquet"
        engine.run(
            f"copy (select * from estate.{table} "
            f"where strftime({time}, '%Y-%m') = {literal(month)}) "
            f"to {literal(str(path))} (format parquet, compression zstd)"
        )

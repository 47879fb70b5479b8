"""A million GPU jobs of a file into `usage.gpu_job`, against one typed SELECT written by hand.

Ours holds the file to its hash, reads every value with care, and looks for jobs that stand twice.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb
from measure import Measured, in_turn

from normalise import NOW, loaded
from quaestor import pipeline
from quaestor.core.config import parse_config

ROWS, ROUNDS = 1_000_000, 3
_JOBS = f"""
select 'job-' || i as job, 'train-' || (i % 500) as name, 'u' || (i % 99) as "user",
    't' || (i % 9) as team, 'A100' as gpu_model, i % 8 + 1 as gpus,
    timestamp '2026-01-01' + to_seconds(i * 20) as started_at,
    timestamp '2026-01-01' + to_seconds(i * 20 + 600 + i % 7200) as ended_at,
    case when i % 50 = 0 then 'failed' else 'completed' end as state,
    (i % 100) / 100 as gpu_util_ratio
from range({ROWS}) as t(i)
"""
_BY_HAND = """
create table gpu_job as
select *, gpus * date_diff('microsecond', started_at, ended_at) / 3.6e9 as gpu_hours from '{}'
"""


def gpu_jobs(folder: Path) -> Iterator[Measured]:
    """As Parquet and as CSV."""
    for kind in ("parquet", "csv"):
        here = folder / f"gpu-jobs-{kind}"
        here.mkdir()
        path = here / f"jobs.{kind}"
        with duckdb.connect() as engine:
            engine.execute(f"copy ({_JOBS}) to '{path}' (format {kind})")
        text = "sources: [{name: jobs, kind: files, path: " + path.name + ", schema: gpu-jobs}]"
        config = parse_config(text, here, {})
        pipeline.collect(config, now=NOW, progress=lambda _: None)
        ours, baseline = in_turn(ROUNDS, lambda c=config: loaded(c), lambda p=path: by_hand(p))
        yield Measured(f"GPU jobs, {ROWS:,} rows, {kind} / SELECT by hand", ours, baseline, 12)


def by_hand(path: Path) -> None:
    """Read the file and work the hours out."""
    with duckdb.connect() as engine:
        engine.execute(_BY_HAND.format(path))

"""Say how busy a job's GPUs were where its scheduler does not know it, but samples name the job."""

from __future__ import annotations

from pathlib import Path

from quaestor.warehouse.duckdb import Warehouse

_SQL = Path(__file__).parent / "sql"


def settle(warehouse: Warehouse) -> None:
    """Fill in ratios by samples, and take back those of samples that are gone."""
    warehouse.run(_BACK)
    select = (_SQL / "sampled_job.sql").read_text(encoding="utf-8")
    warehouse.run(f"create or replace temp table sampled_job as {select}")
    warehouse.run(_FILL)


_BACK = """
update usage.gpu_job set gpu_util_ratio = null, util_samples = null where util_samples is not null
"""
_FILL = """
update usage.gpu_job set gpu_util_ratio = found.ratio, util_samples = found.samples
from sampled_job as found
where usage.gpu_job.source = found.source and usage.gpu_job.job = found.job
    and usage.gpu_job.attempt is not distinct from found.attempt
"""

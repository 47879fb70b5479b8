"""Say how busy a job's GPUs were where its scheduler does not know it, but samples name the job."""

from __future__ import annotations

from quaestor.normalise import step
from quaestor.warehouse.duckdb import Warehouse


def settle(warehouse: Warehouse) -> None:
    """Fill in ratios by samples, and take back those of samples that are gone."""
    warehouse.run(_BACK)
    step.make(warehouse, "sampled_job")
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

"""Load the job records of a Ray cluster. Ray does not say what a job's GPUs are: metadata may."""

from __future__ import annotations

from quaestor.core.blind_spot import BlindSpot
from quaestor.core.sources.ray import RaySource
from quaestor.normalise import step
from quaestor.normalise.gpu_hours import unknown_hours
from quaestor.normalise.job import Job
from quaestor.normalise.landed_objects import read_objects
from quaestor.normalise.quarantine import blind_spots, release
from quaestor.warehouse.duckdb import Warehouse


def load(warehouse: Warehouse, job: Job) -> list[BlindSpot]:
    """Replace the cluster's jobs (see `normalise.Loader`)."""
    assert isinstance(job.source, RaySource)  # noqa: S101 - LOADERS pairs schema and source
    source = job.source.name
    step.define(warehouse, "macros", "usage_macros")
    warehouse.run("delete from usage.gpu_job where source = ?", [source])
    release(warehouse, source, keep=())
    read_objects(warehouse, job)
    given = {"seen_at": job.manifest.fetched_at, "is_file": job.source.path is not None}
    step.make(warehouse, "ray_job", given)
    step.fill(warehouse, "usage.gpu_job", source, "ray_job")
    unknown = unknown_hours(warehouse, source, gpus=_SAY_GPUS)
    return [*blind_spots(warehouse, source, job.manifest.files), *unknown]


_SAY_GPUS = (
    'Submit jobs with their GPUs: ray job submit --metadata-json \'{"gpus": "8", "gpu_model": '
    '"A100", "team": "search"}\'.'
)

"""Load the job records of a Ray cluster. Ray does not say what a job's GPUs are: metadata may."""

from __future__ import annotations

from pathlib import Path

from quaestor.core.blind_spot import BlindSpot
from quaestor.core.sources.ray import RaySource
from quaestor.normalise.gpu_hours import unknown_hours
from quaestor.normalise.job import Job
from quaestor.normalise.landed_objects import read_objects
from quaestor.normalise.quarantine import blind_spots, release
from quaestor.warehouse.duckdb import Warehouse

_SQL = Path(__file__).parent / "sql"


def load(warehouse: Warehouse, job: Job) -> list[BlindSpot]:
    """Replace the cluster's jobs (see `normalise.Loader`)."""
    assert isinstance(job.source, RaySource)  # noqa: S101 - LOADERS pairs schema and source
    source = job.source.name
    for script in ("macros.sql", "usage_macros.sql"):
        warehouse.run((_SQL / script).read_text(encoding="utf-8"))
    warehouse.run("delete from usage.gpu_job where source = ?", [source])
    release(warehouse, source, keep=())
    read_objects(warehouse, job)
    select = (_SQL / "ray_job.sql").read_text(encoding="utf-8")
    given = {"seen_at": job.manifest.fetched_at, "is_file": job.source.path is not None}
    warehouse.run(f"create or replace temp table ray_job as {select}", given)
    warehouse.run(
        "insert into quarantine.row select $source, file, sha256, row_number, refused, raw "
        "from ray_job where refused is not null",
        {"source": source},
    )
    warehouse.run(
        "insert into usage.gpu_job by name "
        "select $source as source, * exclude (file, sha256, row_number, refused, raw) "
        "from ray_job where refused is null",
        {"source": source},
    )
    unknown = unknown_hours(warehouse, source, gpus=_SAY_GPUS)
    return [*blind_spots(warehouse, source, job.manifest.files), *unknown]


_SAY_GPUS = (
    'Submit jobs with their GPUs: ray job submit --metadata-json \'{"gpus": "8", "gpu_model": '
    '"A100", "team": "search"}\'.'
)

"""Load what ran in SageMaker: jobs, endpoints, their hours, and where models serve.

Names of models and versions are those of `kind: sagemaker-registry`: a model package's group and
number.
"""

from __future__ import annotations

from collections.abc import Mapping

from quaestor.core.blind_spot import BlindSpot
from quaestor.core.sources import SageMakerSource
from quaestor.normalise.format import SQL
from quaestor.normalise.job import Job
from quaestor.normalise.landed_objects import read_objects
from quaestor.normalise.quarantine import blind_spots, release
from quaestor.normalise.registry import forget, state_evidence
from quaestor.warehouse.duckdb import Warehouse

_MACROS = ("macros", "usage_macros", "sagemaker_work_macros")
_TABLES = ("gpu_job", "endpoint", "endpoint_hour")
_DEPLOYMENT = (
    *("deployment", "model", "version", "public_access", "authentication", "kind", "region"),
    *("resource_id", "images", "image_digests", "replicas", "status", "created_at", "tags"),
    "artifact_uri",
)
SUPPLIED = {
    "deployment": "native",
    **{f"deployment.{column}": "native" for column in _DEPLOYMENT},
    "deployment.environment": "tag",
}
_ASIDE = ("file", "sha256", "row_number", "raw")


def load(warehouse: Warehouse, job: Job) -> list[BlindSpot]:
    """Replace what the source said before (see `normalise.Loader`)."""
    assert isinstance(job.source, SageMakerSource)  # noqa: S101 - LOADERS pairs schema and source
    source = job.source.name
    for script in _MACROS:
        warehouse.run((SQL / f"{script}.sql").read_text(encoding="utf-8"))
    for table in _TABLES:
        warehouse.run(f"delete from usage.{table} where source = ?", [source])
    forget(warehouse, source)
    release(warehouse, source, keep=())
    read_objects(warehouse, job)
    several = {"several": len(job.source.regions) > 1}
    asked = {"asked_at": job.manifest.fetched_at}
    _make(warehouse, "sagemaker_type", {})
    _make(warehouse, "sagemaker_tag", {})
    _make(warehouse, "sagemaker_serving", several)
    _make(warehouse, "sagemaker_job", asked)
    _make(warehouse, "sagemaker_hour", several)
    given = {"source": source}
    warehouse.run(_JOBS, given)
    warehouse.run(_HOURS, given)
    _insert(warehouse, "usage.endpoint", "sagemaker_endpoint", {**given, **asked})
    _insert(warehouse, "registry.deployment", "sagemaker_deployment", given)
    warehouse.run(_REFUSED, given)
    warehouse.run(_UNREADABLE, given)
    state_evidence(warehouse, source, SUPPLIED)
    return [
        *blind_spots(warehouse, source, job.manifest.files),
        *_unknown_types(warehouse, source),
        *_models_gone(warehouse, source),
    ]


def _make(warehouse: Warehouse, name: str, given: Mapping[str, object]) -> None:
    select = (SQL / f"{name}.sql").read_text(encoding="utf-8")
    warehouse.run(f"create or replace temp table {name} as {select}", given)


def _insert(warehouse: Warehouse, table: str, query: str, given: Mapping[str, object]) -> None:
    select = (SQL / f"{query}.sql").read_text(encoding="utf-8")
    warehouse.run(f"insert into {table} by name {select}", given)


_JOBS = f"""
insert into usage.gpu_job by name
select $source as source, * exclude ({", ".join(_ASIDE)}, reason_kept)
from sagemaker_job where reason_kept is null
"""
_HOURS = f"""
insert into usage.endpoint_hour by name
select $source as source, * exclude ({", ".join(_ASIDE)}, reason, value_reason)
from sagemaker_hour where reason is null
"""
_REFUSED = """
insert into quarantine.row
select $source, file, sha256, row_number, reason_kept, raw
from sagemaker_job where reason_kept is not null
union all
select $source, file, sha256, row_number, reason, raw
from sagemaker_hour where reason is not null
union all
select $source, file, sha256, row_number, 'the endpoint has no name or ARN', object::varchar
from landed_object
where kind = 'endpoints'
    and ((object ->> 'EndpointArn') is null or (object ->> 'EndpointName') is null)
"""
_UNREADABLE = """
insert into quarantine.value
select $source, file, sha256, row_number, value_reason, raw
from sagemaker_hour where reason is null and value_reason is not null
"""


def _unknown_types(warehouse: Warehouse, source: str) -> list[BlindSpot]:
    """Return one blind spot for each instance type whose GPUs nobody could tell."""
    found = warehouse.rows(
        """
        select place, object ->> 'InstanceType' as instance_type
        from landed_object
        where kind = 'instance-types' and (object -> 'VCpuInfo') is null
        order by all
        """
    )
    return [
        BlindSpot(
            source=source,
            scope=f"{region}/{instance_type}",
            reason=f"EC2 does not say what {instance_type} has, so its GPUs are unknown",
            fix="Allow ec2:DescribeInstanceTypes there, and collect again; a type that EC2 does "
            "not offer in the region stays unknown.",
        )
        for region, instance_type in found
    ]


def _models_gone(warehouse: Warehouse, source: str) -> list[BlindSpot]:
    """Tell of endpoints whose model was deleted: they go on serving what nobody can name."""
    gone = warehouse.rows(
        """
        select distinct endpoint, variant_name from sagemaker_serving
        where is_model_gone or serves_several order by all
        """
    )
    if not gone:
        return []
    first = "/".join(gone[0])
    return [
        BlindSpot(
            source=source,
            scope="deployment",
            reason=f"{len(gone):,} variant{'s' if len(gone) > 1 else ''} of endpoints serve what "
            f"cannot be told: the model was deleted, or is of several packages; the first: {first}",
            fix="Deploy from one registered model package, and keep the model while it serves.",
            rows=len(gone),
        )
    ]

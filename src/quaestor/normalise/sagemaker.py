"""Load what ran in SageMaker: jobs, endpoints and their hours, notebooks, where models serve.

Names of models and versions are those of `kind: sagemaker-registry`: a model package's group and
number.
"""

from __future__ import annotations

from quaestor.core.blind_spot import BlindSpot
from quaestor.core.sources import SageMakerSource
from quaestor.normalise import facts, step
from quaestor.normalise.gpu_hours import unknown_hours
from quaestor.normalise.job import Job
from quaestor.normalise.landed_objects import read_objects
from quaestor.normalise.quarantine import blind_spots, release
from quaestor.normalise.registry import forget, state_evidence
from quaestor.warehouse.duckdb import Warehouse

_MACROS = ("macros", "usage_macros", "sagemaker_work_macros")
_STEPS = (
    *("type", "tag", "serving", "job", "hour", "endpoint", "deployment"),
    "notebook",
)
_ROWS = {
    "usage.gpu_job": "job",
    "usage.endpoint_hour": "hour",
    "usage.endpoint": "endpoint",
    "usage.notebook": "notebook",
    "registry.stated_deployment": "deployment",
}
_DEPLOYMENT = (
    *("deployment", "model", "version", "public_access", "authentication", "kind", "region"),
    *("resource_id", "images", "image_digests", "replicas", "status", "created_at", "tags"),
    *("artifact_uri", "tls", "identity", "kms_key", "network_isolated", "access_logged"),
    *("log_destination", "instance_type", "rollout_strategy", "rollout_analysis", "rolls_back"),
    "scales_to_zero",
)
SUPPLIED = {
    "deployment": "native",
    **dict.fromkeys((f"deployment.{field}" for field in facts.BY_OWNER), "tag"),
    **{f"deployment.{column}": "native" for column in _DEPLOYMENT},
    "deployment.environment": "tag",
}


def load(warehouse: Warehouse, job: Job) -> list[BlindSpot]:
    """Replace what the source said before (see `normalise.Loader`)."""
    assert isinstance(job.source, SageMakerSource)  # noqa: S101 - LOADERS pairs schema and source
    source = job.source.name
    step.define(warehouse, *_MACROS)
    for table in _ROWS:
        warehouse.run(f"delete from {table} where source = ?", [source])
    forget(warehouse, source)
    release(warehouse, source, keep=())
    read_objects(warehouse, job)
    given = {
        "source": source,
        "several": len(job.source.regions) > 1,
        "asked_at": job.manifest.fetched_at,
    }
    for name in _STEPS:
        step.make(warehouse, f"sagemaker_{name}", given)
    for table, name in _ROWS.items():
        step.fill(warehouse, table, source, f"sagemaker_{name}")
    warehouse.run(_REFUSED, {"source": source})
    state_evidence(warehouse, source, SUPPLIED)
    set_aside = blind_spots(warehouse, source, job.manifest.files)
    facts.govern(warehouse, ())
    facts.govern_deployments(warehouse, "sagemaker_deployment")
    return [
        *set_aside,
        *facts.state(warehouse, source),
        *_unknown_types(warehouse, source),
        *unknown_hours(warehouse, source, gpus=_SAY_TYPES, times="Collect again."),
        *_models_gone(warehouse, source),
    ]


_REFUSED = """
insert into quarantine.row
select $source, file, sha256, row_number, 'the endpoint has no name or ARN', object::varchar
from landed_object
where kind = 'endpoints'
    and ((object ->> 'EndpointArn') is null or (object ->> 'EndpointName') is null)
"""


_SAY_TYPES = "Allow ec2:DescribeInstanceTypes in their region, and collect again."


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

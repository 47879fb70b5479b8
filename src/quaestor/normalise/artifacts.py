"""Name the model of what is known by its artifact alone: jobs that wrote it, endpoints of it.

A loader states `artifact_uri` where its source names no model. When a build settles, the registry
is asked whose artifact that is, and of a job which version came of its run; where one has it, its
names are filled in, and go again when the registry no longer says so. A model package's ARN has
the model's name in small letters and without its region; the registry's own name takes its place.
"""

from __future__ import annotations

from quaestor.normalise import step
from quaestor.warehouse.duckdb import Warehouse


def settle(warehouse: Warehouse) -> None:
    """Fill in models and versions by artifact; in the caller's transaction."""
    step.make(warehouse, "origin")
    for statement in (_DEPLOYMENT, _JOB):
        warehouse.run(statement)
    for table in ("registry.deployment", "usage.gpu_job"):
        warehouse.run(_NAMED.format(table=table))
    for statement in (_ENDPOINT, _SERVED):
        warehouse.run(statement)


_DEPLOYMENT = """
update registry.deployment set model = found.model, version = found.version
from (
    select d.source, d.deployment, a.model, a.version
    from registry.deployment as d
    left join origin as a on a.what = 'artifact' and a.name = d.artifact_uri
    where d.artifact_uri is not null
) as found
where registry.deployment.source = found.source
    and registry.deployment.deployment = found.deployment
"""
_JOB = """
update usage.gpu_job set model = found.model, model_version = found.version
from (
    select j.source, j.job, coalesce(a.model, r.model) as model,
        case when a.model is not null then a.version else r.version end as version
    from usage.gpu_job as j
    left join origin as a on a.what = 'artifact' and a.name = j.artifact_uri
    left join origin as r on r.what = 'run' and r.name = j.run_id
    where j.artifact_uri is not null
) as found
where usage.gpu_job.source = found.source and usage.gpu_job.job = found.job
"""
_NAMED = """
update {table} set model = found.model
from (
    select s.model as said, s.region, min(m.model) as model
    from (
        select distinct model, region from {table}
        where kind in ('sagemaker-endpoint', 'training-job') and model is not null
    ) as s
    join registry.model as m
        on lower(m.model) in (lower(s.model), lower(s.region || '/' || s.model))
    where s.model not in (select model from registry.model)
    group by all
    having count(distinct m.model) = 1
) as found
where {table}.kind in ('sagemaker-endpoint', 'training-job')
    and {table}.model = found.said and {table}.region = found.region
"""
_ENDPOINT = """
update usage.endpoint set model = found.model, model_version = found.version
from (
    select source, resource_id,
        case when count(distinct model) = 1 and count(model) = count(*)
            then min(model) end as model,
        case when count(distinct (model, version)) = 1 and count(version) = count(*)
            then min(version) end as version
    from registry.deployment
    where kind = 'sagemaker-endpoint'
    group by all
) as found
where usage.endpoint.source = found.source and usage.endpoint.resource_id = found.resource_id
"""
_SERVED = """
update usage.endpoint set model = d.model, model_version = d.version
from registry.deployment as d
where usage.endpoint.kind = 'kserve'
    and d.source = usage.endpoint.source and d.deployment = usage.endpoint.endpoint
"""

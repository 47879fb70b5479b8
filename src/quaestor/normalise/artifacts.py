"""Name the model of what is known by its artifact alone: jobs that wrote it, endpoints of it.

A loader states `artifact_uri` where its source names no model. When a build settles, the registry
is asked whose artifact that is; where one version has it, its names are filled in, and go again
when the registry no longer says so. An ARN of SageMaker has a model's name in small letters; the
registry's spelling takes its place.
"""

from __future__ import annotations

from pathlib import Path

from quaestor.warehouse.duckdb import Warehouse

_SQL = Path(__file__).parent / "sql" / "artifact_model.sql"


def settle(warehouse: Warehouse) -> None:
    """Fill in models and versions by artifact; in the caller's transaction."""
    select = _SQL.read_text(encoding="utf-8")
    warehouse.run(f"create or replace temp table artifact_model as {select}")
    for table, version in (("registry.deployment", "version"), ("usage.gpu_job", "model_version")):
        warehouse.run(
            f"""
            update {table} set model = found.model, {version} = found.version
            from (
                select u.artifact_uri, a.model, a.version
                from (
                    select distinct artifact_uri from {table} where artifact_uri is not null
                ) as u
                left join artifact_model as a on a.artifact_uri = u.artifact_uri
            ) as found
            where {table}.artifact_uri = found.artifact_uri
            """
        )
        warehouse.run(_SPELT.format(table=table))
    warehouse.run(
        """
        update usage.endpoint set model = found.model, model_version = found.version
        from (
            select source, resource_id,
                case when count(distinct model) = 1 and count(model) = count(*)
                    then min(model) end as model,
                case when count(distinct (model, version)) = 1 and count(version) = count(*)
                    then min(version) end as version
            from registry.deployment
            where kind = 'sagemaker-endpoint' group by all
        ) as found
        where usage.endpoint.source = found.source
            and usage.endpoint.resource_id = found.resource_id
        """
    )


_SPELT = """
update {table} set model = found.model
from (
    select lower(model) as small, min(model) as model from registry.model
    group by all having count(distinct model) = 1
) as found
where {table}.kind in ('sagemaker-endpoint', 'training-job')
    and {table}.model = found.small and {table}.model <> found.model
"""

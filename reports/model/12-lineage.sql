-- From run to version to where it is served, with the data it was made of.
--
-- grain     one row per model and version, registered or deployed; those that are deployed first,
--           then the newest; at most 12 of a model, `versions` counts them all
-- method    data are the datasets of the run that made the version, as the registry names them
with served as (
    select
        model, version,
        list({
            'name': deployment, 'environment': environment, 'region': region, 'status': status,
            'kind': kind
        } order by environment, deployment) as deployments
    from registry.deployment where model is not null group by model, version
),
data as (
    select
        source, run_id,
        list({'name': dataset, 'digest': digest, 'context': context} order by context, dataset)
            as datasets
    from registry.dataset group by source, run_id
),
version as (
    select
        coalesce(v.model, s.model) as model, coalesce(v.version, s.version) as version, v.source,
        v.run_id, v.created_at, v.artifact_digest, v.base_model, v.replaces, s.deployments
    from registry.model_version as v
    full join served as s on s.model = v.model and s.version = v.version
)
select
    v.*, r.name as run_name, r.started_by, r.started_at, r.git_commit, r.git_repo, r.pipeline,
    r.run_id is not null as is_run_known, d.datasets, count(*) over (partition by v.model) as versions
from version as v
left join registry.run as r on r.source = v.source and r.run_id = v.run_id
left join data as d on d.source = v.source and d.run_id = v.run_id
qualify row_number() over (
    partition by v.model
    order by v.deployments is null, v.created_at desc nulls last, v.version desc, v.source
) <= 12
order by v.model, v.deployments is null, v.created_at desc nulls last, v.version desc, v.source

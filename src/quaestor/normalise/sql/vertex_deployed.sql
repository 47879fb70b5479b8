-- Every model that is deployed to an endpoint of Vertex AI, with its machines.
--
-- grain     one row per endpoint and deployed model; one per endpoint that has none
-- input     landed_object, vertex_name
-- method    replicas are those available, else what the least and the most agree on. GPUs are
--           accelerators times replicas; null where Vertex AI chooses the machines, or a machine
--           with GPUs is named without their number. TPUs are no GPUs
-- source    Vertex AI REST reference, endpoints, DeployedModel, MachineSpec
with endpoint as (
    select
        object,
        split_part(place, '/', 1) as project,
        split_part(place, '/', 2) as location,
        object ->> '$.name' as resource,
        regexp_extract(resource, '[^/]+$') as id,
        tag_map(object -> '$.labels') as tags,
        from_json(object -> '$.deployedModels', '["JSON"]') as deployed,
        file, sha256, row_number
    from landed_object
    where kind = 'endpoints' and (object ->> '$.name') <> ''
    qualify row_number() over (partition by resource order by place, row_number) = 1
),
part as (
    select
        e.*,
        unnest(case when len(deployed) > 0 then deployed else [null::json] end) as one
    from endpoint as e
),
machine as (
    select
        *,
        one ->> '$.id' as deployed_id,
        split_part(one ->> '$.model', '@', 1) as model_resource,
        coalesce(one ->> '$.modelVersionId', nullif(split_part(one ->> '$.model', '@', 2), ''))
            as version,
        coalesce(one -> '$.dedicatedResources', one -> '$.automaticResources') as resources,
        one ->> '$.dedicatedResources.machineSpec.machineType' as machine_type,
        nullif(one ->> '$.dedicatedResources.machineSpec.acceleratorType',
            'ACCELERATOR_TYPE_UNSPECIFIED') as accelerator,
        as_number(one ->> '$.dedicatedResources.machineSpec.acceleratorCount')::double
            as accelerators
    from part
),
counted as (
    select
        *,
        try_cast(resources ->> '$.minReplicaCount' as integer) as min_replicas,
        try_cast(resources ->> '$.maxReplicaCount' as integer) as max_replicas,
        coalesce(
            try_cast(one ->> '$.status.availableReplicaCount' as integer),
            case when min_replicas = max_replicas then min_replicas end
        ) as replicas
    from machine
)
select
    c.* exclude (deployed),
    'projects/' || c.project || '/locations/' || c.location || '/endpoints/' || c.id as endpoint,
    coalesce(n.model, regexp_extract(model_resource, '[^/]+$')) as model,
    case when accelerator is not null and accelerator not like 'TPU%' then accelerator end
        as gpu_model,
    case
        when one is null then 0
        when machine_type is null then null
        when accelerator like 'TPU%' then 0
        when accelerator is not null then accelerators * replicas
        when regexp_matches(machine_type, '^(a[0-9]|g[0-9])') then null
        else 0
    end as gpus
from counted as c
left join vertex_name as n on n.resource = c.model_resource

-- Every deployment of the workspace's online endpoints, with its machines.
--
-- grain     one row per endpoint and deployment; one per endpoint that has none
-- input     landed_object, azure_ml_size
-- method    GPUs are those of the size times the instances; of Kubernetes, what a deployment asks
--           for. Null where the size is not in the list of sizes, or the list could not be read
-- source    Microsoft, REST reference "Online Deployments - List"
with endpoint as (
    select place, object, object ->> '$.name' as name, tag_map(object -> '$.tags') as tags
    from landed_object
    where kind = 'endpoints' and (object ->> '$.name') <> ''
    qualify row_number() over (partition by place, name order by row_number) = 1
),
deployment as (
    select
        place,
        object as one,
        object ->> '$.endpoint' as of_endpoint,
        object ->> '$.name' as deployed,
        object ->> '$.properties.model' as model_id,
        filled(object ->> '$.properties.instanceType') as instance_type,
        object ->> '$.properties.endpointComputeType' = 'Kubernetes' as on_kubernetes,
        try_cast(object ->> '$.sku.capacity' as integer) as capacity,
        file, sha256, row_number
    from landed_object
    where kind = 'deployments' and (object ->> '$.name') <> ''
    qualify row_number() over (partition by place, of_endpoint, deployed order by row_number) = 1
)
select
    e.place || '/' || e.name as endpoint,
    e.object,
    e.tags,
    d.* exclude (place),
    case when model_id like '%/registries/%' or model_id like 'azureml://registries/%'
        then regexp_extract(model_id, '/registries/([^/]+)/', 1) || '/' else '' end
        || coalesce(
            nullif(regexp_extract(model_id, '/models/([^/]+)/versions/', 1), ''),
            nullif(regexp_extract(model_id, '^azureml:([^:/]+):', 1), '')
        ) as model,
    coalesce(
        nullif(regexp_extract(model_id, '/versions/([^/]+)$', 1), ''),
        nullif(regexp_extract(model_id, '^azureml:[^:/]+:([^:/]+)$', 1), '')
    ) as version,
    s.gpu_model,
    case
        when d.deployed is null then 0
        when on_kubernetes then coalesce(
            as_number(replace(
                one ->> '$.properties.containerResourceRequirements.containerResourceLimits.gpu',
                '"', ''
            ))::double, 0
        ) * capacity
        else s.gpus * capacity
    end as gpus
from endpoint as e
left join deployment as d on d.of_endpoint = e.name and d.place = e.place
left join azure_ml_size as s on s.size = lower(d.instance_type)

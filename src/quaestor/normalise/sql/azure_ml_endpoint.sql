-- The online endpoints of a workspace.
--
-- grain     one row per endpoint
-- input     $source, $seen_at; azure_ml_served
-- method    the model is named where all deployments are of one; numbers add up over deployments,
--           and are null where one is not known. The bill names the workspace, and the endpoint by
--           its tag azuremlendpoint
-- source    Microsoft, REST reference "Online Endpoints - List", "Online Deployments - List"
select
    $source as source,
    endpoint,
    'azure-ml' as kind,
    case when count(distinct model) = 1 then any_value(model) end as model,
    case when count(distinct (model, version)) = 1 then any_value(version) end as model_version,
    lower(any_value(object ->> '$.id')) as resource_id,
    regexp_extract(lower(any_value(object ->> '$.id')), '^/subscriptions/([^/]+)', 1)
        as sub_account,
    any_value(object ->> '$.location') as region,
    case when count(distinct instance_type) = 1 then any_value(instance_type) end
        as instance_type,
    case when count(*) filter (deployed is not null and capacity is null) = 0
        then coalesce(sum(capacity), 0) end as instances,
    string_agg(distinct gpu_model, ', ' order by gpu_model) as gpu_model,
    case when count(gpus) = count(*) then sum(gpus) end as gpus,
    lower(any_value(object ->> '$.properties.provisioningState')) as status,
    as_time(any_value(object ->> '$.systemData.createdAt')) as created_at,
    any_value((object -> '$.tags')::varchar) as tags,
    $seen_at::timestamp as seen_at
from azure_ml_served
group by endpoint
order by endpoint

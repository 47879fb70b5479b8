-- The endpoints of Vertex AI, and the published models (Gemini and others) that were called.
--
-- grain     one row per endpoint; one per published model and location with figures
-- input     $source, $seen_at; landed_object, vertex_deployed
-- method    the model is named where all that is deployed is of one; numbers add up over what is
--           deployed, and are null where one is not known. A published model has no machines
-- source    Vertex AI REST reference, endpoints; Google Cloud metrics, aiplatform
with own as (
    select
        endpoint,
        'vertex' as kind,
        case when count(distinct model) = 1 then any_value(model) end as model,
        case when count(distinct (model, version)) = 1 then any_value(version) end
            as model_version,
        '//aiplatform.googleapis.com/' || any_value(resource) as resource_id,
        any_value(project) as sub_account,
        any_value(location) as region,
        case when count(distinct machine_type) = 1 then any_value(machine_type) end
            as instance_type,
        case when count(*) filter (one is not null and replicas is null) = 0
            then coalesce(sum(replicas), 0) end as instances,
        string_agg(distinct gpu_model, ', ' order by gpu_model) as gpu_model,
        case when count(gpus) = count(*) then sum(gpus) end as gpus,
        case when count(one) = 0 then 'empty' else 'deployed' end as status,
        as_time(any_value(object ->> '$.createTime')) as created_at,
        as_time(any_value(object ->> '$.updateTime')) as updated_at,
        any_value((object -> '$.labels')::varchar) as tags
    from vertex_deployed
    group by endpoint
),
published as (
    select distinct
        'projects/' || split_part(place, '/', 1) || '/locations/' || (object ->> '$.location')
            || '/publishers/' || (object ->> '$.publisher') || '/models/'
            || (object ->> '$.model_user_id') as endpoint,
        'vertex-published' as kind,
        object ->> '$.model_user_id' as model,
        split_part(place, '/', 1) as sub_account,
        object ->> '$.location' as region
    from landed_object
    where kind = 'hours' and (object ->> '$.model_user_id') <> ''
)
select $source as source, *, $seen_at::timestamp as seen_at
from (
    select * from own
    union all by name
    select * from published where endpoint is not null
)
order by endpoint

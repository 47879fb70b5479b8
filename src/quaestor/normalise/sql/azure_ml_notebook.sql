-- Where people work in a workspace: its compute instances.
--
-- grain     one row per compute instance
-- input     $source, $seen_at; landed_object, azure_ml_size
-- method    a compute instance stops itself after idleTimeBeforeShutdown, where it has one. When
--           somebody last worked on it Azure does not say: its last operation is that it was
--           started, stopped or made; what an older look did not ask for is unknown
-- source    Microsoft, REST reference "Compute - List", ComputeInstanceProperties
with told as (
    select
        object, object ->> '$.name' as name, lower(object ->> '$.id') as resource_id,
        object -> '$.properties.properties' as inside
    from landed_object
    where kind = 'computes' and lower(object ->> '$.properties.computeType') = 'computeinstance'
        and (object ->> '$.name') <> ''
    qualify row_number() over (partition by resource_id order by row_number) = 1
)
select
    $source as source, t.name as notebook, 'azure-compute-instance' as kind,
    coalesce(
        t.inside ->> '$.assignedUser.objectId',
        t.object ->> '$.systemData.createdBy'
    ) as "user",
    t.resource_id, regexp_extract(t.resource_id, '^/subscriptions/([^/]+)', 1) as sub_account,
    coalesce(t.object ->> '$.properties.computeLocation', t.object ->> '$.location') as region,
    t.inside ->> '$.vmSize' as instance_type, s.gpu_model, s.gpus,
    lower(t.inside ->> '$.state') as status,
    as_time(t.object ->> '$.properties.createdOn') as created_at,
    case when (t.inside ->> '$.lastOperation.operationName') in ('Start', 'Restart', 'Create')
        then as_time(t.inside ->> '$.lastOperation.operationTime') end as started_at,
    case when iso_hours(t.inside ->> '$.idleTimeBeforeShutdown') > 0
        then round(iso_hours(t.inside ->> '$.idleTimeBeforeShutdown') * 60)::integer end
        as idle_stop_minutes,
    case when json_exists(t.inside, 'lastOperation')
        then coalesce(iso_hours(t.inside ->> '$.idleTimeBeforeShutdown') > 0, false) end
        as has_idle_stop,
    (t.object -> '$.tags')::varchar as tags,
    $seen_at::timestamp as seen_at
from told as t
left join azure_ml_size as s on s.size = lower(t.inside ->> '$.vmSize')
order by notebook

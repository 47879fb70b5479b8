-- Where people work in Vertex AI: instances of Workbench.
--
-- grain     one row per instance
-- input     $source, $seen_at; landed_object
-- method    an instance stops itself after the metadata idle-timeout-seconds, which is three hours
--           where nobody has changed it; an empty one or 0 switches it off. When somebody last worked on it the API
--           does not say. The bill names the virtual machine, which is called as the instance is
-- source    Notebooks API v2 REST reference, projects.locations.instances; Google Cloud, "Idle
--           shutdown" of Vertex AI Workbench instances
with told as (
    select
        object,
        split_part(object ->> '$.name', '/', 2) as project,
        split_part(object ->> '$.name', '/', 4) as zone,
        split_part(object ->> '$.name', '/', 6) as name,
        nullif(object ->> '$.gceSetup.acceleratorConfigs[0].type', 'ACCELERATOR_TYPE_UNSPECIFIED')
            as accelerator,
        as_number(object ->> '$.gceSetup.acceleratorConfigs[0].coreCount')::double as accelerators,
        coalesce(
            as_number(coalesce(
                object ->> '$.gceSetup.metadata."idle-timeout-seconds"', '10800'
            ))::double, 0
        ) as idle_seconds
    from landed_object
    where kind = 'workbenches' and (object ->> '$.name') <> ''
    qualify row_number() over (partition by object ->> '$.name' order by place, row_number) = 1
)
select
    $source as source,
    object ->> '$.name' as notebook,
    'vertex-workbench' as kind,
    coalesce(object ->> '$.instanceOwners[0]', object ->> '$.creator') as "user",
    '//compute.googleapis.com/projects/' || project || '/zones/' || zone || '/instances/' || name
        as resource_id,
    project as sub_account, regexp_extract(zone, '^(.*)-[a-z]$', 1) as region,
    object ->> '$.gceSetup.machineType' as instance_type,
    accelerator as gpu_model,
    case when accelerator is not null then accelerators
        when regexp_matches(object ->> '$.gceSetup.machineType', '^(a[0-9]|g[0-9])') then null
        else 0 end as gpus,
    case object ->> '$.state' when 'ACTIVE' then 'running' when 'STOPPED' then 'stopped'
        else lower(object ->> '$.state') end as status,
    as_time(object ->> '$.createTime') as created_at,
    case when idle_seconds between 1 and 1e9 then (idle_seconds / 60)::integer end
        as idle_stop_minutes,
    idle_seconds > 0 as has_idle_stop,
    (object -> '$.labels')::varchar as tags,
    $seen_at::timestamp as seen_at
from told
order by notebook

-- The training jobs that run outside of the cluster, as their platform lists them.
--
-- grain     one row per job
-- method    planted: a sweep that was started on the day the bill shows it first, and never
--           stopped: it has no limit of time or cost, as the nightly training has
-- source    invented
select
    r.name as job, r.name as name, 'custom-job' as kind, r.team, r.model,
    'NVIDIA A100 40GB' as gpu_model,
    case when r.starts is null then 8 else 30 end::double as gpus,
    coalesce(r.starts::timestamp, $last_day::timestamp + interval 1 hour) as started_at,
    case when r.starts is null then $last_day::timestamp + interval 9 hour end as ended_at,
    case when r.starts is null then 'completed' else 'running' end as state,
    0.83::double as gpu_util_ratio, 'a2-highgpu-1g' as instance_type,
    case when r.starts is null then 8 else 30 end as instances,
    case when r.starts is null then 12 end as time_limit_hours,
    case when r.starts is null then 500 end as cost_limit,
    replace(replace(replace(
        k.resource_id_pattern, '{name}', r.name), '{account}', k.account), '{region}', k.region
    ) as resource_id,
    k.account as sub_account, k.region, 'on-demand' as capacity_type
from estate.resource as r
join estate.kind as k on k.kind = r.kind
where r.name in ('damage-detect-sweep', 'vision-train')
order by job

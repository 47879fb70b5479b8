-- The notebooks of the sandbox account.
--
-- grain     one row per notebook
-- method    planted: left_notebook.sql. One is worked on by day, and calculates on by night, so
--           that what stops it after idle minutes has nothing to do
-- source    invented
select
    r.name as notebook, 'sagemaker-notebook' as kind,
    case r.name when 'nb-lena' then 'lena@acme.example' end as "user",
    replace(replace(replace(
        k.resource_id_pattern, '{name}', r.name), '{account}', k.account), '{region}', k.region
    ) as resource_id,
    k.account as sub_account, k.region, 'ml.g5.4xlarge' as instance_type,
    'NVIDIA A10G' as gpu_model, 1.0::double as gpus, 'running' as status,
    coalesce(r.starts, date '2026-05-04')::timestamp + interval 8 hour as created_at,
    coalesce(l.left_at, $last_day::timestamp + interval 17 hour) as last_activity_at,
    case r.name when 'nb-lena' then 120 end as idle_stop_minutes
from estate.resource as r
join estate.kind as k on k.kind = r.kind
left join estate.left_notebook as l on l.notebook = r.name
where k.kind = 'sm-notebook' and (r.ends is null or r.ends > $last_day::date)
order by notebook

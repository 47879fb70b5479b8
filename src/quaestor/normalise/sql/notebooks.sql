-- The notebooks of one landed file, typed, with what is wrong with each row.
--
-- grain     one row per row of the file; rows refused go to quarantine.row
-- method    `landed` holds the file's columns as text, absent ones null (normalise/usage.py)
-- source    usage.notebook, warehouse/schema/003_usage.sql
with typed as (
    select
        file_row, raw, notebook, kind, "user", resource_id, sub_account, region, instance_type,
        gpu_model, as_number(gpus)::double as gpus, lower(status) as status,
        as_time(created_at) as created_at, as_time(started_at) as started_at,
        as_time(last_activity_at) as last_activity_at,
        try_cast(as_number(idle_stop_minutes) as integer) as idle_stop_minutes,
        as_number(gpu_used_ratio)::double as gpu_used_ratio,
        as_number(cpu_used_ratio)::double as cpu_used_ratio, tags,
        coalesce(as_time(seen_at), $seen_at::timestamp) as seen_at,
        concat_ws('; ',
            case when notebook is null then 'notebook is empty' end,
            no_quantity('gpus', gpus),
            no_time('created_at', created_at),
            no_time('started_at', started_at),
            no_time('last_activity_at', last_activity_at),
            no_time('seen_at', seen_at),
            no_count('idle_stop_minutes', idle_stop_minutes),
            no_ratio('gpu_used_ratio', gpu_used_ratio),
            no_ratio('cpu_used_ratio', cpu_used_ratio),
            case when tags is not null and not is_json_object(tags)
                then 'tags is no JSON object' end
        ) as reasons
    from landed
)
select
    notebook, kind, "user", resource_id, sub_account, region, instance_type, gpu_model, gpus,
    status, created_at, started_at, last_activity_at, idle_stop_minutes, gpu_used_ratio,
    cpu_used_ratio, tags, seen_at, file_row, raw, nullif(reasons, '') as refused
from typed

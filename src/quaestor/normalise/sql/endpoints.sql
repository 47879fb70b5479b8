-- The endpoints of one landed file, typed, with what is wrong with each row.
--
-- grain     one row per row of the file; rows refused go to quarantine.row
-- method    `landed` holds the file's columns as text, absent ones null (normalise/usage.py). The
--           file is what its author saw when it was landed
-- source    usage.endpoint, warehouse/schema/003_usage.sql
with typed as (
    select
        file_row, raw, endpoint, kind, model, model_version, resource_id, sub_account, region,
        instance_type, try_cast(as_number(instances) as integer) as instances, gpu_model,
        as_number(gpus)::double as gpus, status, as_time(created_at) as created_at,
        as_time(updated_at) as updated_at, tags,
        coalesce(as_time(seen_at), $seen_at::timestamp) as seen_at,
        concat_ws('; ',
            case when endpoint is null then 'endpoint is empty' end,
            no_count('instances', instances),
            no_quantity('gpus', gpus),
            no_time('created_at', created_at),
            no_time('updated_at', updated_at),
            no_time('seen_at', seen_at),
            case when tags is not null and not is_json_object(tags)
                then 'tags is no JSON object' end
        ) as reasons
    from landed
)
select
    endpoint, kind, model, model_version, resource_id, sub_account, region, instance_type,
    instances, gpu_model, gpus, status, created_at, updated_at, tags, seen_at, file_row, raw,
    nullif(reasons, '') as refused
from typed

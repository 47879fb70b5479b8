-- The containers of one landed file, typed, with what is wrong with each row.
--
-- grain     one row per row of the file; rows refused go to quarantine.row
-- method    `landed` holds the file's columns as text, absent ones null (normalise/usage.py). A
--           request or limit that is not there is none
-- source    usage.container, warehouse/schema/003_usage.sql
with typed as (
    select
        file_row, raw, cluster, namespace, pod, container, owner_kind, owner,
        as_number(cpu_request_cores)::double as cpu_request_cores,
        as_number(cpu_limit_cores)::double as cpu_limit_cores,
        as_number(ram_request_gib)::double as ram_request_gib,
        as_number(ram_limit_gib)::double as ram_limit_gib,
        try_cast(as_number(restarts) as integer) as restarts,
        as_time(oom_killed_at) as oom_killed_at,
        as_number(oom_limit_gib)::double as oom_limit_gib, annotations,
        coalesce(as_time(seen_at), $seen_at::timestamp) as seen_at,
        concat_ws('; ',
            case when cluster is null then 'cluster is empty' end,
            case when namespace is null then 'namespace is empty' end,
            case when pod is null then 'pod is empty' end,
            case when container is null then 'container is empty' end,
            no_quantity('cpu_request_cores', cpu_request_cores),
            no_quantity('cpu_limit_cores', cpu_limit_cores),
            no_quantity('ram_request_gib', ram_request_gib),
            no_quantity('ram_limit_gib', ram_limit_gib),
            no_count('restarts', restarts),
            no_time('oom_killed_at', oom_killed_at),
            no_quantity('oom_limit_gib', oom_limit_gib),
            no_time('seen_at', seen_at),
            case when annotations is not null and not is_json_object(annotations)
                then 'annotations is no JSON object' end
        ) as reasons
    from landed
)
select
    cluster, namespace, pod, container, owner_kind, owner, cpu_request_cores, cpu_limit_cores,
    ram_request_gib, ram_limit_gib, restarts, oom_killed_at, oom_limit_gib, annotations, seen_at,
    file_row, raw, nullif(reasons, '') as refused
from typed

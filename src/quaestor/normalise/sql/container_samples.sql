-- The samples of containers of one landed file, typed, with what is wrong with each row.
--
-- grain     one row per row of the file; rows refused go to quarantine.row
-- method    `landed` holds the file's columns as text, absent ones null (normalise/usage.py).
--           What a container did not tell is null: unobserved, never idle. A sample of later
--           than when its file was collected has a wrong clock, and would make every other one old
-- source    usage.container_sample, warehouse/schema/003_usage.sql
with typed as (
    select
        file_row, raw, cluster, namespace, workload, pod, container,
        as_time(sampled_at) as sampled_at,
        as_number(cpu_used_cores)::double as cpu_used_cores,
        as_number(ram_used_gib)::double as ram_used_gib,
        concat_ws('; ',
            case when cluster is null then 'cluster is empty' end,
            case when namespace is null then 'namespace is empty' end,
            case when pod is null then 'pod is empty' end,
            case when container is null then 'container is empty' end,
            case when sampled_at is null then 'sampled_at is empty' end,
            no_time('sampled_at', sampled_at),
            case when as_time(sampled_at) > $seen_at
                then 'sampled_at ' || sampled_at || ' is later than the file was collected' end,
            no_quantity('cpu_used_cores', cpu_used_cores),
            no_quantity('ram_used_gib', ram_used_gib)
        ) as reasons
    from landed
)
select
    cluster, namespace, workload, pod, container, sampled_at, cpu_used_cores, ram_used_gib,
    file_row, raw, nullif(reasons, '') as refused
from typed

-- The node hours of one landed file, typed, with what is wrong with each row.
--
-- grain     one row per row of the file; rows refused go to quarantine.row
-- method    `landed` holds the file's columns as text, absent ones null (normalise/usage.py).
--           What is not there is null: unobserved, never zero. Ratios lie in [0, 1]; more is a
--           percentage that nobody divided by 100, and is refused rather than guessed at. A
--           provider id as Kubernetes writes it becomes what the bill calls the machine
-- source    usage.node_hour, warehouse/schema/001_tables.sql
with typed as (
    select
        file_row, raw, cluster, node, as_time(hour) as hour,
        coalesce(billed_machine(provider_id, null), provider_id) as provider_id,
        instance_type, region,
        as_number(cpu_cores)::double as cpu_cores,
        as_number(ram_gib)::double as ram_gib,
        gpu_model,
        try_cast(as_number(gpus) as integer) as gpus,
        as_number(up_ratio)::double as up_ratio,
        concat_ws('; ',
            case when cluster is null then 'cluster is empty' end,
            case when node is null then 'node is empty' end,
            case when hour is null then 'hour is empty' end,
            no_hour('hour', hour),
            no_quantity('cpu_cores', cpu_cores),
            no_quantity('ram_gib', ram_gib),
            no_count('gpus', gpus),
            no_ratio('up_ratio', up_ratio)
        ) as reasons
    from landed
)
select
    cluster, node, hour, provider_id, instance_type, region, cpu_cores, ram_gib, gpu_model,
    gpus, up_ratio, file_row, raw,
    nullif(reasons, '') as refused
from typed

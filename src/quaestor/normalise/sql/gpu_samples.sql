-- The samples of GPUs of one landed file, typed, with what is wrong with each row.
--
-- grain     one row per row of the file; rows refused go to quarantine.row
-- method    `landed` holds the file's columns as text, absent ones null (normalise/usage.py).
--           A GPU that did not answer is null: unobserved, never idle. Ratios lie in [0, 1]; a
--           percentage that nobody divided by 100 is refused rather than guessed at. Samples
--           that do not say of which GPU of their host they are may be of several, and are kept
-- source    usage.gpu_sample, warehouse/schema/003_usage.sql; NVML, nvmlUtilization_t, "Percent
--           of time over the past sample period during which one or more kernels was executing"
with typed as (
    select
        file_row, raw, host, gpu_uuid,
        try_cast(as_number(gpu_index) as integer) as gpu_index,
        gpu_model,
        as_time(sampled_at) as sampled_at,
        as_number(gpu_util_ratio)::double as gpu_util_ratio,
        as_number(memory_used_gib)::double as memory_used_gib,
        as_number(memory_gib)::double as memory_gib,
        as_number(power_watts)::double as power_watts,
        job, "user",
        concat_ws('; ',
            case when host is null then 'host is empty' end,
            case when sampled_at is null then 'sampled_at is empty' end,
            no_time('sampled_at', sampled_at),
            no_count('gpu_index', gpu_index),
            no_ratio('gpu_util_ratio', gpu_util_ratio),
            no_quantity('memory_used_gib', memory_used_gib),
            no_quantity('memory_gib', memory_gib),
            no_quantity('power_watts', power_watts)
        ) as reasons
    from landed
)
select
    host, gpu_uuid, gpu_index, gpu_model, sampled_at, gpu_util_ratio, memory_used_gib,
    memory_gib, power_watts, job, "user", file_row, raw,
    nullif(reasons, '') as refused
from typed

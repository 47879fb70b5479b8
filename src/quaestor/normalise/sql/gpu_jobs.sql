-- The GPU jobs of one landed file, typed, with what is wrong with each row.
--
-- grain     one row per row of the file; rows refused go to quarantine.row
-- method    `landed` holds the file's columns as text, absent ones null (normalise/usage.py).
--           gpu_hours is GPUs times the time from start to end; where the file gives no times,
--           what it states. A job that runs counts up to when the file was landed. Without an
--           end, and not running, gpu_hours is null: unknown, and told
-- source    usage.gpu_job, warehouse/schema/003_usage.sql
with typed as (
    select
        file_row, raw, job, name, "user", team, gpu_model,
        as_number(gpus)::double as gpus,
        as_time(started_at) as started_at,
        as_time(ended_at) as ended_at,
        job_state(lower(state)) as state,
        as_number(gpu_hours)::double as stated_gpu_hours,
        as_number(gpu_util_ratio)::double as gpu_util_ratio,
        labels, kind, model, model_version, run_id, instance_type,
        try_cast(as_number(instances) as integer) as instances,
        as_number(cpus)::double as cpus,
        as_number(ram_gib)::double as ram_gib,
        resource_id, sub_account, region, queue,
        as_time(submitted_at) as submitted_at,
        try_cast(as_number(attempt) as integer) as attempt,
        exit_code, reason, capacity_type,
        as_number(billed_gpu_hours)::double as billed_gpu_hours,
        as_number(kept_warm_gpu_hours)::double as kept_warm_gpu_hours,
        as_number(volume_gib)::double as volume_gib,
        artifact_uri,
        as_number(time_limit_hours)::double as time_limit_hours,
        as_number(cost_limit) as cost_limit,
        as_number(energy_kwh)::double as energy_kwh,
        try_cast(lower(is_checkpointed) as boolean) as is_checkpointed,
        concat_ws('; ',
            case when job is null then 'job is empty' end,
            no_quantity('gpus', gpus),
            case when as_number(gpus) > 1000000 then 'gpus ' || gpus || ' is no count of GPUs' end,
            no_time('started_at', started_at),
            no_time('ended_at', ended_at),
            no_time('submitted_at', submitted_at),
            case when as_time(ended_at) < as_time(started_at)
                then 'ended_at ' || ended_at || ' is before started_at ' || started_at end,
            case when state is not null and job_state(lower(state)) is null
                then 'state ' || shown(state) || ' is none of completed, failed, cancelled, '
                    || 'running, pending' end,
            no_quantity('gpu_hours', gpu_hours),
            no_quantity('billed_gpu_hours', billed_gpu_hours),
            no_quantity('kept_warm_gpu_hours', kept_warm_gpu_hours),
            no_quantity('volume_gib', volume_gib),
            no_quantity('time_limit_hours', time_limit_hours),
            no_quantity('cost_limit', cost_limit),
            no_quantity('energy_kwh', energy_kwh),
            no_ratio('gpu_util_ratio', gpu_util_ratio),
            no_count('instances', instances),
            no_quantity('cpus', cpus),
            no_quantity('ram_gib', ram_gib),
            no_count('attempt', attempt),
            case when is_checkpointed is not null
                and try_cast(lower(is_checkpointed) as boolean) is null
                then 'is_checkpointed ' || shown(is_checkpointed) || ' is neither true nor false'
            end,
            case when labels is not null and not is_json_object(labels)
                then 'labels is no JSON object' end
        ) as reasons
    from landed
)
select
    job, name, "user", team, gpu_model, gpus, started_at, ended_at, state,
    coalesce(
        gpu_hours_of(gpus, started_at, ended_at, state, $seen_at::timestamp), stated_gpu_hours
    ) as gpu_hours,
    gpu_util_ratio, labels, kind, model, model_version, run_id, instance_type, instances, cpus,
    ram_gib, resource_id, sub_account, region, queue, submitted_at, attempt, exit_code,
    reason, $seen_at::timestamp as seen_at, capacity_type, billed_gpu_hours, kept_warm_gpu_hours,
    volume_gib, artifact_uri, time_limit_hours, cost_limit, energy_kwh, is_checkpointed, file_row, raw,
    nullif(reasons, '') as refused
from typed

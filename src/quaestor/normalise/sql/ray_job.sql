-- Ray's jobs, each once, with what is wrong with a record.
--
-- grain     one row per job, and one per record that cannot be read (refused)
-- method    gpus are those that the job's metadata names (gpus, num_gpus): Ray's own
--           entrypoint_num_gpus are the driver's alone. Times are milliseconds since 1970. A job
--           that ran when Ray forgot it has no known end. A file is as old as the latest time in
--           it, at least
-- source    usage.gpu_job; Ray Jobs REST API, GET /api/jobs/, JobDetails
with field as (
    select
        file, sha256, row_number, object::varchar as raw,
        coalesce(object ->> '$.submission_id', object ->> '$.job_id') as job,
        lower(object ->> '$.status') as status,
        object ->> '$.start_time' as start_time,
        object ->> '$.end_time' as end_time,
        object ->> '$.error_type' as error_type,
        object ->> '$.driver_exit_code' as exit_code,
        coalesce((object ->> '$.forgotten')::boolean, false) as is_forgotten,
        object -> '$.metadata' as said
    from landed_object
),
typed as (
    select
        *,
        epoch_ms(nullif(try_cast(start_time as bigint), 0)) as started_at,
        epoch_ms(nullif(try_cast(end_time as bigint), 0)) as ended_at,
        job_state(status) as state,
        coalesce(said ->> 'gpus', said ->> 'num_gpus') as gpus_text
    from field
),
judged as (
    select
        *,
        case when $is_file
            then least($seen_at::timestamp, max(greatest(started_at, ended_at)) over (partition by file))
            else $seen_at::timestamp end as seen_at,
        as_number(gpus_text)::double as gpus,
        concat_ws('; ',
            case when state is null then 'status ' || coalesce(shown(status), '""')
                || ' is no state of a job' end,
            case when start_time is not null and try_cast(start_time as bigint) is null
                then 'start_time ' || shown(start_time) || ' is no time' end,
            case when end_time is not null and try_cast(end_time as bigint) is null
                then 'end_time ' || shown(end_time) || ' is no time' end,
            case when ended_at < started_at then 'end_time is before start_time' end,
            no_quantity('gpus', gpus_text)
        ) as reasons
    from typed
),
latest as (
    select *
    from judged
    qualify reasons <> '' or row_number() over (
        partition by job, reasons order by ended_at is null, started_at is null, file, row_number
    ) = 1
)
select
    job, coalesce(said ->> 'name', said ->> 'job_name') as name, said ->> 'user' as "user",
    said ->> 'team' as team, said ->> 'gpu_model' as gpu_model,
    gpus, started_at, ended_at,
    case when not is_forgotten or ended_at is not null then state end as state,
    case
        when started_at is null and ended_at is not null then 0 -- stopped before it began
        when not is_forgotten or ended_at is not null
        then gpu_hours_of(gpus, started_at, ended_at, state, seen_at)
    end as gpu_hours,
    nullif(said::varchar, '{}') as labels, 'ray-job' as kind,
    said ->> 'model' as model,
    coalesce(said ->> 'model_version', said ->> 'version') as model_version,
    said ->> 'run_id' as run_id,
    exit_code, error_type as reason, seen_at, file, sha256, row_number, raw,
    nullif(reasons, '') as refused
from latest

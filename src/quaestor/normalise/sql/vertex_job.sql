-- What Vertex AI's custom jobs, batch predictions and trials took, with what is wrong in words.
--
-- grain     one row per custom job and batch prediction; one per trial whose custom job is not
--           listed itself
-- input     $source, $seen_at; landed_object, vertex_name, vertex_version
-- method    GPUs are accelerators times replicas, of all worker pools; null where a machine with
--           GPUs, or with accelerators, is named without their number or without its replicas.
--           TPUs are no GPUs. Hours of a batch prediction are those that Vertex AI counts, because
--           its replicas come and go; the GPUs are those it starts with. The model is what the training pipeline around the job made, else
--           the label gov_model or model; of a batch prediction, what it asks. Nobody says who started a job
-- source    Vertex AI REST reference, customJobs, hyperparameterTuningJobs, trainingPipelines
with custom as (
    select
        place, file, sha256, row_number, object,
        case kind when 'batch-jobs' then 'batch-prediction' else 'custom-job' end as kind,
        object ->> '$.name' as job,
        object ->> '$.displayName' as name,
        object as timed
    from landed_object
    where kind in ('custom-jobs', 'batch-jobs')
    qualify row_number() over (partition by job order by place, row_number) = 1
),
-- A job of thousands of trials is not carried along with each of them.
tuning as materialized (
    select
        place, file, sha256, row_number,
        json_merge_patch(object, '{"trials": null}') as object,
        from_json(object -> '$.trials', '["JSON"]') as trials
    from landed_object
    where kind = 'tuning-jobs'
),
tried as (
    select * exclude (trials), unnest(trials) as trial from tuning
),
trial as (
    select
        place, file, sha256, row_number, object, 'tuning-trial' as kind,
        (object ->> '$.name') || '/trials/' || (trial ->> '$.id') as job,
        (object ->> '$.displayName') || ' trial ' || (trial ->> '$.id') as name,
        trial as timed
    from tried
    where coalesce(trial ->> '$.customJob', '') not in (
        select c.job from custom as c where c.job is not null
    )
    qualify row_number() over (partition by job order by place, row_number) = 1
),
every_job as (
    select * from custom
    union all
    select * from trial
),
pool as (
    select
        job,
        place_of_pool,
        p ->> '$.machineSpec.machineType' as machine_type,
        nullif(p ->> '$.machineSpec.acceleratorType', 'ACCELERATOR_TYPE_UNSPECIFIED')
            as accelerator,
        as_number(p ->> '$.machineSpec.acceleratorCount')::double as accelerators,
        case when (p -> '$.machineSpec') is null then 0
            else try_cast(p ->> '$.replicaCount' as integer) end as replicas,
        case
            when (p -> '$.machineSpec') is null then 0
            when accelerator like 'TPU%' then 0
            when accelerator is not null then accelerators * replicas
            when regexp_matches(machine_type, '^(a[0-9]|g[0-9])') then null
            else 0
        end as gpus
    from (
        select job, unnest(pools) as p, generate_subscripts(pools, 1) as place_of_pool
        from (
            select
                job,
                case
                    when kind <> 'batch-prediction'
                    then from_json(object -> '$.jobSpec.workerPoolSpecs', '["JSON"]')
                    when (object -> '$.dedicatedResources.machineSpec') is not null
                    then [json_object(
                        'machineSpec', object -> '$.dedicatedResources.machineSpec',
                        'replicaCount', object -> '$.dedicatedResources.startingReplicaCount'
                    )]
                end as pools
            from every_job
        )
    )
),
machines as (
    select
        job,
        case when count(gpus) = count(*) then sum(gpus) end as gpus,
        case when count(replicas) = count(*) then sum(replicas) end as instances,
        arg_min(machine_type, place_of_pool) as instance_type,
        sum(accelerators) filter (accelerator not like 'TPU%') as accelerators,
        string_agg(distinct accelerator, ', ' order by accelerator)
            filter (accelerator not like 'TPU%') as gpu_model
    from pool
    group by job
),
made as (
    select
        p.object ->> '$.trainingTaskMetadata.backingCustomJob' as job,
        min(p.object ->> '$.name') as run_id,
        arg_min(v.model, try_cast(v.version as integer)) as model,
        arg_min(v.version, try_cast(v.version as integer)) as version
    from landed_object as p
    left join vertex_version as v on v.run_id = (p.object ->> '$.name')
    where p.kind = 'training-pipelines'
    group by all
),
word as (
    select
        *,
        tag_map(object -> '$.labels') as tags,
        regexp_replace(timed ->> '$.state', '^JOB_STATE_', '') as state_word,
        case
            when state_word in ('SUCCEEDED', 'PARTIALLY_SUCCEEDED') then 'completed'
            when state_word in ('FAILED', 'EXPIRED', 'INFEASIBLE') then 'failed'
            when state_word = 'CANCELLED' then 'cancelled'
            when state_word = 'RUNNING' or state_word = 'UPDATING' or state_word = 'CANCELLING'
                or state_word = 'ACTIVE' or state_word = 'STOPPING' then 'running'
            when state_word in ('QUEUED', 'PENDING', 'PAUSED', 'REQUESTED') then 'pending'
        end as state,
        as_number(object ->> '$.resourcesConsumed.replicaHours')::double as replica_hours,
        timed ->> '$.startTime' as starts,
        timed ->> '$.endTime' as ends,
        as_time(starts) as started_at,
        as_time(ends) as ended_at
    from every_job
)
select
    $source as source,
    w.job,
    w.name,
    coalesce(said(w.tags, 'team'), filled(w.tags['team'])) as team,
    m.gpu_model,
    m.gpus,
    w.started_at,
    w.ended_at,
    w.state,
    case
        when w.replica_hours is not null and m.gpus is not null
        then w.replica_hours * coalesce(m.accelerators, 0)
        when w.kind = 'batch-prediction' and m.gpus <> 0 then null
        else job_gpu_hours(m.gpus, w.started_at, w.ended_at, w.state, $seen_at::timestamp)
    end as gpu_hours,
    (w.object -> '$.labels')::varchar as labels,
    w.kind,
    coalesce(asked.model, made.model, said(w.tags, 'model'), filled(w.tags['model'])) as model,
    coalesce(w.object ->> '$.modelVersionId', made.version) as model_version,
    made.run_id,
    m.instance_type,
    m.instances,
    case
        when w.object ->> '$.jobSpec.scheduling.strategy' in ('SPOT', 'LOW_COST')
            or w.object ->> '$.dedicatedResources.spot' = 'true' then 'spot'
        when w.object ->> '$.jobSpec.scheduling.strategy' in ('STANDARD', 'ON_DEMAND')
        then 'on-demand'
    end as capacity_type,
    '//aiplatform.googleapis.com/' || w.job as resource_id,
    split_part(w.place, '/', 1) as sub_account,
    split_part(w.place, '/', 2) as region,
    as_time(w.object ->> '$.createTime') as submitted_at,
    as_number(regexp_extract(
        w.object ->> '$.jobSpec.scheduling.timeout', '^([0-9.]+)s$', 1
    ))::double / 3600 as time_limit_hours,
    w.object ->> '$.error.code' as exit_code,
    w.object ->> '$.error.message' as reason,
    $seen_at::timestamp as seen_at,
    w.file,
    w.sha256,
    w.row_number,
    w.object::varchar as raw,
    case
        when coalesce(w.job, '') = '' then 'it has no name'
        when no_span(w.starts, w.started_at, w.ends, w.ended_at) is not null
        then no_span(w.starts, w.started_at, w.ends, w.ended_at)
        when m.gpus < 0 or m.gpus > 1000000 then 'its number of GPUs is none'
    end as refused
from word as w
left join machines as m on m.job = w.job
left join made on made.job = w.job
left join vertex_name as asked on asked.resource = split_part(w.object ->> '$.model', '@', 1)
order by w.job

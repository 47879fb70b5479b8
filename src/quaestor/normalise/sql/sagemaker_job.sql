-- The training, processing and transform jobs of SageMaker, with what is wrong with each.
--
-- grain     one row per job; those refused go to quarantine.row
-- input     $asked_at: when the source was read; `sagemaker_type`, `sagemaker_tag`
-- method    GPUs are those of every machine of every instance group, and unknown as soon as one
--           group's type is. GPU-hours are GPUs x the training time that SageMaker states, else
--           GPUs x the time from start to end; of a running job, up to when it was last seen.
--           Billed GPU-hours are what SageMaker bills, less than that with managed spot training.
--           A warm pool waits for the next job and is billed to the job that made it. A job that
--           was stopped is cancelled, one that a limit of its time stopped has failed, as in Slurm.
--           The model is the package that the job registered, or the tag's; where neither names
--           one, the registry is asked whose artifact it wrote (normalise/artifacts.py)
--           A job may run as long as its stopping condition says; waiting for spot machines is not
--           running
-- source    Amazon SageMaker API reference, DescribeTrainingJob (BillableTimeInSeconds: "multiply
--           by the number of instances"), DescribeProcessingJob, DescribeTransformJob
with told as (
    select
        split_part(place, '/', 1) as region, rtrim(kind, 's') as kind, file, sha256, row_number,
        object,
        coalesce(
            object -> 'ResourceConfig', object -> '$.ProcessingResources.ClusterConfig',
            object -> 'TransformResources', '{}'
        ) as resources,
        coalesce(
            object ->> 'TrainingJobArn', object ->> 'ProcessingJobArn', object ->> 'TransformJobArn'
        ) as job,
        coalesce(
            object ->> 'TrainingJobName', object ->> 'ProcessingJobName',
            object ->> 'TransformJobName'
        ) as name,
        coalesce(
            object ->> 'TrainingJobStatus', object ->> 'ProcessingJobStatus',
            object ->> 'TransformJobStatus'
        ) as status,
        coalesce(
            object ->> 'TrainingStartTime', object ->> 'ProcessingStartTime',
            object ->> 'TransformStartTime'
        ) as started,
        coalesce(
            object ->> 'TrainingEndTime', object ->> 'ProcessingEndTime',
            object ->> 'TransformEndTime'
        ) as ended
    from landed_object
    where kind in ('training-jobs', 'processing-jobs', 'transform-jobs')
),
grouped as (
    select
        job, row_number, sha256, region,
        unnest(
            case when json_array_length(resources -> 'InstanceGroups') > 0
                then from_json(
                    resources -> 'InstanceGroups',
                    '[{"InstanceType": "VARCHAR", "InstanceCount": "VARCHAR"}]'
                )
                else [{
                    'InstanceType': coalesce(
                        resources ->> 'SelectedInstanceType', resources ->> 'InstanceType'
                    ),
                    'InstanceCount': coalesce(
                        resources ->> 'SelectedInstanceCount', resources ->> 'InstanceCount'
                    )
                }] end
        ) as machines
    from told
),
machine as (
    select
        g.sha256, g.row_number, g.machines.InstanceType as instance_type,
        as_number(g.machines.InstanceCount)::double as instances,
        no_count('InstanceCount', g.machines.InstanceCount) as reason,
        t.cpus, t.ram_gib, t.gpus, t.gpu_model
    from grouped as g
    left join sagemaker_type as t
        on t.region = g.region and t.instance_type = g.machines.InstanceType
),
machines as (
    select
        sha256, row_number,
        nullif(string_agg(distinct instance_type, ', ' order by instance_type), '')
            as instance_type,
        case when bool_and(instances is not null) then sum(instances) end as instances,
        case when bool_and(instances * gpus is not null) then sum(instances * gpus) end as gpus,
        case when bool_and(instances * cpus is not null) then sum(instances * cpus) end as cpus,
        case when bool_and(instances * ram_gib is not null)
            then sum(instances * ram_gib) end as ram_gib,
        nullif(string_agg(distinct gpu_model, ', ' order by gpu_model), '') as gpu_model,
        string_agg(reason, '; ') as reason
    from machine
    group by all
),
timed as (
    select
        t.*, m.* exclude (sha256, row_number, reason),
        as_time(started) as started_at,
        as_time(ended) as ended_at,
        as_time(object ->> 'CreationTime') as submitted_at,
        coalesce(as_time(object ->> 'seen_at'), $asked_at::timestamp) as seen_at,
        as_number(object ->> 'TrainingTimeInSeconds')::double as training_seconds,
        as_number(object ->> 'BillableTimeInSeconds')::double as billable_seconds,
        as_number(object ->> '$.WarmPoolStatus.ResourceRetainedBillableTimeInSeconds')::double
            as retained_seconds,
        nullif(concat_ws('; ',
            case when not coalesce(regexp_full_match(job, 'arn:[^:]+:sagemaker:[^:]+:[^:]+:.+'), false)
                then 'the job has no ARN' end,
            case when status is null then 'the job has no status' end,
            case when started is not null and as_time(started) is null
                then 'the start ' || shown(started) || ' is no time' end,
            case when ended is not null and as_time(ended) is null
                then 'the end ' || shown(ended) || ' is no time' end,
            case when as_time(ended) < as_time(started) then 'it ends before it starts' end,
            no_quantity('TrainingTimeInSeconds', object ->> 'TrainingTimeInSeconds'),
            no_quantity('BillableTimeInSeconds', object ->> 'BillableTimeInSeconds'),
            m.reason
        ), '') as refused
    from told as t
    left join machines as m on m.sha256 = t.sha256 and m.row_number = t.row_number
),
package as (
    select
        *,
        package_of(object ->> 'OutputModelPackageArn') as package,
        epoch(coalesce(ended_at, greatest(seen_at, started_at)) - started_at) as elapsed_seconds
    from timed
)
select
    p.job,
    p.name,
    s.team,
    p.gpu_model,
    p.gpus,
    p.started_at,
    p.ended_at,
    case p.status
        when 'Completed' then 'completed'
        when 'Failed' then 'failed'
        when 'Stopped' then case
            when (p.object ->> 'SecondaryStatus') in ('MaxRuntimeExceeded', 'MaxWaitTimeExceeded')
            then 'failed' else 'cancelled' end
        when 'Stopping' then 'running'
        when 'InProgress' then case when p.started_at is null then 'pending' else 'running' end
    end as state,
    case
        when p.started_at is null and (
            p.status = 'InProgress'
            or (p.status in ('Failed', 'Stopped') and p.training_seconds is null)
        ) then 0 -- it never had a machine
        else p.gpus * coalesce(
            case when p.ended_at is not null then p.training_seconds end, p.elapsed_seconds
        ) / 3600 end as gpu_hours,
    p.object ->> 'Tags' as labels,
    p.kind,
    coalesce(p.package.model, s.model) as model,
    case when p.package.model is not null then p.package.version else s.model_version end
        as model_version,
    p.job as run_id, -- what a model package is generated by
    p.instance_type,
    p.instances::integer as instances,
    p.cpus,
    p.ram_gib,
    p.job as resource_id,
    split_part(p.job, ':', 5) as sub_account,
    p.region,
    p.submitted_at,
    coalesce(
        nullif(p.object ->> 'FailureReason', ''),
        nullif(p.object ->> 'ExitMessage', ''),
        case when (p.object ->> 'SecondaryStatus')
            in ('MaxRuntimeExceeded', 'MaxWaitTimeExceeded', 'Interrupted')
            then p.object ->> 'SecondaryStatus' end
    ) as reason,
    p.seen_at,
    case
        when (p.object ->> 'EnableManagedSpotTraining') = 'true' then 'spot'
        when (p.resources ->> 'TrainingPlanArn') is not null then 'reserved'
        when p.instance_type is not null then 'on-demand'
    end as capacity_type,
    p.gpus * p.billable_seconds / 3600 as billed_gpu_hours,
    p.gpus * p.retained_seconds / 3600 as kept_warm_gpu_hours,
    try_cast(p.resources ->> 'VolumeSizeInGB' as double) * p.instances as volume_gib,
    case when coalesce(p.package.model, s.model) is null
        then p.object ->> '$.ModelArtifacts.S3ModelArtifacts' end as artifact_uri,
    as_number(p.object ->> '$.StoppingCondition.MaxRuntimeInSeconds')::double / 3600
        as time_limit_hours,
    -- One that is not told to may write them all the same.
    case when (p.object ->> '$.CheckpointConfig.S3Uri') <> '' then true end as is_checkpointed,
    p.file, p.sha256, p.row_number, p.object::varchar as raw, p.refused
from package as p
left join sagemaker_tag as s on s.resource_id = p.job

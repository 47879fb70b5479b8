-- What the jobs of a workspace took, with what is wrong in words.
--
-- grain     one row per job; children of pipelines and sweeps are jobs, too
-- input     $source, $seen_at; azure_ml_every_job, azure_ml_size, azure_ml_version, landed_object
-- method    GPUs are those of the size (of the compute, or asked for by the job) times the
--           instances, one unless said. Null where a size is not in the list of sizes, and on
--           Kubernetes and machines of one's own. A pipeline or sweep has none itself: its children
--           have them; null where nobody shows its children. Hours are null where nobody says when
--           it ran. Azure's bill names no job: resource_id is the compute, inside the workspace that
--           the bill names
-- source    Microsoft, REST reference "Jobs - List", "Compute - List", "Resource SKUs - List"
with compute as (
    select
        lower(object ->> '$.id') as compute_id,
        object ->> '$.properties.computeType' as compute_type,
        case object ->> '$.properties.properties.vmPriority'
            when 'LowPriority' then 'spot' when 'Dedicated' then 'on-demand' end as capacity_type,
        coalesce(
            object ->> '$.properties.properties.vmSize',
            object ->> '$.properties.properties.agentVmSize'
        ) as size
    from landed_object
    where kind = 'computes'
    qualify row_number() over (partition by compute_id order by row_number) = 1
),
workspace as (
    select
        any_value(lower(object ->> '$.id')) as id,
        any_value(object ->> '$.location') as location
    from landed_object
    where kind = 'workspace'
),
made as (
    select run_id, min(model) as model, arg_min(version, model || ':' || version) as version
    from azure_ml_version
    where run_id is not null
    group by run_id
),
machine as (
    select
        j.*,
        coalesce(try_cast(p ->> '$.resources.instanceCount' as integer), 1) as asked_instances,
        coalesce(
            case when c.compute_type = 'Kubernetes' or c.compute_type = 'AKS' then null else c.size end,
            case when c.compute_id is null then filled(p ->> '$.resources.instanceType') end
        ) as size,
        filled(p ->> '$.computeId') as compute_id,
        c.capacity_type,
        case status
            when 'Completed' then 'completed'
            when 'Failed' then 'failed'
            when 'NotResponding' then 'failed'
            when 'Canceled' then 'cancelled'
            when 'Running' then 'running'
            when 'Finalizing' then 'running'
            when 'CancelRequested' then 'running'
            when 'NotStarted' then 'pending'
            when 'Starting' then 'pending'
            when 'Provisioning' then 'pending'
            when 'Preparing' then 'pending'
            when 'Queued' then 'pending'
            when 'Paused' then 'pending'
            when 'Scheduled' then 'pending'
        end as state
    from azure_ml_every_job as j
    left join compute as c on c.compute_id = lower(j.p ->> '$.computeId')
),
counted as (
    select
        m.*,
        s.gpu_model as model_of_gpu,
        s.cpus as cpus_of_one,
        s.ram_gib as ram_of_one,
        case
            when (job_type = 'pipeline' or job_type = 'sweep') and has_children then 0
            when job_type = 'pipeline' or job_type = 'sweep' then null
            else s.gpus * asked_instances
        end as gpus
    from machine as m
    left join azure_ml_size as s on s.size = lower(m.size)
)
select
    $source as source,
    c.job,
    coalesce(filled(p ->> '$.displayName'), c.job) as name,
    c.object ->> '$.systemData.createdBy' as "user",
    coalesce(said(c.tags, 'team'), filled(c.tags['team'])) as team,
    case when gpus > 0 then model_of_gpu end as gpu_model,
    gpus,
    c.started_at,
    c.ended_at,
    c.state,
    job_gpu_hours(gpus, c.started_at, c.ended_at, c.state, $seen_at::timestamp) as gpu_hours,
    (p -> '$.tags')::varchar as labels,
    'azure-ml-' || coalesce(job_type, 'job') as kind,
    coalesce(made.model, said(c.tags, 'model'), filled(c.tags['model'])) as model,
    made.version as model_version,
    c.job as run_id,
    c.size as instance_type,
    case when c.size is not null then asked_instances end as instances,
    c.capacity_type,
    cpus_of_one * asked_instances as cpus,
    ram_of_one * asked_instances as ram_gib,
    lower(coalesce(compute_id, w.id)) as resource_id,
    regexp_extract(w.id, '^/subscriptions/([^/]+)', 1) as sub_account,
    w.location as region,
    regexp_extract(compute_id, '[^/]+$') as queue,
    as_time(c.object ->> '$.systemData.createdAt') as submitted_at,
    iso_hours(p ->> '$.limits.timeout') as time_limit_hours,
    $seen_at::timestamp as seen_at,
    c.file,
    c.sha256,
    c.row_number,
    c.object::varchar as raw,
    case
        when coalesce(c.job, '') = '' then 'it has no name'
        when no_span(c.starts, c.started_at, c.ends, c.ended_at) is not null
        then no_span(c.starts, c.started_at, c.ends, c.ended_at)
        when asked_instances < 0 or asked_instances > 100000
        then 'its number of instances is none'
    end as refused
from counted as c
cross join workspace as w
left join made on made.run_id = c.job
order by c.job

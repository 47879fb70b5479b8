-- What the GPUs of jobs did on a day: of Slurm, Ray, SageMaker, Vertex AI, Azure ML and files.
--
-- grain     one row per day, source, queue or account, machine (resource_id), GPU model, kind,
--           owner, and whether the work came to nothing
-- hours     hours     usage.gpu_job's, over its days by time; where no end is known, all of them
--                     stand on the day it started
--           observed  where the source or samples tell of use; used: x the ratio
--           stalled   observed under 0.05 while the job ran: of the whole job where its source
--                     tells one ratio, sample by sample where hosts were sampled. Of work that
--                     came to nothing none: all of it is lost whatever its GPUs did
-- method    work came to nothing where the job failed, was cancelled or pre-empted. Jobs on nodes
--           that a cluster source tells of on that day are the cluster's and left out; Ray's are
--           where that cluster has pods of Ray. A ratio outside [0, 1] is unobserved. Samples are
--           of a job by its name, where one source has that name. gpu_ratio is the part of what
--           its machines cost that their GPUs stand for by the price book's weights
-- rounding  hours to a billionth; the last day gets the rest
-- rows from usage.gpu_job
with digit as (
    select n
    from (values (0), (1), (2), (3), (4), (5), (6), (7), (8), (9)) as t(n)
),
number as (
    select a.n + 10 * b.n + 100 * c.n + 1000 * d.n as n
    from digit as a cross join digit as b cross join digit as c cross join digit as d
),
job as (
    select
        source, job, coalesce(kind, 'job') as kind, gpu_model,
        lower(capacity_type) as capacity_type,
        team, model, model_version, resource_id, queue, sub_account, gpus, cpus, ram_gib,
        state in ('failed', 'cancelled') as is_failed,
        case when util_samples is null and gpu_util_ratio between 0 and 1 then gpu_util_ratio end
            as ratio,
        started_at,
        greatest(
            started_at,
            coalesce(ended_at, case when state = 'running' then seen_at end, started_at)
        ) as stopped_at,
        gpu_hours::decimal(18, 9) as hours,
        resource_id = job or right(resource_id, length(job) + 1) = '/' || job as machine_is_its_own
    from usage.gpu_job
    where gpus > 0 and gpu_hours > 0 and gpu_hours < 1000000000 and started_at is not null
),
day_of_job as (
    select
        j.*, (j.started_at::date + n.n::integer)::date as day,
        n.n = date_diff('day', j.started_at::date, j.stopped_at::date) as is_last,
        date_diff('microsecond', j.started_at, j.stopped_at) as length,
        greatest(date_diff(
            'microsecond', j.started_at, (j.started_at::date + n.n::integer)::timestamp
        ), 0) as from_length,
        date_diff(
            'microsecond', j.started_at, (j.started_at::date + (n.n + 1)::integer)::timestamp
        ) as upto_length
    from job as j
    join number as n on n.n <= date_diff('day', j.started_at::date, j.stopped_at::date)
),
part as (
    select
        *,
        case when is_last then hours
            else (hours::double * (upto_length::double / length::double))::decimal(18, 9) end
        - case when from_length = 0 then 0
            else (hours::double * (from_length::double / length::double))::decimal(18, 9) end
            as day_hours
    from day_of_job
),
on_node as (
    select distinct day, machine as name from ledger.gpu_cluster_day where machine is not null
    union
    select distinct day, node from ledger.gpu_cluster_day
),
ray_pod as (
    select distinct p.cluster
    from usage.pod as p
    where p.owner_kind in ('RayCluster', 'RayJob', 'RayService')
),
on_ray as (
    select distinct day, 'ray-job' as kind
    from ledger.gpu_cluster_day where cluster in (select cluster from ray_pod)
),
kept as (
    select p.*
    from part as p
    left join on_node as n on n.day = p.day and n.name = p.resource_id
    left join on_ray as r on r.day = p.day and r.kind = p.kind and p.resource_id is null
    where n.name is null and r.kind is null and p.day_hours > 0
),
named as (
    select job from usage.gpu_job group by job having count(distinct source) = 1
),
sampled as (
    select day, job, sum(observed_hours) as observed, sum(used_hours) as used, sum(low_hours) as low
    from ledger.gpu_sample_day
    where job in (select job from named)
    group by day, job
),
asked as (
    select day, job, sum(day_hours) as hours from kept group by day, job
),
seen as (
    select
        k.*,
        case
            when k.ratio is not null then k.day_hours
            else (
                k.day_hours * least(coalesce(s.observed, 0)::double / a.hours::double, 1)
            )::decimal(18, 9)
        end as observed_hours,
        coalesce(k.ratio, s.used::double / nullif(s.observed, 0)::double, 0) as used_ratio,
        case
            when k.ratio is not null then (k.ratio < 0.05)::integer
            else coalesce(s.low::double / nullif(s.observed, 0)::double, 0)
        end as low_ratio
    from kept as k
    join asked as a on a.day = k.day and a.job = k.job
    left join sampled as s on s.day = k.day and s.job = k.job
),
weighed as (
    select
        s.*,
        -- least() would take cores or memory that nobody tells for the most there can be.
        case when s.cpus is not null and s.ram_gib is not null then share_ratio(
            (least(s.gpus, 1000000) * w.gpu_weight)::decimal(18, 9),
            (
                least(s.gpus, 1000000) * w.gpu_weight + least(s.cpus, 1000000) * w.core_weight
                + least(s.ram_gib, 10000000) * w.gib_weight
            )
                ::decimal(18, 9)
        ) end as gpu_ratio
    from seen as s
    left join ledger.unit_weight as w
        on w.gpu_model = s.gpu_model and s.machine_is_its_own
)
select
    s.day, s.source, coalesce(s.queue, s.sub_account, '') as cluster,
    coalesce(nullif(regexp_extract(s.resource_id, '[^/]+$', 0), ''), '') as node,
    s.resource_id as machine, s.gpu_model, s.kind, s.capacity_type, s.team, s.model,
    s.model_version, s.is_failed,
    case when min(s.gpu_ratio) = max(s.gpu_ratio) and count(s.gpu_ratio) = count(*)
        then min(s.gpu_ratio) end as gpu_ratio,
    sum(s.day_hours)::decimal(38, 9) as hours,
    sum(s.observed_hours)::decimal(38, 9) as observed_hours,
    sum((s.observed_hours * s.used_ratio)::decimal(18, 9))::decimal(38, 9) as used_hours,
    sum(
        case when s.is_failed then 0
            else (s.observed_hours * s.low_ratio)::decimal(18, 9) end
    )::decimal(38, 9) as stalled_hours
from weighed as s
group by
    s.day, s.source, coalesce(s.queue, s.sub_account, ''),
    coalesce(nullif(regexp_extract(s.resource_id, '[^/]+$', 0), ''), ''), s.resource_id,
    s.gpu_model, s.kind, s.capacity_type, s.team, s.model, s.model_version, s.is_failed

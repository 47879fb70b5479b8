-- What the GPUs of clusters did on a day, by who had them.
--
-- grain     one row per day, node source, cluster, node, machine (provider_id), GPU model, team,
--           model and version; no owner: capacity that nobody requested, pods that name none
-- hours     hours        paid: GPUs x the part of the hour the node was up (unknown: the whole)
--           observed     requested hours with a ratio; hours nobody requested while the node was
--                        up and a pod of its cluster tells of that hour; what devices tell
--           used         requested hours x gpu_used_ratio; busy devices that nobody requested
--           unscheduled  nobody requested them, and no device was busy
--           stalled      requested by work that runs to an end (a Job, a Workflow, ...) with a
--                        ratio under 0.05: it ran, and its GPUs did next to nothing
--           idle         requested by anything else, with a ratio under 0.05; and idle devices
--                        of clusters that tell of no pods
-- method    a pod owes its request while it ran. Requests beyond what was paid are scaled down to
--           it, so that the shares of a GPU never exceed it. Nodes and pods meet by cluster, node
--           and hour; the first source by name counts: of a node in an hour, of a cluster's pods
--           on a day. A ratio outside [0, 1] is unobserved, an up_ratio outside it unknown. Pods
--           on no known node and nodes without GPUs are left out
-- rounding  hours to a billionth; the last of those scaled down gets the rest
-- source    idle under 5 %: the usual threshold for "no work" on a GPU's engine-active ratio
with told_node as (
    select cluster, node, hour, min(source) as source
    from usage.node_hour
    where gpus > 0 and hour::date in (select day from ledger.stale_day)
    group by cluster, node, hour
),
node as (
    select
        n.source, n.cluster, n.node, n.hour, n.hour::date as day,
        min(n.provider_id) as machine, min(n.gpu_model) as gpu_model,
        coalesce(min(n.up_ratio) between 0 and 1, false) as is_up_known,
        (
            max(n.gpus) * coalesce(min(case when n.up_ratio between 0 and 1 then n.up_ratio end), 1)
        )::decimal(18, 9) as paid
    from usage.node_hour as n
    join told_node as t
        on t.cluster = n.cluster and t.node = n.node and t.hour = n.hour and t.source = n.source
    where n.gpus > 0
    group by n.source, n.cluster, n.node, n.hour
),
told as (
    select cluster, hour, hour::date as day, min(source) as source
    from usage.pod_hour
    where gpu_request is not null and hour::date in (select day from ledger.stale_day)
    group by cluster, hour
),
told_day as (
    select cluster, day, min(source) as source from told group by cluster, day
),
pod as (
    select
        p.cluster, p.namespace, p.pod, p.node, p.hour,
        case when p.gpu_used_ratio between 0 and 1 then p.gpu_used_ratio end as ratio,
        (
            p.gpu_request * case when p.up_ratio between 0 and 1 then p.up_ratio else 1 end
        )::decimal(18, 9) as asked
    from usage.pod_hour as p
    join told_day as t
        on t.cluster = p.cluster and t.day = p.hour::date and t.source = p.source
    where p.gpu_request > 0 and p.hour::date in (select day from ledger.stale_day)
),
claim as (
    select
        n.day, n.source, n.cluster, n.node, n.hour, n.machine, n.gpu_model, n.paid,
        p.namespace, p.pod, p.ratio, p.asked
    from pod as p
    join node as n on n.cluster = p.cluster and n.node = p.node and n.hour = p.hour
    where p.asked > 0
),
asked as (
    select
        cluster, node, hour, sum(asked) as asked,
        coalesce(sum(asked) filter (where ratio is null), 0) as unobserved
    from claim
    group by cluster, node, hour
),
-- Of requests beyond what was paid, each up to which part of it.
crowded as (
    select
        c.*, a.asked as all_asked,
        sum(c.asked) over (
            partition by c.cluster, c.node, c.hour order by c.asked desc, c.namespace, c.pod
            rows between unbounded preceding and current row
        ) as upto
    from claim as c
    join asked as a on a.cluster = c.cluster and a.node = c.node and a.hour = c.hour
    where a.asked > c.paid
),
fitted as (
    select
        c.day, c.source, c.cluster, c.node, c.machine, c.gpu_model, c.namespace, c.pod, c.ratio,
        c.asked as hours
    from claim as c
    join asked as a on a.cluster = c.cluster and a.node = c.node and a.hour = c.hour
    where a.asked <= c.paid
    union all
    select
        day, source, cluster, node, machine, gpu_model, namespace, pod, ratio,
        (paid::double * (upto::double / all_asked::double))::decimal(18, 9)
        - (paid::double * ((upto - asked)::double / all_asked::double))::decimal(18, 9)
    from crowded
),
pod_day as (
    select
        day, source, cluster, node, machine, gpu_model, namespace, pod,
        sum(hours) as hours,
        coalesce(sum(hours) filter (where ratio is not null), 0) as observed_hours,
        sum((hours * coalesce(ratio, 0))::decimal(18, 9)) as used_hours,
        coalesce(sum(hours) filter (where ratio < 0.05), 0) as low_hours
    from fitted
    group by day, source, cluster, node, machine, gpu_model, namespace, pod
),
owner as (
    select
        day, cluster, namespace, pod, min(team) as team, min(model) as model,
        min(model_version) as model_version
    from ledger.pod_owner
    group by day, cluster, namespace, pod
),
-- Pods of work that runs to an end.
batch as (
    select distinct cluster, namespace, pod, true as is_batch
    from usage.pod
    where owner_kind in (
        'Job', 'CronJob', 'PyTorchJob', 'TFJob', 'MPIJob', 'XGBoostJob', 'PaddleJob', 'JAXJob',
        'TrainJob', 'RayJob', 'SparkApplication', 'Workflow', 'PipelineRun', 'TaskRun', 'JobSet',
        'AppWrapper', 'Experiment', 'Trial'
    )
),
device as (
    select
        cluster, node, hour,
        coalesce(sum(observed_ratio) filter (where used_ratio >= 0.05), 0) as busy,
        coalesce(sum(used_ratio * observed_ratio) filter (where used_ratio >= 0.05), 0) as used,
        coalesce(sum(observed_ratio) filter (where used_ratio < 0.05), 0) as low
    from usage.gpu_device_hour
    where pod is null and mig_profile is null and used_ratio between 0 and 1
        and observed_ratio between 0 and 1 and hour::date in (select day from ledger.stale_day)
    group by cluster, node, hour
),
free as (
    select
        n.day, n.source, n.cluster, n.node, n.machine, n.gpu_model,
        n.paid - least(coalesce(a.asked, 0), n.paid) as hours,
        n.is_up_known and t.hour is not null as is_told,
        least(
            greatest(coalesce(d.busy, 0)::decimal(18, 9) - coalesce(a.unobserved, 0), 0),
            n.paid - least(coalesce(a.asked, 0), n.paid)
        ) as busy,
        coalesce(d.used / nullif(d.busy, 0), 0) as busy_ratio,
        coalesce(d.low, 0)::decimal(18, 9) as low
    from node as n
    left join asked as a on a.cluster = n.cluster and a.node = n.node and a.hour = n.hour
    left join told as t on t.cluster = n.cluster and t.hour = n.hour
    left join device as d on d.cluster = n.cluster and d.node = n.node and d.hour = n.hour
),
line as (
    select
        p.day, p.source, p.cluster, p.node, p.machine, p.gpu_model, o.team, o.model,
        o.model_version, p.hours, p.observed_hours, p.used_hours,
        0::decimal(38, 9) as unscheduled_hours,
        case when b.is_batch then 0 else p.low_hours end as idle_hours,
        case when b.is_batch then p.low_hours else 0 end as stalled_hours
    from pod_day as p
    left join owner as o
        on o.day = p.day and o.cluster = p.cluster and o.namespace = p.namespace and o.pod = p.pod
    left join batch as b
        on b.cluster = p.cluster and b.namespace = p.namespace and b.pod = p.pod
    union all
    select
        day, source, cluster, node, machine, gpu_model, null, null, null, hours,
        case when is_told then hours else busy + least(low, hours - busy) end,
        (busy * busy_ratio)::decimal(18, 9),
        case when is_told then hours - busy else 0 end,
        case when is_told then 0 else least(low, hours - busy) end,
        0
    from free
),
placed as (
    select cluster, node, min(lower(capacity_type)) as capacity_type
    from usage.node
    group by cluster, node
)
select
    l.day, l.source, l.cluster, l.node, l.machine, l.gpu_model, p.capacity_type, l.team, l.model,
    l.model_version,
    sum(l.hours)::decimal(38, 9) as hours,
    sum(l.observed_hours)::decimal(38, 9) as observed_hours,
    sum(l.used_hours)::decimal(38, 9) as used_hours,
    sum(l.unscheduled_hours)::decimal(38, 9) as unscheduled_hours,
    sum(l.idle_hours)::decimal(38, 9) as idle_hours,
    sum(l.stalled_hours)::decimal(38, 9) as stalled_hours
from line as l
left join placed as p on p.cluster = l.cluster and p.node = l.node
group by
    l.day, l.source, l.cluster, l.node, l.machine, l.gpu_model, p.capacity_type, l.team, l.model,
    l.model_version

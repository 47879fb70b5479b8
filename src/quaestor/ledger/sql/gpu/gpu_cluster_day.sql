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
-- method    a pod owes its request while it ran, of slices and shares what ledger.pod_gpu says.
--           Requests beyond what was paid are scaled down to it, so that the shares of a GPU never
--           exceed it. Nodes and pods meet by cluster, node and hour; the first source by name
--           counts: of a node, of a cluster's pods on a day. A ratio outside [0, 1] is unobserved.
--           Where a node's day is even (one machine, its pods there while it was and with room for
--           the most they asked), sums by day do; the others are read hour by hour. Pods on no
--           known node and nodes without GPUs are left out. Where a pod has devices by a claim
--           (ledger.pod_claim), what nobody requested is unobserved
-- rounding  hours to a billionth; the last of those scaled down gets the rest
-- source    idle under 5 %: the usual threshold for "no work" on a GPU's engine-active ratio
-- rows from ledger.node_day
with node as (
    select
        day, cluster, node, min(source) as source, min(machine) as machine,
        min(gpu_model) as gpu_model, min(capacity_type) as capacity_type,
        sum(gpu_hours)::decimal(38, 9) as paid, min(gpus) as gpus,
        bit_or(hours_seen) as hours_seen, bool_and(is_up_known) as is_up_known,
        bool_and(is_even) and count(*) = 1 as is_even
    from ledger.node_day
    where gpu_hours is not null and gpus is not null
        and day in (select day from ledger.stale_day)
    group by day, cluster, node
    having max(gpu_hours) > 0 or max(gpus) > 0 or (sum(hours) = 0 and max(gpu_model) is not null)
),
told as (
    select
        hour::date as day, cluster, source, bit_or(1::bigint << extract(hour from hour)::integer)
            as hours_told
    from usage.pod_hour
    where gpu_request is not null and hour::date in (select day from ledger.stale_day)
        and hour >= (select min(day) from ledger.stale_day)
    group by hour::date, cluster, source
),
claimed as (
    select distinct day, cluster, node from ledger.pod_claim
    where day in (select day from ledger.stale_day)
),
first_source as (
    select day, cluster, min(source) as source, bit_or(hours_told) as hours_told
    from told
    group by day, cluster
),
asking as (
    select
        p.hour, p.hour::date as day, p.source, p.cluster, p.node, p.namespace, p.pod,
        (
            least(coalesce(g.gpus, p.gpu_request), 1000000)
            * case when p.up_ratio between 0 and 1 then p.up_ratio else 1 end
        )::decimal(18, 9) as asked,
        case when p.gpu_used_ratio between 0 and 1 then p.gpu_used_ratio end as ratio
    from usage.pod_hour as p
    left join ledger.pod_gpu as g
        on g.cluster = p.cluster and g.namespace = p.namespace and g.pod = p.pod
    where p.gpu_request > 0 and p.hour::date in (select day from ledger.stale_day)
        and p.hour >= (select min(day) from ledger.stale_day)
),
pod as (
    select
        day, source, cluster, node, namespace, pod, count(*) as samples,
        bit_or(1::bigint << extract(hour from hour)::integer) as hours_seen,
        sum(asked) as hours, max(asked) as most,
        coalesce(sum(case when ratio is not null then asked end), 0) as observed_hours,
        coalesce(sum((asked * ratio)::decimal(18, 9)), 0) as used_hours,
        coalesce(sum(case when ratio < 0.05 then asked end), 0) as low_hours
    from asking
    group by day, source, cluster, node, namespace, pod
),
chosen as (
    select p.*
    from pod as p
    join first_source as f
        on f.day = p.day and f.cluster = p.cluster and f.source = p.source
),
crowd as (
    select
        day, cluster, node, sum(most) as most, bit_or(hours_seen) as hours_seen,
        bool_or(bit_count(hours_seen) <> samples) as has_copies
    from chosen
    where node is not null
    group by day, cluster, node
),
judged as (
    select
        n.day, n.cluster, n.node, n.source, n.machine, n.gpu_model, n.capacity_type, n.paid,
        n.is_up_known and coalesce(f.hours_told & n.hours_seen, 0) <> 0 and k.node is null
            as is_told, n.gpus,
        n.is_even and not coalesce(c.has_copies, false) and coalesce(c.most, 0) <= n.gpus
        and coalesce(c.hours_seen & n.hours_seen = c.hours_seen, true)
        and coalesce(f.hours_told & n.hours_seen, 0) in (0, n.hours_seen) as is_plain
    from node as n
    left join crowd as c on c.day = n.day and c.cluster = n.cluster and c.node = n.node
    left join claimed as k on k.day = n.day and k.cluster = n.cluster and k.node = n.node
    left join first_source as f on f.day = n.day and f.cluster = n.cluster
),
-- The others hour by hour, as ledger.node_day reads them.
node_hour as (
    select
        j.day, j.source, j.cluster, j.node, h.hour, max(h.provider_id) as machine,
        max(h.gpu_model) as gpu_model,
        max(h.up_ratio) is not null as is_up_known,
        (
            case when max(h.up_ratio) > 1 then 1 when max(h.up_ratio) < 0 then 0
                else coalesce(max(h.up_ratio), 1) end::decimal(18, 9)
            * case when max(h.gpus) > 1000000 then 1000000 when max(h.gpus) < 0 then 0
                else coalesce(max(h.gpus), max(j.gpus)) end::decimal(18, 9)
        )::decimal(18, 9) as paid
    from usage.node_hour as h
    join judged as j
        on j.day = h.hour::date and j.cluster = h.cluster and j.node = h.node
        and j.source = h.source
    where not j.is_plain
    group by j.day, j.source, j.cluster, j.node, h.hour
),
claim as (
    select
        n.day, n.source, n.cluster, n.node, n.hour, n.machine, n.gpu_model, n.paid, p.namespace,
        p.pod, max(p.gpu_used_ratio) as ratio,
        max((
            least(coalesce(g.gpus, p.gpu_request), 1000000)
            * case when p.up_ratio between 0 and 1 then p.up_ratio else 1 end
        )::decimal(18, 9)) as asked
    from usage.pod_hour as p
    join node_hour as n on n.cluster = p.cluster and n.node = p.node and n.hour = p.hour
    join first_source as f on f.day = n.day and f.cluster = p.cluster and f.source = p.source
    left join ledger.pod_gpu as g
        on g.cluster = p.cluster and g.namespace = p.namespace and g.pod = p.pod
    where p.gpu_request > 0 and n.paid > 0
        and p.hour >= (select min(day) from ledger.stale_day)
    group by
        n.day, n.source, n.cluster, n.node, n.hour, n.machine, n.gpu_model, n.paid, p.namespace,
        p.pod
),
summed as (
    select
        *,
        sum(asked) over (partition by cluster, node, hour) as all_asked,
        sum(asked) over (
            partition by cluster, node, hour order by asked desc, namespace, pod
            rows between unbounded preceding and current row
        ) as upto
    from claim
    where asked > 0
),
fitted as (
    select
        day, source, cluster, node, hour, machine, gpu_model, namespace, pod,
        case when ratio between 0 and 1 then ratio end as ratio,
        case
            when all_asked <= paid then asked
            else (paid::double * (upto::double / all_asked::double))::decimal(18, 9)
                - (paid::double * ((upto - asked)::double / all_asked::double))::decimal(18, 9)
        end as hours
    from summed
),
fitted_hour as (
    select cluster, node, hour, sum(hours) as hours from fitted group by cluster, node, hour
),
held as (
    select
        j.day, j.source, j.cluster, j.node, j.machine, j.gpu_model, p.namespace, p.pod, p.hours,
        p.observed_hours, p.used_hours, p.low_hours
    from chosen as p
    join judged as j on j.day = p.day and j.cluster = p.cluster and j.node = p.node
    where j.is_plain
    union all
    select
        day, source, cluster, node, machine, gpu_model, namespace, pod, sum(hours),
        coalesce(sum(case when ratio is not null then hours end), 0),
        sum((hours * coalesce(ratio, 0))::decimal(18, 9)),
        coalesce(sum(case when ratio < 0.05 then hours end), 0)
    from fitted
    group by day, source, cluster, node, machine, gpu_model, namespace, pod
),
held_day as (
    select
        day, cluster, node, sum(hours) as hours, sum(hours - observed_hours) as unobserved
    from held
    group by day, cluster, node
),
-- What nobody asked for, by whether anybody tells of that time.
rest as (
    select
        j.day, j.source, j.cluster, j.node, j.machine, j.gpu_model,
        j.paid - coalesce(h.hours, 0) as hours,
        case when j.is_told then j.paid - coalesce(h.hours, 0) else 0 end as told_hours
    from judged as j
    left join held_day as h on h.day = j.day and h.cluster = j.cluster and h.node = j.node
    where j.is_plain
    union all
    select
        n.day, n.source, n.cluster, n.node, n.machine, n.gpu_model,
        sum(n.paid - coalesce(h.hours, 0)),
        sum(case
            when n.is_up_known and k.node is null
                and (f.hours_told & (1::bigint << extract(hour from n.hour)::integer)) <> 0
            then n.paid - coalesce(h.hours, 0) else 0
        end)
    from node_hour as n
    left join fitted_hour as h on h.cluster = n.cluster and h.node = n.node and h.hour = n.hour
    left join first_source as f on f.day = n.day and f.cluster = n.cluster
    left join claimed as k on k.day = n.day and k.cluster = n.cluster and k.node = n.node
    group by n.day, n.source, n.cluster, n.node, n.machine, n.gpu_model
),
device as (
    select
        hour::date as day, cluster, node,
        sum(case when used_ratio >= 0.05 then observed_ratio::decimal(18, 9) else 0 end) as busy,
        sum(
            case when used_ratio >= 0.05
                then (used_ratio * observed_ratio)::decimal(18, 9) else 0 end
        ) as used,
        sum(case when used_ratio < 0.05 then observed_ratio::decimal(18, 9) else 0 end) as low
    from usage.gpu_device_hour
    where pod is null and mig_profile is null and used_ratio between 0 and 1
        and observed_ratio between 0 and 1 and hour::date in (select day from ledger.stale_day)
        and hour >= (select min(day) from ledger.stale_day)
    group by hour::date, cluster, node
),
free as (
    select
        r.day, r.source, r.cluster, r.node, r.machine, r.gpu_model, r.hours,
        least(greatest(coalesce(d.busy, 0) - coalesce(h.unobserved, 0), 0), r.hours) as busy,
        coalesce(d.used::double / nullif(d.busy, 0)::double, 0) as busy_ratio,
        r.told_hours, coalesce(d.low, 0) as low
    from rest as r
    left join device as d on d.day = r.day and d.cluster = r.cluster and d.node = r.node
    left join held_day as h on h.day = r.day and h.cluster = r.cluster and h.node = r.node
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
line as (
    select
        p.day, p.source, p.cluster, p.node, p.machine, p.gpu_model, o.team, o.model,
        o.model_version, p.hours, p.observed_hours, p.used_hours,
        0::decimal(38, 9) as unscheduled_hours,
        case when b.is_batch then 0 else p.low_hours end as idle_hours,
        case when b.is_batch then p.low_hours else 0 end as stalled_hours
    from held as p
    left join owner as o
        on o.day = p.day and o.cluster = p.cluster and o.namespace = p.namespace and o.pod = p.pod
    left join batch as b
        on b.cluster = p.cluster and b.namespace = p.namespace and b.pod = p.pod
    union all
    select
        day, source, cluster, node, machine, gpu_model, null, null, null, hours,
        least(greatest(told_hours, busy + low), hours),
        (busy * busy_ratio)::decimal(18, 9),
        least(told_hours, hours - busy),
        greatest(least(low, hours - busy) - least(told_hours, hours - busy), 0),
        0
    from free
)
select
    l.day, l.source, l.cluster, l.node, l.machine, l.gpu_model, j.capacity_type, l.team, l.model,
    l.model_version,
    sum(l.hours)::decimal(38, 9) as hours,
    sum(l.observed_hours)::decimal(38, 9) as observed_hours,
    sum(l.used_hours)::decimal(38, 9) as used_hours,
    sum(l.unscheduled_hours)::decimal(38, 9) as unscheduled_hours,
    sum(l.idle_hours)::decimal(38, 9) as idle_hours,
    sum(l.stalled_hours)::decimal(38, 9) as stalled_hours
from line as l
join judged as j on j.day = l.day and j.cluster = l.cluster and j.node = l.node
group by
    l.day, l.source, l.cluster, l.node, l.machine, l.gpu_model, j.capacity_type, l.team, l.model,
    l.model_version

-- How the bill of a shared thing is divided on each day: machines over pods, volumes over those
-- that mount them, load balancers over what answers behind them, hosts over their jobs.
--
-- grain     one row per day, thing (split_key as ledger.lineage has it), and whom a part is for
-- parts     [from_ratio, upto_ratio) of the thing's day; those of one thing and day make it up
-- method    machines: ledger.pod_day. A volume belongs, hour by hour, in equal parts to the pods
--           that mount it and ran; hours in which none ran are 'unmounted', as is a volume that no
--           claim holds. A load balancer belongs to the pods that its selector names, by the hours
--           they ran; to none of them while it has no endpoint: 'unmounted'. A machine's data
--           transfer (network/<machine>, on days on which it is billed) belongs to its pods by the
--           bytes that they are known to have sent; where nobody tells of any, it is divided as
--           the machine is. Where nobody tells
--           who mounts it, or none of those ran that day, it is not divided and keeps its own tags
-- source    ledger.pod_day, usage.volume, usage.load_balancer, ledger.run_share; Kubernetes,
--           "Persistent Volumes", phases
-- rows from ledger.pod_day, ledger.node_day, ledger.run_share, ledger.lineage
with day_hour as (
    select column0 as hour
    from (values
        (0), (1), (2), (3), (4), (5), (6), (7), (8), (9), (10), (11),
        (12), (13), (14), (15), (16), (17), (18), (19), (20), (21), (22), (23)
    ) as v(column0)
),
mount as (
    select
        'volume/' || cluster || '/' || volume as split_key, cluster, namespace,
        unnest(pods) as pod
    from usage.volume
    where array_length(pods) > 0
),
mounted as (
    select distinct split_key, cluster, namespace, pod from mount
),
mount_use as (
    select p.day, m.split_key, p.cluster, p.namespace, p.pod, p.labels, p.hours_seen
    from ledger.pod_use as p
    join mounted as m
        on m.cluster = p.cluster and m.namespace = p.namespace and m.pod = p.pod
    where p.node is not null and p.day in (select day from ledger.stale_day)
),
mount_hour as (
    select distinct
        u.day, u.split_key, u.cluster, u.namespace, u.pod, coalesce(u.labels, '') as labels, h.hour
    from mount_use as u
    join day_hour as h on (u.hours_seen & (1::bigint << h.hour)) <> 0
),
mount_count as (
    select day, split_key, hour, count(*) as pods from mount_hour group by day, split_key, hour
),
-- An hour is 9 digits after the point, so that any number of pods shares it.
mount_part as (
    select
        m.day, m.split_key, m.cluster, m.namespace, m.pod, m.labels,
        sum((1.0::double / c.pods)::decimal(18, 9)) as hours
    from mount_hour as m
    join mount_count as c
        on c.day = m.day and c.split_key = m.split_key and c.hour = m.hour
    group by m.day, m.split_key, m.cluster, m.namespace, m.pod, m.labels
),
unmounted as (
    select
        c.day, c.split_key, min(split_part(c.split_key, '/', 2)) as cluster,
        24 - count(*) as hours
    from mount_count as c
    group by c.day, c.split_key
    having count(*) < 24
    union all
    select d.day, 'volume/' || v.cluster || '/' || v.volume, min(v.cluster), 24
    from usage.volume as v
    join ledger.stale_day as d on v.created_at is null or d.day >= v.created_at::date
    where v.phase = 'Available' and array_length(v.pods) = 0
    group by d.day, v.cluster, v.volume
),
selected as (
    select
        'load-balancer/' || b.cluster || '/' || b.namespace || '/' || b.service as split_key,
        b.cluster, b.namespace, b.endpoints, s.pairs, unnest(map_keys(s.pairs)) as key
    from usage.load_balancer as b
    join ledger.label_set as s on s.labels = b.selector
),
wanted as (
    select split_key, cluster, namespace, key, pairs[key] as value from selected
),
wanted_count as (
    select split_key, cluster, namespace, count(*) as keys
    from wanted group by split_key, cluster, namespace
),
-- Which labels a selector takes: all of its pairs are among them.
taken as (
    select w.split_key, w.cluster, w.namespace, s.labels
    from wanted as w
    join ledger.label_set as s on s.pairs[w.key] = w.value
    join wanted_count as c
        on c.split_key = w.split_key and c.cluster = w.cluster and c.namespace = w.namespace
    group by w.split_key, w.cluster, w.namespace, s.labels, c.keys
    having count(*) = c.keys
),
behind as (
    select
        p.day, t.split_key, p.cluster, p.namespace, p.pod, p.labels,
        sum(bit_count(p.hours_seen))::decimal(38, 9) as hours
    from ledger.pod_use as p
    join taken as t
        on t.cluster = p.cluster and t.namespace = p.namespace and t.labels = p.labels
    where p.node is not null and p.day in (select day from ledger.stale_day)
    group by p.day, t.split_key, p.cluster, p.namespace, p.pod, p.labels
),
unanswered as (
    select
        d.day, 'load-balancer/' || b.cluster || '/' || b.namespace || '/' || b.service as split_key,
        b.cluster
    from usage.load_balancer as b
    join ledger.stale_day as d on d.day >= b.created_at::date
    where b.endpoints = 0 and b.selector is not null
),
claimed as (
    select day, split_key, cluster, namespace, pod, labels, hours from mount_part
    union all
    select day, split_key, cluster, namespace, pod, labels, hours from behind
),
transfer as (
    select distinct c.day, l.split_key as machine
    from ledger.charge_day as c
    join ledger.lineage as l on l.resource_id = c.resource_id
    where c.is_transfer and l.kind = 'node' and l.split_key is not null
        and c.day in (select day from ledger.stale_day)
),
sent as (
    select
        p.day, p.machine, p.cluster, p.allocated_to, p.team, p.model, p.model_version,
        p.environment, p.lifecycle_stage, p.cost_kind, p.rule,
        sum(p.network_gib::decimal(38, 9)) as gib
    from ledger.pod_day as p
    join transfer as t on t.day = p.day and t.machine = p.machine
    where p.network_gib > 0 and p.from_ratio is not null
    group by all
),
machine_share as (
    select
        day, machine, cluster, allocated_to, team, model, model_version, environment,
        lifecycle_stage, cost_kind, rule, min(from_ratio) as from_ratio,
        max(upto_ratio) as upto_ratio
    from ledger.pod_day
    where machine is not null and from_ratio is not null
        and day in (select day from ledger.stale_day)
    group by
        day, machine, cluster, allocated_to, team, model, model_version, environment,
        lifecycle_stage, cost_kind, rule
    having max(upto_ratio) > min(from_ratio)
),
workload as (
    select cluster, namespace, pod, min(owner) as owner
    from usage.pod where owner is not null
    group by cluster, namespace, pod
),
owned as (
    select
        c.day, c.split_key, c.cluster, c.namespace || '/' || coalesce(w.owner, c.pod)
            as allocated_to,
        o.team, o.model, o.model_version, o.environment, o.lifecycle_stage,
        case when o.is_overhead then 'overhead' when o.is_named then 'direct'
            else 'unattributed' end as cost_kind,
        case when o.is_overhead then 'overhead' else o.rule end as rule,
        sum(c.hours) as hours
    from claimed as c
    join ledger.pod_owner as o
        on o.day = c.day and o.cluster = c.cluster and o.namespace = c.namespace
        and o.pod = c.pod and coalesce(o.labels, '') = coalesce(c.labels, '')
    left join workload as w
        on w.cluster = c.cluster and w.namespace = c.namespace and w.pod = c.pod
    group by all
    union all
    select
        day, split_key, cluster, 'unmounted', null, null, null, null, null, 'idle', 'idle',
        hours::decimal(38, 9)
    from unmounted
    union all
    select
        u.day, u.split_key, u.cluster, 'unmounted', null, null, null, null, null, 'idle', 'idle',
        24::decimal(38, 9)
    from unanswered as u
    left join (select distinct day, split_key from behind) as b
        on b.day = u.day and b.split_key = u.split_key
    where b.day is null
    union all
    select
        day, 'network/' || machine, cluster, allocated_to, team, model, model_version,
        environment, lifecycle_stage, cost_kind, rule, gib
    from sent
),
placed as (
    select
        *,
        sum(hours) over (
            partition by day, split_key
            order by
                hours desc, cluster, allocated_to, cost_kind, rule, team, model, model_version,
                environment, lifecycle_stage
            rows between unbounded preceding and current row
        ) as upto,
        sum(hours) over (partition by day, split_key) as whole
    from owned
)
select
    day, machine as split_key, cluster, allocated_to, team, model, model_version, environment,
    lifecycle_stage, cost_kind, rule, from_ratio, upto_ratio
from machine_share
union all
select
    m.day, 'network/' || m.machine, m.cluster, m.allocated_to, m.team, m.model, m.model_version,
    m.environment, m.lifecycle_stage, m.cost_kind, m.rule, m.from_ratio, m.upto_ratio
from machine_share as m
join transfer as t on t.day = m.day and t.machine = m.machine
left join (select distinct day, machine from sent) as s on s.day = m.day and s.machine = m.machine
where s.day is null
union all
select
    day, split_key, cluster, allocated_to, team, model, model_version, environment,
    lifecycle_stage, cost_kind, rule,
    share_ratio(upto - hours, whole) as from_ratio, share_ratio(upto, whole) as upto_ratio
from placed
where hours > 0 and whole > 0
union all
select
    day, split_key, cluster, allocated_to, team, model, model_version, environment,
    lifecycle_stage, cost_kind, rule, from_ratio, upto_ratio
from ledger.run_share
where day in (select day from ledger.stale_day)
    and split_key not in (select machine from ledger.node_day where machine is not null)

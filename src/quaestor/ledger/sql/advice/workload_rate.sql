-- What an hour of a core and of a GiB costs where each workload's pods run, and whose they are.
--
-- grain     one row per workload of a cluster that has pods in the last days of it
-- money     reporting currency, of pods' allocated cost (ledger.pod_day) by what cores and GiB cost
--           against each other, so that it is the effective rate of these very machines; null where
--           one of them has no price
-- method    the pod hours of a month are those of the hours in which the cluster told of any pod.
--           Team, model and the like are named where all of its pods have the same
-- param     days = 14: days of a cluster, up to its last, that the rates are from
-- source    ledger.pod_day, ledger.unit_weight
-- rows from ledger.pod_day
with listed as (
    select cluster, namespace, pod, min(owner_kind) as owner_kind, min(owner) as owner
    from (
        select cluster, namespace, pod, owner_kind, owner from usage.container
        union all
        select cluster, namespace, pod, owner_kind, owner from usage.pod
        union all
        select cluster, namespace, pod, owner_kind, owner from ledger.container_span
        where span = 'all'
    )
    where owner is not null
    group by cluster, namespace, pod
),
last as (
    select cluster, max(day) as day from ledger.pod_day where pod is not null group by cluster
),
seen as (
    select u.cluster, u.day, bit_count(bit_or(u.hours_seen)) as hours
    from ledger.pod_use as u
    join last as l on l.cluster = u.cluster
    where u.day > l.day - $days::integer
    group by u.cluster, u.day
),
observed as (
    select cluster, count(*)::integer as days, sum(hours) as hours from seen group by cluster
),
use as (
    select u.day, u.cluster, u.namespace, u.pod, sum(u.samples) as pod_hours
    from ledger.pod_use as u
    join seen as s on s.cluster = u.cluster and s.day = u.day
    group by u.day, u.cluster, u.namespace, u.pod
),
rated as (
    select l.split_key as machine, min(l.resource_id) as resource_id,
        avg(exact(r.committed_ratio)) as committed_ratio
    from ledger.lineage as l
    left join ledger.resource_rate as r on r.resource_id = l.resource_id
    where l.kind = 'node' and l.split_key is not null
    group by l.split_key
),
pod as (
    select
        p.cluster, p.namespace, coalesce(o.owner_kind, '') as owner_kind,
        coalesce(o.owner, p.pod) as owner, p.machine, p.team, p.model, p.model_version,
        p.environment, p.price_source, p.core_hours, p.gib_hours,
        p.cost::double * (1 - coalesce(p.gpu_part::double / nullif(p.part::double, 0), 0)) as cost,
        p.core_hours * w.core_weight::double as core_part,
        p.gib_hours * w.gib_weight::double as gib_part
    from ledger.pod_day as p
    join seen as s on s.cluster = p.cluster and s.day = p.day
    left join listed as o
        on o.cluster = p.cluster and o.namespace = p.namespace and o.pod = p.pod
    left join ledger.unit_weight as w on w.gpu_model = coalesce(p.gpu_model, '')
    where p.pod is not null
),
workload as (
    select
        cluster, namespace, owner_kind, owner, count(*) = count(cost) as is_priced,
        sum(exact(cost * core_part / nullif(core_part + gib_part, 0))) as core_cost,
        sum(exact(cost * gib_part / nullif(core_part + gib_part, 0))) as gib_cost,
        sum(exact(core_hours)) as core_hours, sum(exact(gib_hours)) as gib_hours,
        sum(exact(cost * m.committed_ratio))
            / nullif(sum(exact(cost)) filter (m.committed_ratio is not null), 0)
            as committed_ratio,
        max(price_source) as price_source,
        case when min(p.machine) = max(p.machine) then min(p.machine) end as machine,
        case when min(p.machine) = max(p.machine) then min(m.resource_id) end as resource_id,
        case when min(team) = max(team) then min(team) end as team,
        case when min(model) = max(model) then min(model) end as model,
        case when min(model_version) = max(model_version) then min(model_version) end
            as model_version,
        case when min(environment) = max(environment) then min(environment) end as environment
    from pod as p
    left join rated as m on m.machine = p.machine
    group by cluster, namespace, owner_kind, owner
),
hours as (
    select
        u.cluster, u.namespace, coalesce(o.owner_kind, '') as owner_kind,
        coalesce(o.owner, u.pod) as owner, sum(u.pod_hours) as pod_hours
    from use as u
    left join listed as o
        on o.cluster = u.cluster and o.namespace = u.namespace and o.pod = u.pod
    group by all
)
select
    w.cluster, w.namespace, nullif(w.owner_kind, '') as owner_kind, w.owner, o.days,
    h.pod_hours::double * 730 / o.hours::double as pod_hours_per_month,
    case when w.is_priced then w.core_cost / nullif(w.core_hours, 0) end as core_hour_cost,
    case when w.is_priced then w.gib_cost / nullif(w.gib_hours, 0) end as gib_hour_cost,
    w.price_source, w.committed_ratio, w.machine, w.resource_id, w.team, w.model, w.model_version,
    w.environment
from workload as w
join hours as h
    on h.cluster = w.cluster and h.namespace = w.namespace and h.owner_kind = w.owner_kind
    and h.owner = w.owner
join observed as o on o.cluster = w.cluster

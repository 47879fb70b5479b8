-- Who used which part of which machine on each day: pods, idle capacity, and what nobody saw.
--
-- grain     one row per day, cluster, node, machine and pod; of capacity that no pod held one per
--           resource (cpu, ram, gpu), 'idle' or 'unobserved'
-- hours     as pods asked for them and used them; together they may be more than the node has
-- parts     of the hours the node was up, to a billionth of an hour: a resource's hours count by
--           what they cost against each other (ledger.unit_weight, by the model of the GPU), so
--           that a pod owes the weighted part of the node that it held. from_ratio to upto_ratio
--           is its place in the machine's day; the places of all rows make up the day exactly, and
--           rows of one workload lie side by side
-- money     the machine's day (ledger.machine_day) but for its data transfer, times the part; null
--           where it has no price. The costs of a machine's rows add up to that. used_cost is for
--           what was used instead of max(request, usage); null where that is not known for all
--           hours
-- method    idle is only what a cluster that tells of its pods in that hour did not hand out while
--           the node is known to have been up; other hours are 'unobserved', and where no pod of
--           the cluster tells of the whole day there is no row at all. GPUs that no request names
--           are not idle where a pod has claims (ledger.pod_claim). What is left of a node by
--           rounding (a billionth of each pod's hour) is not idle. A node with GPUs of a model
--           that nobody prices, or of an unknown number while pods hold some, is not divided
-- source    FinOps Framework, "Allocation" capability; OpenCost, Specification, idle and overhead
-- rows from ledger.pod_use, ledger.node_day
with told as (
    select
        day, cluster, bit_or(hours_seen) as hours_seen, sum(cpu_told) as cpu_told,
        sum(ram_told) as ram_told, sum(gpu_told) as gpu_told
    from ledger.pod_use
    where day in (select day from ledger.stale_day)
    group by day, cluster
),
held as (
    select
        day, cluster, node, coalesce(machine, '') as machine, sum(held_core_hours) as core_hours,
        sum(held_gib_hours) as gib_hours, sum(held_gpu_hours) as gpu_hours,
        sum(samples) * 0.000000001::decimal(10, 9) as rounded_hours
    from ledger.pod_use
    where is_placed and day in (select day from ledger.stale_day)
    group by day, cluster, node, coalesce(machine, '')
),
weighed as (
    select
        n.day, n.cluster, n.node, n.machine, n.capacity_type, n.hours, n.gpu_hours,
        case when n.gpu_hours > 0 then n.gpu_model end as gpu_model,
        n.core_hours, n.gib_hours, n.is_up_known,
        case when n.core_hours > 0 then w.core_weight else 0 end::double as core_weight,
        case when n.gib_hours > 0 then w.gib_weight else 0 end::double as gib_weight,
        case when n.gpu_hours > 0 then w.gpu_weight else 0 end::double as gpu_weight,
        h.core_hours as held_core_hours, h.gib_hours as held_gib_hours,
        h.gpu_hours as held_gpu_hours, coalesce(h.rounded_hours, 0) as rounded_hours,
        t.cpu_told > 0 as is_cpu_told, t.ram_told > 0 as is_ram_told,
        t.gpu_told > 0 and c.node is null as is_gpu_told,
        1 - bit_count(n.hours_seen & t.hours_seen)::double / bit_count(n.hours_seen)::double
            as unseen_ratio
    from ledger.node_day as n
    join told as t on t.day = n.day and t.cluster = n.cluster
    left join held as h
        on h.day = n.day and h.cluster = n.cluster and h.node = n.node
        and h.machine = coalesce(n.machine, '')
    left join (select distinct day, cluster, node from ledger.pod_claim) as c
        on c.day = n.day and c.cluster = n.cluster and c.node = n.node
    join ledger.unit_weight as w
        on w.gpu_model = case when n.gpu_hours > 0 then coalesce(n.gpu_model, '-') else '' end
    where n.day in (select day from ledger.stale_day)
        and (n.gpu_hours is not null or coalesce(h.gpu_hours, 0) = 0)
),
node as (
    select
        *,
        hours::double / nullif(
            core_weight * coalesce(core_hours, 0)::double
            + gib_weight * coalesce(gib_hours, 0)::double
            + gpu_weight * coalesce(gpu_hours, 0)::double, 0
        ) as hours_per_weight
    from weighed
),
free as (
    select
        *, 'cpu' as resource, core_weight as weight, is_cpu_told and is_up_known as is_told,
        case when core_hours - coalesce(held_core_hours, 0) > rounded_hours
            then core_hours - coalesce(held_core_hours, 0) else 0 end as free_hours,
        (core_hours::double * unseen_ratio)::decimal(38, 9) as unseen_hours
    from node where core_hours > 0
    union all
    select
        *, 'ram' as resource, gib_weight as weight, is_ram_told and is_up_known as is_told,
        case when gib_hours - coalesce(held_gib_hours, 0) > rounded_hours
            then gib_hours - coalesce(held_gib_hours, 0) else 0 end as free_hours,
        (gib_hours::double * unseen_ratio)::decimal(38, 9) as unseen_hours
    from node where gib_hours > 0
    union all
    select
        *, 'gpu' as resource, gpu_weight as weight, is_gpu_told and is_up_known as is_told,
        case when gpu_hours - coalesce(held_gpu_hours, 0) > rounded_hours
            then gpu_hours - coalesce(held_gpu_hours, 0) else 0 end as free_hours,
        (gpu_hours::double * unseen_ratio)::decimal(38, 9) as unseen_hours
    from node where gpu_hours > 0
),
open as (
    select
        day, cluster, node, machine, capacity_type, gpu_model, resource, weight, hours_per_weight,
        'idle' as what,
        case when is_told then free_hours - least(unseen_hours, free_hours) else 0 end as open_hours
    from free
    union all
    select
        day, cluster, node, machine, capacity_type, gpu_model, resource, weight, hours_per_weight,
        'unobserved',
        case when is_told then least(unseen_hours, free_hours) else free_hours end
    from free
),
workload as (
    select cluster, namespace, pod, min(owner) as owner
    from usage.pod where owner is not null
    group by cluster, namespace, pod
),
run_label as (
    select
        labels,
        coalesce(
            pairs['run_id'], pairs['run-id'], pairs['mlflow_run_id'], pairs['mlflow-run-id'],
            pairs['mlflow.run_id'], pairs['mlflow.runid']
        ) as run_id
    from ledger.label_set
),
line as (
    select
        p.day, p.cluster, p.node, p.machine, p.namespace, p.pod, null::varchar as resource,
        p.namespace || '/' || coalesce('run/' || r.run_id, w.owner, p.pod) as allocated_to,
        o.team, o.model, o.model_version, o.environment, o.lifecycle_stage,
        case when o.is_overhead then 'overhead' when o.is_named then 'direct'
            else 'unattributed' end as cost_kind,
        case when o.is_overhead then 'overhead' else o.rule end as rule,
        p.core_hours, p.gib_hours, p.gpu_hours,
        p.held_core_hours, p.held_gib_hours, p.held_gpu_hours,
        p.used_core_hours, p.used_gib_hours,
        case when p.gpu_hours = 0 then 0::decimal(38, 9) else p.used_gpu_hours end
            as used_gpu_hours,
        p.cpu_observed = bit_count(p.hours_seen) and p.ram_observed = bit_count(p.hours_seen)
        and p.gpu_unobserved = 0 as is_observed,
        p.network_gib, n.capacity_type, n.gpu_model, n.hours_per_weight, n.core_weight,
        n.gib_weight, n.gpu_weight
    from ledger.pod_use as p
    join node as n
        on n.day = p.day and n.cluster = p.cluster and n.node = p.node
        and coalesce(n.machine, '') = coalesce(p.machine, '')
    join ledger.pod_owner as o
        on o.day = p.day and o.cluster = p.cluster and o.namespace = p.namespace
        and o.pod = p.pod and coalesce(o.labels, '') = coalesce(p.labels, '')
    left join workload as w
        on w.cluster = p.cluster and w.namespace = p.namespace and w.pod = p.pod
    left join run_label as r on r.labels = p.labels and r.run_id <> ''
    where p.is_placed and p.day in (select day from ledger.stale_day)
        and n.hours_per_weight is not null
    union all
    select
        day, cluster, node, machine, null, null, resource,
        case when what = 'idle' then 'idle/' || resource else what end,
        null, null, null, null, null,
        case when what = 'idle' then what else 'unattributed' end, what,
        case when resource = 'cpu' then open_hours else 0 end,
        case when resource = 'ram' then open_hours else 0 end,
        case when resource = 'gpu' then open_hours else 0 end,
        case when resource = 'cpu' then open_hours else 0 end,
        case when resource = 'ram' then open_hours else 0 end,
        case when resource = 'gpu' then open_hours else 0 end,
        case when what = 'idle' then 0::decimal(38, 9) end,
        case when what = 'idle' then 0::decimal(38, 9) end,
        case when what = 'idle' then 0::decimal(38, 9) end,
        what = 'idle', null, capacity_type, gpu_model, hours_per_weight,
        case when resource = 'cpu' then weight else 0 end,
        case when resource = 'ram' then weight else 0 end,
        case when resource = 'gpu' then weight else 0 end
    from open
    where open_hours > 0 and hours_per_weight is not null
),
parted as (
    select
        *,
        (hours_per_weight * (
            core_weight * held_core_hours::double + gib_weight * held_gib_hours::double
            + gpu_weight * held_gpu_hours::double
        ))::decimal(38, 9) as part,
        (hours_per_weight * gpu_weight * held_gpu_hours::double)::decimal(38, 9) as gpu_part,
        case when is_observed then (hours_per_weight * (
            core_weight * used_core_hours::double * coalesce(
                held_core_hours::double / nullif(core_hours, 0)::double, 1
            )
            + gib_weight * used_gib_hours::double * coalesce(
                held_gib_hours::double / nullif(gib_hours, 0)::double, 1
            )
            + gpu_weight * used_gpu_hours::double * coalesce(
                held_gpu_hours::double / nullif(gpu_hours, 0)::double, 1
            )
        ))::decimal(38, 9) end as used_part
    from line
),
placed as (
    select
        *,
        sum(part) over (
            partition by day, coalesce(machine, cluster || '/' || node)
            order by
                cluster, allocated_to, cost_kind, rule, team, model, model_version, environment,
                lifecycle_stage, node, pod, namespace, resource
            rows between unbounded preceding and current row
        ) as upto,
        sum(part) over (
            partition by day, coalesce(machine, cluster || '/' || node)
        ) as whole
    from parted
),
ratio as (
    select
        *, share_ratio(upto - part, whole) as from_ratio, share_ratio(upto, whole) as upto_ratio,
        case when used_part is not null then share_ratio(least(used_part, whole), whole) end
            as used_ratio
    from placed
),
unit as (
    select
        *, ratio_units(from_ratio) as from_units, ratio_units(upto_ratio) as upto_units,
        ratio_units(used_ratio) as used_units
    from ratio
),
machine as (
    select
        day, machine, price_source, cost - transfer_cost as cost,
        money_units(cost - transfer_cost) as units
    from ledger.machine_day
    where day in (select day from ledger.stale_day)
)
select
    r.day, r.cluster, r.node, r.machine, r.namespace, r.pod, r.resource, r.team, r.model,
    r.model_version, r.environment, r.lifecycle_stage, r.cost_kind, r.rule,
    r.core_hours::double as core_hours, r.used_core_hours::double as used_core_hours,
    r.gib_hours::double as gib_hours, r.used_gib_hours::double as used_gib_hours,
    r.gpu_hours::double as gpu_hours, r.used_gpu_hours::double as used_gpu_hours,
    r.part, r.gpu_part, r.used_part,
    money_share(m.cost, m.units, r.from_ratio, r.upto_ratio, r.from_units, r.upto_units) as cost,
    money_share(
        m.cost, m.units, 0::decimal(19, 18), r.used_ratio, 0::bigint, r.used_units
    ) as used_cost,
    m.price_source, r.allocated_to, r.capacity_type, r.gpu_model, r.from_ratio, r.upto_ratio,
    r.network_gib::double as network_gib
from unit as r
left join machine as m on m.day = r.day and m.machine = r.machine

-- What each pod asked for and used on each day, and on which machine.
--
-- grain     one row per day, cluster, namespace, pod, node and machine; is_placed is false for
--           hours in which no node of that name was there (clocks that disagree), and for pods
--           without a node
-- hours     core, GiB: max(request, usage) hour by hour; GPU: what was requested, in physical
--           GPUs; each while the pod was up. held_*: the same, not beyond what the node has.
--           used_*: what was used, null where nobody saw any
-- method    what pods hold together beyond the node (ledger.full_hour) is scaled down to it, hour
--           by hour and resource by resource, so that the shares of one GPU never exceed it; of
--           all other hours the sums by day do. Where a pod has two rows of an hour (the greater
--           figures count), or the node was another machine or away, the hours of that node are
--           read one by one. Of two sources that tell of the same pod and day the first by name
--           counts. What pods hold of GPUs that are cut or shared is ledger.pod_gpu's
-- rounding  each hour to a billionth, scaled ones down; sums of decimals, in any order the same
-- source    usage.pod_hour
-- Read as what counts: no figure below zero, ratios up to 1, none of more than any machine has.
-- rows from usage.pod_hour
with read as not materialized (
    select
        hour::date as day, hour, source, cluster, node, namespace, pod, labels,
        case when up_ratio > 1 then 1 when up_ratio < 0 then 0 else coalesce(up_ratio, 1) end
            as up,
        greatest(cpu_request_cores, cpu_used_cores) as told_cores,
        greatest(ram_request_gib, ram_used_gib) as told_gib,
        case when told_cores > 100000000 then 100000000 when told_cores > 0 then told_cores
            else 0 end as cores,
        case when told_gib > 100000000 then 100000000 when told_gib > 0 then told_gib
            else 0 end as gib,
        case when gpu_request > 1000000 then 1000000 when gpu_request < 0 then 0
            else gpu_request end as gpus,
        case when cpu_used_cores > 100000000 then 100000000 when cpu_used_cores < 0 then 0
            else cpu_used_cores end as used_cores,
        case when ram_used_gib > 100000000 then 100000000 when ram_used_gib < 0 then 0
            else ram_used_gib end as used_gib,
        case when gpu_used_ratio > 1 then 1 when gpu_used_ratio < 0 then 0
            else gpu_used_ratio end as used_ratio,
        case when network_sent_gib between 0 and 100000000
            then network_sent_gib::decimal(18, 9) end as network_gib
    from usage.pod_hour
    where hour >= (select min(day) from ledger.stale_day)
),
read_node as not materialized (
    select
        hour::date as day, hour, source, cluster, node, provider_id,
        case when up_ratio > 1 then 1 when up_ratio < 0 then 0 else coalesce(up_ratio, 1) end
            as up,
        case when cpu_cores > 100000000 then 100000000 when cpu_cores < 0 then 0 else cpu_cores end
            as cores,
        case when ram_gib > 100000000 then 100000000 when ram_gib < 0 then 0 else ram_gib end
            as gib,
        case when gpus > 1000000 then 1000000 when gpus < 0 then 0 else gpus end as gpus
    from usage.node_hour
    where hour::date in (select day from ledger.stale_day)
        and hour >= (select min(day) from ledger.stale_day)
),
told as materialized (
    select
        day, source, cluster, node, namespace, pod,
        min(labels) as labels, count(*) as samples,
        bit_or(1::bigint << hour(hour)) as hours_seen,
        sum((cores * up)::decimal(18, 9)) as core_hours,
        sum((gib * up)::decimal(18, 9)) as gib_hours,
        sum((coalesce(gpus, 0) * up)::decimal(18, 9)) as gpu_hours,
        max(gpus) as most_gpus,
        sum((used_cores * up)::decimal(18, 9)) as used_core_hours,
        sum((used_gib * up)::decimal(18, 9)) as used_gib_hours,
        sum((gpus * used_ratio * up)::decimal(18, 9)) as used_gpu_hours,
        count(told_cores) as cpu_told, count(told_gib) as ram_told, count(gpus) as gpu_told,
        count(used_cores) as cpu_observed, count(used_gib) as ram_observed,
        count(case when gpus > 0 and used_ratio is null then 1 end) as gpu_unobserved,
        sum(network_gib) as network_gib
    from read
    where day in (select day from ledger.stale_day)
    group by day, source, cluster, node, namespace, pod
),
several as (
    select day, cluster from told group by day, cluster having min(source) <> max(source)
),
first_source as (
    select t.day, t.cluster, t.namespace, t.pod, min(t.source) as source
    from told as t
    join several as s on s.day = t.day and s.cluster = t.cluster
    group by t.day, t.cluster, t.namespace, t.pod
),
-- What a pod holds of GPUs that are cut or shared, where that is known better than by the hour.
pod as materialized (
    select
        t.day, t.source, t.cluster, t.node, t.namespace, t.pod, t.labels, t.samples,
        t.hours_seen, t.core_hours, t.gib_hours, t.used_core_hours,
        t.used_gib_hours, t.cpu_told, t.ram_told, t.gpu_told, t.cpu_observed, t.ram_observed,
        t.gpu_unobserved, t.network_gib, h.gpus as held_gpus,
        case when h.gpus is null or coalesce(t.most_gpus, 0) = 0 then t.gpu_hours
            else (t.gpu_hours::double * (h.gpus / t.most_gpus))::decimal(38, 9) end as gpu_hours,
        case when h.gpus is null or coalesce(t.most_gpus, 0) = 0 then t.used_gpu_hours
            else (t.used_gpu_hours::double * (h.gpus / t.most_gpus))::decimal(38, 9)
        end as used_gpu_hours
    from told as t
    left join first_source as f
        on f.day = t.day and f.cluster = t.cluster and f.namespace = t.namespace
        and f.pod = t.pod
    left join ledger.pod_gpu as h
        on h.cluster = t.cluster and h.namespace = t.namespace and h.pod = t.pod
    where f.source is null or f.source = t.source
),
twice as (
    select distinct t.day, t.cluster, t.node
    from told as t
    join first_source as f
        on f.day = t.day and f.cluster = t.cluster and f.namespace = t.namespace
        and f.pod = t.pod
    where f.source <> t.source
),
node as (
    select
        day, cluster, node, count(*) as machines, min(machine) as machine,
        min(cores) as cores, min(gib) as gib, min(gpus) as gpus,
        bool_and(is_even) as is_even, bit_or(hours_seen) as hours_seen
    from ledger.node_day
    where day in (select day from ledger.stale_day)
    group by day, cluster, node
),
crowd as (
    select
        day, cluster, node, bit_or(hours_seen) as hours_seen,
        bool_or(bit_count(hours_seen) <> samples) as has_copies
    from pod
    where node is not null
    group by day, cluster, node
),
-- Nodes and days on which sums by day do not tell which machine a pod was on.
odd as materialized (
    select c.day, c.cluster, c.node
    from crowd as c
    left join node as n on n.day = c.day and n.cluster = c.cluster and n.node = c.node
    left join twice as t on t.day = c.day and t.cluster = c.cluster and t.node = c.node
    where c.has_copies or t.day is not null or n.machines > 1 or not n.is_even
        or (c.hours_seen & n.hours_seen) <> c.hours_seen
),
odd_row as materialized (
    select r.*
    from read as r
    where exists (
        select 1 from odd as o
        where o.day = r.day and o.cluster = r.cluster and o.node = r.node
    )
),
full_row as materialized (
    select
        f.day, h.cluster, h.node, h.namespace, h.pod, f.core_fit, f.gib_fit, f.gpu_fit,
        (case when h.told_cores > 100000000 then 100000000 when h.told_cores > 0 then h.told_cores
            else 0 end * h.up)::decimal(18, 9) as cores,
        (case when h.told_gib > 100000000 then 100000000 when h.told_gib > 0 then h.told_gib
            else 0 end * h.up)::decimal(18, 9) as gib,
        (case when h.gpu_request > 1000000 then 1000000 when h.gpu_request > 0 then h.gpu_request
            else 0 end * h.up)::decimal(18, 9) as told_gpus,
        case when h.gpu_request > 0 then h.up else 0 end as gpu_up
    from (
        select
            hour, cluster, node, namespace, pod, gpu_request,
            greatest(cpu_request_cores, cpu_used_cores) as told_cores,
            greatest(ram_request_gib, ram_used_gib) as told_gib,
            case when up_ratio > 1 then 1 when up_ratio < 0 then 0 else coalesce(up_ratio, 1) end
                as up
        from usage.pod_hour
        where hour >= (select min(day) from ledger.stale_day)
    ) as h
    join ledger.full_hour as f on f.hour = h.hour and f.cluster = h.cluster and f.node = h.node
    where f.day in (select day from ledger.stale_day)
),
full_pod as (
    select
        r.day, r.cluster, r.node, r.namespace, r.pod, r.core_fit, r.gib_fit, r.gpu_fit,
        r.cores, r.gib, coalesce((h.gpus * r.gpu_up)::decimal(18, 9), r.told_gpus) as gpus
    from full_row as r
    left join ledger.pod_gpu as h
        on h.cluster = r.cluster and h.namespace = r.namespace and h.pod = r.pod
),
-- How much less a pod held than it asked for and used.
less as (
    select
        day, cluster, node, namespace, pod,
        sum(case when core_fit = 1 then 0 else cores
            - (floor(cores::double * core_fit * 1000000000) / 1000000000)::decimal(18, 9) end)
            as core_hours,
        sum(case when gib_fit = 1 then 0 else gib
            - (floor(gib::double * gib_fit * 1000000000) / 1000000000)::decimal(18, 9) end)
            as gib_hours,
        sum(case when gpu_fit = 1 then 0 else gpus
            - (floor(gpus::double * gpu_fit * 1000000000) / 1000000000)::decimal(18, 9) end)
            as gpu_hours
    from full_pod
    group by day, cluster, node, namespace, pod
),
-- The hours of those nodes, as ledger.node_day reads them.
node_hour as (
    select
        h.hour, h.cluster, h.node, max(h.provider_id) as machine,
        max(h.up)::decimal(18, 9) as up, max(h.cores)::decimal(18, 9) as cores,
        max(h.gib)::decimal(18, 9) as gib, max(h.gpus)::decimal(18, 9) as gpus
    from read_node as h
    join odd as o on o.day = h.day and o.cluster = h.cluster and o.node = h.node
    join (
        select day, cluster, node, min(source) as source from ledger.node_day
        group by day, cluster, node
    ) as s
        on s.day = o.day and s.cluster = o.cluster and s.node = o.node and s.source = h.source
    group by h.hour, h.cluster, h.node
),
-- What the hours do not tell of the node's capacity, its day does.
room as (
    select
        h.hour, h.cluster, h.node, h.machine,
        coalesce((h.up * h.cores)::decimal(18, 9), d.cores) as cores,
        coalesce((h.up * h.gib)::decimal(18, 9), d.gib) as gib,
        coalesce((h.up * h.gpus)::decimal(18, 9), d.gpus) as gpus
    from node_hour as h
    left join ledger.node_day as d
        on d.day = h.hour::date and d.cluster = h.cluster and d.node = h.node
        and d.machine is not distinct from h.machine
),
pod_hour as (
    select
        r.hour, r.source, r.cluster, r.node, r.namespace, r.pod, min(r.labels) as labels,
        count(*) as samples,
        max((r.cores * r.up)::decimal(18, 9)) as cores, max((r.gib * r.up)::decimal(18, 9)) as gib,
        max((case when r.gpus > 0 then coalesce(p.held_gpus, r.gpus) else 0 end * r.up)
            ::decimal(18, 9)) as gpus,
        max((r.used_cores * r.up)::decimal(18, 9)) as used_cores,
        max((r.used_gib * r.up)::decimal(18, 9)) as used_gib, max(r.used_ratio) as used_ratio,
        max(r.gpus) as gpu_request,
        max(r.told_cores) is not null as is_cpu_told, max(r.told_gib) is not null as is_ram_told,
        max(r.network_gib) as network_gib
    from odd_row as r
    join pod as p
        on p.day = r.day and p.source = r.source and p.cluster = r.cluster and p.node = r.node
        and p.namespace = r.namespace and p.pod = r.pod
    group by r.hour, r.source, r.cluster, r.node, r.namespace, r.pod
),
asked as (
    select
        hour, cluster, node, sum(cores) as cores, sum(gib) as gib, sum(gpus) as gpus
    from pod_hour
    group by hour, cluster, node
),
fit as (
    select
        a.hour, a.cluster, a.node, r.machine, r.hour is not null as is_placed,
        case when a.cores > r.cores then r.cores::double / a.cores::double else 1 end
            as core_fit,
        case when a.gib > r.gib then r.gib::double / a.gib::double else 1 end as gib_fit,
        case when a.gpus > r.gpus then r.gpus::double / a.gpus::double else 1 end as gpu_fit
    from asked as a
    left join room as r on r.hour = a.hour and r.cluster = a.cluster and r.node = a.node
),
fitted as (
    select
        p.hour, p.source, p.cluster, p.node, f.machine, f.is_placed, p.namespace, p.pod,
        p.labels, p.samples, p.gpu_request, p.is_cpu_told, p.is_ram_told, p.used_ratio,
        p.network_gib, p.cores, p.gib, p.gpus, p.used_cores, p.used_gib,
        case when f.core_fit = 1 then p.cores else
            (floor(p.cores::double * f.core_fit * 1000000000) / 1000000000)::decimal(18, 9)
        end as held_cores,
        case when f.gib_fit = 1 then p.gib else
            (floor(p.gib::double * f.gib_fit * 1000000000) / 1000000000)::decimal(18, 9)
        end as held_gib,
        case when f.gpu_fit = 1 then p.gpus else
            (floor(p.gpus::double * f.gpu_fit * 1000000000) / 1000000000)::decimal(18, 9)
        end as held_gpus
    from pod_hour as p
    join fit as f on f.hour = p.hour and f.cluster = p.cluster and f.node = p.node
),
found as (
    select
        hour::date as day, source, cluster, node, machine, is_placed, namespace, pod,
        min(labels) as labels, bit_or(1::bigint << hour(hour)) as hours_seen,
        sum(samples) as samples,
        sum(cores) as core_hours, sum(gib) as gib_hours, sum(gpus) as gpu_hours,
        sum(held_cores) as held_core_hours, sum(held_gib) as held_gib_hours,
        sum(held_gpus) as held_gpu_hours,
        sum(used_cores) as used_core_hours, sum(used_gib) as used_gib_hours,
        sum((gpus * used_ratio)::decimal(18, 9)) as used_gpu_hours,
        count(case when is_cpu_told then 1 end) as cpu_told,
        count(case when is_ram_told then 1 end) as ram_told, count(gpu_request) as gpu_told,
        count(used_cores) as cpu_observed, count(used_gib) as ram_observed,
        count(case when gpus > 0 and used_ratio is null then 1 end) as gpu_unobserved,
        sum(network_gib) as network_gib
    from fitted
    group by
        hour::date, source, cluster, node, machine, is_placed, namespace, pod
    union all
    select
        p.day, p.source, p.cluster, p.node, n.machine, n.day is not null, p.namespace, p.pod,
        p.labels, p.hours_seen, p.samples, p.core_hours, p.gib_hours, p.gpu_hours,
        p.core_hours - coalesce(l.core_hours, 0), p.gib_hours - coalesce(l.gib_hours, 0),
        greatest(p.gpu_hours - coalesce(l.gpu_hours, 0), 0),
        p.used_core_hours, p.used_gib_hours, p.used_gpu_hours, p.cpu_told, p.ram_told,
        p.gpu_told, p.cpu_observed, p.ram_observed, p.gpu_unobserved, p.network_gib
    from pod as p
    left join odd as o on o.day = p.day and o.cluster = p.cluster and o.node = p.node
    left join node as n on n.day = p.day and n.cluster = p.cluster and n.node = p.node
    left join less as l
        on l.day = p.day and l.cluster = p.cluster and l.node = p.node
        and l.namespace = p.namespace and l.pod = p.pod
    where o.day is null
),
named as (
    select cluster, namespace, pod, min(labels) as labels
    from usage.pod where labels is not null
    group by cluster, namespace, pod
)
select
    f.day, f.source, f.cluster, f.node, f.machine, f.is_placed, f.namespace, f.pod,
    coalesce(f.labels, n.labels) as labels, f.hours_seen, f.samples,
    f.core_hours, f.gib_hours, f.gpu_hours, f.held_core_hours, f.held_gib_hours,
    f.held_gpu_hours, f.used_core_hours, f.used_gib_hours, f.used_gpu_hours,
    f.cpu_told, f.ram_told, f.gpu_told, f.cpu_observed, f.ram_observed, f.gpu_unobserved,
    f.network_gib
from found as f
left join named as n
    on n.cluster = f.cluster and n.namespace = f.namespace and n.pod = f.pod

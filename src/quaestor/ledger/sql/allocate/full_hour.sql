-- In which hours the pods of a node held more together than it has, and how far each is scaled.
--
-- grain     one row per cluster, node and hour in which some resource was asked for beyond the node
-- method    *_fit is what each pod's cores, GiB or GPUs are multiplied by, so that together they are
--           what the node had in that hour: at most 1. Nothing is scaled where the node's capacity
--           is unknown, or the node was not there
-- rounding  each pod's hour to a billionth; sums of decimals, in any order the same
-- source    usage.pod_hour, usage.node_hour, ledger.node_day
-- rows from usage.pod_hour
with asked as (
    select
        h.hour, h.cluster, h.node,
        sum((case when h.cores > 100000000 then 100000000 when h.cores > 0 then h.cores else 0 end
            * h.up)::decimal(18, 9)) as cores,
        sum((case when h.gib > 100000000 then 100000000 when h.gib > 0 then h.gib else 0 end
            * h.up)::decimal(18, 9)) as gib,
        sum((case when h.gpus > 1000000 then 1000000 when h.gpus > 0 then h.gpus else 0 end
            * h.up)::decimal(18, 9)) as gpus
    from (
        select
            p.hour, p.cluster, p.node,
            case when p.up_ratio > 1 then 1 when p.up_ratio < 0 then 0
                else coalesce(p.up_ratio, 1) end as up,
            greatest(p.cpu_request_cores, p.cpu_used_cores) as cores,
            greatest(p.ram_request_gib, p.ram_used_gib) as gib,
            case when p.gpu_request > 0 then coalesce(g.gpus, p.gpu_request) end as gpus
        from usage.pod_hour as p
        left join ledger.pod_gpu as g
            on g.cluster = p.cluster and g.namespace = p.namespace and g.pod = p.pod
        where p.hour::date in (select day from ledger.stale_day)
            and p.hour >= (select min(day) from ledger.stale_day) and p.node is not null
    ) as h
    group by h.hour, h.cluster, h.node
),
least_room as (
    select day, cluster, node, min(cores) as cores, min(gib) as gib, min(gpus) as gpus
    from ledger.node_day
    where day in (select day from ledger.stale_day)
    group by day, cluster, node
),
-- More than the least that the node had that day.
near as (
    select
        a.hour, a.cluster, a.node, a.cores as asked_cores, a.gib as asked_gib,
        a.gpus as asked_gpus, n.cores, n.gib, n.gpus
    from asked as a
    join least_room as n on n.day = a.hour::date and n.cluster = a.cluster and n.node = a.node
    where a.cores > n.cores or a.gib > n.gib or a.gpus > n.gpus
),
-- What it had in that very hour.
room as (
    select
        n.hour, n.cluster, n.node, n.asked_cores, n.asked_gib, n.asked_gpus,
        coalesce(max((h.cpu_cores * h.up)::decimal(18, 9)), n.cores) as cores,
        coalesce(max((h.ram_gib * h.up)::decimal(18, 9)), n.gib) as gib,
        coalesce(max((h.gpus * h.up)::decimal(18, 9)), n.gpus) as gpus
    from near as n
    left join (
        select
            hour, cluster, node, cpu_cores, ram_gib, gpus,
            case when up_ratio > 1 then 1 when up_ratio < 0 then 0 else coalesce(up_ratio, 1) end
                as up
        from usage.node_hour
        where cpu_cores between 0 and 100000000 and ram_gib between 0 and 100000000
            and coalesce(gpus, 0) between 0 and 1000000
    ) as h
        on h.hour = n.hour and h.cluster = n.cluster and h.node = n.node
    group by
        n.hour, n.cluster, n.node, n.asked_cores, n.asked_gib, n.asked_gpus, n.cores, n.gib,
        n.gpus
)
select
    hour::date as day, hour, cluster, node,
    case when asked_cores > cores then cores::double / asked_cores::double else 1 end as core_fit,
    case when asked_gib > gib then gib::double / asked_gib::double else 1 end as gib_fit,
    case when asked_gpus > gpus then gpus::double / asked_gpus::double else 1 end as gpu_fit
from room
where asked_cores > cores or asked_gib > gib or asked_gpus > gpus

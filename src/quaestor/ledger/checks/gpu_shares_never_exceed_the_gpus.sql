-- What a node's GPUs did on a day is what was paid of them, neither more nor less, so that no GPU
-- has shares above 1; and of no row's hours there is more idle, stalled, used or failed than hours.
-- Days that this build did not touch were held to it before.
-- rows from ledger.gpu_cluster_day, ledger.gpu_hour, ledger.node_day
with paid as (
    select day, cluster, node, sum(gpu_hours) as paid
    from ledger.node_day
    where gpu_hours > 0 and gpus is not null and day in (select day from ledger.stale_day)
    group by day, cluster, node
),
owed as (
    select day, cluster, node, sum(hours) as owed from ledger.gpu_cluster_day
    where day in (select day from ledger.stale_day)
    group by day, cluster, node
)
select p.day, p.cluster, p.node, p.paid, o.owed
from paid as p
full join owed as o on o.day = p.day and o.cluster = p.cluster and o.node = p.node
where coalesce(p.paid, 0) <> coalesce(o.owed, 0)
union all
select day, cluster, node, gpu_hours, idle_gpu_hours + stalled_gpu_hours
from ledger.gpu_hour
where least(
        gpu_hours, observed_gpu_hours, used_gpu_hours, unscheduled_gpu_hours, idle_gpu_hours,
        stalled_gpu_hours, unobserved_gpu_hours, coalesce(failed_gpu_hours, 0)
    ) < 0
    or unscheduled_gpu_hours > idle_gpu_hours
    or idle_gpu_hours::decimal(38, 9) + stalled_gpu_hours::decimal(38, 9)
        > observed_gpu_hours::decimal(38, 9)
    or used_gpu_hours > gpu_hours
    or observed_gpu_hours::decimal(38, 9) + unobserved_gpu_hours::decimal(38, 9)
        <> gpu_hours::decimal(38, 9)
    or coalesce(failed_gpu_hours, 0) not in (0, gpu_hours)

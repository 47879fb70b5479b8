-- How much of what they held did teams use, of their cores, memory and GPUs?
--
-- grain     one row per month, cluster, namespace, team, model and kind of cost; what no pod held
--           has no namespace: 'idle', and 'unattributed' where nobody saw who held it
-- money     the reporting currency, effective, of machines without their data transfer: `cost` by
--           what was held, `used_cost` by what was used. Null where a machine has no price
-- method    ratios are used / max(request, usage), which is what a pod owes: use beyond the request
--           is no more than all of it, and use without any request 1. They are of days of pods of
--           which cores, memory and GPUs were all observed in every hour (observed_cost is theirs),
--           so that silence is never idle; null where there are none, or nothing of it was held.
--           efficiency_ratio weighs the resources by what they cost, by the model of the GPU, and
--           is null too where that cost is not above zero
-- source    ledger.pod_day; OpenCost, "Efficiency"
-- rows from ledger.pod_day
with told as (
    select
        date_trunc('month', day)::date as month, cluster, namespace, team, model, cost_kind,
        used_part is not null as is_observed,
        core_hours::decimal(38, 9) as core_hours, gib_hours::decimal(38, 9) as gib_hours,
        gpu_hours::decimal(38, 9) as gpu_hours,
        used_core_hours::decimal(38, 9) as used_core_hours,
        used_gib_hours::decimal(38, 9) as used_gib_hours,
        used_gpu_hours::decimal(38, 9) as used_gpu_hours, cost, used_cost
    from ledger.pod_day
    where date_trunc('month', day)::date in (select month from ledger.stale_month)
        and day >= (select min(month) from ledger.stale_month)
),
summed as (
    select
        month, cluster, namespace, team, model, cost_kind,
        sum(core_hours) as core_hours, sum(gib_hours) as gib_hours, sum(gpu_hours) as gpu_hours,
        sum(core_hours) filter (where is_observed) as seen_core_hours,
        sum(gib_hours) filter (where is_observed) as seen_gib_hours,
        sum(gpu_hours) filter (where is_observed) as seen_gpu_hours,
        sum(used_core_hours) filter (where is_observed) as used_core_hours,
        sum(used_gib_hours) filter (where is_observed) as used_gib_hours,
        sum(used_gpu_hours) filter (where is_observed) as used_gpu_hours,
        case when count(*) = count(cost) then sum(cost) end as cost,
        case when count(*) filter (where is_observed and cost is null) = 0
            then sum(cost) filter (where is_observed) end as observed_cost,
        case when count(*) filter (where is_observed and cost is null) = 0
            then sum(used_cost) filter (where is_observed) end as used_cost
    from told
    group by month, cluster, namespace, team, model, cost_kind
)
select
    month, cluster, namespace, team, model, cost_kind, core_hours, gib_hours, gpu_hours,
    case when seen_core_hours > 0 then used_core_hours::double / seen_core_hours::double end
        as cpu_ratio,
    case when seen_gib_hours > 0 then used_gib_hours::double / seen_gib_hours::double end
        as ram_ratio,
    case when seen_gpu_hours > 0 then used_gpu_hours::double / seen_gpu_hours::double end
        as gpu_ratio,
    cost, observed_cost, used_cost, observed_cost - used_cost as idle_cost,
    case when observed_cost > 0 then used_cost::double / observed_cost::double end
        as efficiency_ratio
from summed

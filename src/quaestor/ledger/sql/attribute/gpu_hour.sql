-- What every paid GPU-hour did, for whom, and what it cost.
--
-- grain     one row per day, node source, cluster, node, machine (provider_id), GPU model, team
--           and model; team and model are null for capacity that nobody requested and for pods
--           without those labels
-- hours     gpu_hours              paid: GPUs x the part of the hour the node was up (unknown:
--                                  the whole hour)
--           observed_gpu_hours     we can tell what they did; with the unobserved ones they make
--                                  up gpu_hours
--           used_gpu_hours         requested hours x gpu_used_ratio
--           idle_gpu_hours         requested hours with a ratio under 0.05, and hours nobody
--                                  requested while the node was up
--           unobserved_gpu_hours   requested hours without a ratio (a silent exporter), and
--                                  hours not requested where we do not know that the node was
--                                  up, or where no pod of the whole cluster tells of that hour.
--                                  Never idle
--           failed_gpu_hours       null: clusters do not tell how the work ended
-- money     the reporting currency, effective (amortised) cost. The machine's whole price of the
--           day, CPU and memory with it, is divided over its paid GPU-hours of that day; null
--           where the machine is on no bill, or a charge of it has no rate. idle_cost is the
--           idle part of a row's hours times the row's cost
-- method    a pod owes its request while it ran (team and model are its labels `team` and
--           `model`); requests beyond what was paid are scaled down to it, so that the shares of
--           a GPU never exceed it. Nodes and pods meet by cluster, node and hour; where two
--           sources tell of the same one, the first by name counts. Pods on no known node and
--           nodes without GPUs are left out
-- rounding  hours to a billionth, costs to ten digits; the remainder goes to the largest share,
--           so that hours add up to those paid and costs to the machine's, exactly
-- source    idle under 5 %: the usual threshold for "no work" on a GPU's engine-active ratio
with node as (
    select
        source, cluster, node, hour, hour::date as day, provider_id, gpu_model,
        up_ratio is not null as is_up_known,
        (gpus * coalesce(up_ratio, 1))::decimal(18, 9) as paid_hours
    from usage.node_hour
    where gpus > 0
    qualify row_number() over (
        partition by cluster, node, hour order by source, provider_id, gpu_model, gpus, up_ratio
    ) = 1
),
pod as (
    select
        cluster, namespace, pod, node, hour, gpu_used_ratio, labels,
        (gpu_request * coalesce(up_ratio, 1))::decimal(18, 9) as requested_hours
    from usage.pod_hour
    where gpu_request is not null
    qualify row_number() over (
        partition by cluster, namespace, pod, node, hour
        order by source, gpu_request, gpu_used_ratio, up_ratio, labels
    ) = 1
),
told as (
    select distinct cluster, hour from pod
),
request as (
    select
        n.cluster, n.node, n.hour, p.namespace, p.pod, p.gpu_used_ratio, n.paid_hours,
        nullif(trim(p.labels ->> 'team'), '') as team,
        nullif(trim(p.labels ->> 'model'), '') as model,
        p.requested_hours,
        sum(p.requested_hours) over place as node_requested_hours,
        row_number() over (place order by p.requested_hours desc, p.namespace, p.pod) as size_rank
    from pod as p
    join node as n on n.cluster = p.cluster and n.node = p.node and n.hour = p.hour
    where p.requested_hours > 0
    window place as (partition by n.cluster, n.node, n.hour)
),
scaled as (
    select
        * exclude (requested_hours),
        case when node_requested_hours <= paid_hours then requested_hours
        else (requested_hours * (paid_hours / node_requested_hours))::decimal(18, 9)
        end as hours
    from request
),
fitted as (
    select
        cluster, node, hour, team, model, gpu_used_ratio,
        hours + case when size_rank = 1 and node_requested_hours > paid_hours
            then paid_hours - sum(hours) over (partition by cluster, node, hour)
            else 0 end as hours
    from scaled
),
requested as (
    select cluster, node, hour, sum(hours) as hours from fitted group by all
),
claim as (
    select
        n.day, n.source, n.cluster, n.node, n.provider_id, n.gpu_model, f.team, f.model, f.hours,
        f.gpu_used_ratio is not null as is_observed,
        coalesce(f.gpu_used_ratio < 0.05, false) as is_idle,
        coalesce(f.gpu_used_ratio, 0) as used_ratio
    from fitted as f
    join node as n on n.cluster = f.cluster and n.node = f.node and n.hour = f.hour
    union all
    select
        n.day, n.source, n.cluster, n.node, n.provider_id, n.gpu_model, null, null,
        n.paid_hours - coalesce(r.hours, 0),
        n.is_up_known and t.hour is not null,
        n.is_up_known and t.hour is not null,
        0
    from node as n
    left join requested as r on r.cluster = n.cluster and r.node = n.node and r.hour = n.hour
    left join told as t on t.cluster = n.cluster and t.hour = n.hour
),
line as (
    select
        day, source, cluster, node, provider_id, gpu_model, team, model,
        sum(hours) as hours,
        coalesce(sum(hours) filter (is_observed), 0) as observed_hours,
        coalesce(sum(hours) filter (is_idle), 0) as idle_hours,
        sum((hours * used_ratio)::decimal(18, 9)) as used_hours
    from claim
    group by all
),
share as (
    select
        l.*, p.cost as machine_cost,
        l.hours / nullif(sum(l.hours) over machine, 0) as paid_ratio,
        row_number() over (
            machine order by l.hours desc, l.source, l.cluster, l.node, l.gpu_model, l.team, l.model
        ) as size_rank
    from line as l
    left join ledger.machine_day as p on p.day = l.day and p.machine = l.provider_id
    window machine as (partition by l.day, l.provider_id)
),
rounded as (
    select
        *,
        (machine_cost * coalesce(paid_ratio, 0))::decimal(38, 10)::decimal(38, 20) as rounded_cost
    from share
),
owed as (
    select
        *,
        rounded_cost + case when size_rank = 1
            then machine_cost - sum(rounded_cost) over (partition by day, provider_id)
            else 0 end as cost
    from rounded
)
select
    day, source, cluster, node, provider_id, gpu_model, team, model,
    hours::double as gpu_hours,
    observed_hours::double as observed_gpu_hours,
    used_hours::double as used_gpu_hours,
    idle_hours::double as idle_gpu_hours,
    (hours - observed_hours)::double as unobserved_gpu_hours,
    null::double as failed_gpu_hours,
    cost,
    case
        when idle_hours = hours and hours > 0 then cost
        else (cost * coalesce(idle_hours / nullif(hours, 0), 0))::decimal(38, 10)::decimal(38, 20)
    end as idle_cost
from owed
where hours > 0 or (size_rank = 1 and machine_cost is not null)
order by day, source, cluster, node, provider_id, gpu_model, team, model

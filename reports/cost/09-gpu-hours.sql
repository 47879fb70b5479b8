-- What the paid GPU-hours of the latest month did, by GPU model and team.
--
-- grain     one row per GPU model and team, of the latest month with GPU-hours
-- money     reporting currency, effective cost of the machine; null: the node is on no bill
-- hours     used, reserved (held by a workload beyond what it used), stalled (work ran, the GPU did
--           next to nothing), idle (unscheduled ones included) and unobserved add up to the paid
--           hours; unobserved is never idle. Unused commitments are no hours of a machine
with period as (
    select date_trunc('month', max(day))::date as month from ledger.gpu_hour
)
select
    p.month, g.gpu_model, g.team,
    concat_ws(' · ', coalesce(g.gpu_model, 'GPU model unknown'), coalesce(g.team, 'nobody'))
        as label,
    sum(g.gpu_hours) as gpu_hours,
    sum(g.used_gpu_hours) as used_gpu_hours,
    sum(greatest(
        g.gpu_hours - g.used_gpu_hours - g.idle_gpu_hours - coalesce(g.stalled_gpu_hours, 0)
        - g.unobserved_gpu_hours, 0
    )) as reserved_gpu_hours,
    sum(coalesce(g.stalled_gpu_hours, 0)) as stalled_gpu_hours,
    sum(g.idle_gpu_hours) as idle_gpu_hours,
    sum(g.unobserved_gpu_hours) as unobserved_gpu_hours,
    sum(g.cost) as cost, sum(g.idle_cost) as idle_cost,
    count(distinct g.node) filter (where g.cost is null) as unbilled_nodes
from ledger.gpu_hour as g, period as p
where date_trunc('month', g.day) = p.month and coalesce(g.kind, '') <> 'commitment'
group by all
order by idle_cost desc nulls last, idle_gpu_hours desc, g.gpu_model, g.team

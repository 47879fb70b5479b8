-- Where the money for GPUs went in the latest month, from what was paid down to what did work.
--
-- grain     one row per step of ledger.gpu_waterfall after `paid`, the dearest first
-- money     reporting currency, effective cost; null: none of it is priced. The steps add up to
--           what was paid, which is the bill of these machines, and listed_cost (of all steps): by
--           list prices, on days on which a machine is on no bill, or not yet
-- hours     of each step; cores and memory have none of their own. What unpriced_gpu_hours (of all
--           steps) cost is not known, and in no cost
with period as (
    select max(month) as month from ledger.gpu_waterfall
),
step as (
    select
        w.month, w.position, w.step, sum(w.gpu_hours) as gpu_hours, sum(w.cost) as cost
    from ledger.gpu_waterfall as w join period as p on p.month = w.month
    group by w.month, w.position, w.step
),
beside as (
    select
        coalesce(sum(g.gpu_hours) filter (where g.cost is null), 0) as unpriced_gpu_hours,
        sum(g.cost + coalesce(g.host_cost, 0)) filter (where g.price_source <> 'bill')
            as listed_cost
    from ledger.gpu_hour as g join period as p on g.day >= p.month
),
named as (
    select
        s.*,
        case s.step
            when 'commitment_unused' then 'Unused reservations of GPUs'
            when 'host' then 'Cores and memory'
            when 'unscheduled' then 'Nobody asked for them'
            when 'idle' then 'Asked for, idle'
            when 'stalled' then 'Stalled'
            when 'failed' then 'Failed or cancelled'
            when 'unobserved' then 'Not observed'
            when 'productive' then 'Did work'
        end as label,
        case s.step
            when 'commitment_unused' then 'paid for, and no machine ran on them'
            when 'host' then 'the part of the machines'' price that is not their GPUs'
            when 'unscheduled' then 'the machine ran, and no work requested the GPU'
            when 'idle' then 'requested, and under 5 % in use'
            when 'stalled' then 'work ran, with the GPU under 5 % in use'
            when 'failed' then 'work that failed, was cancelled or pre-empted'
            when 'unobserved' then 'nobody tells what the GPU did'
            when 'productive' then 'requested and in use'
        end as meaning
    from step as s
    where s.step <> 'paid'
)
select
    n.month, n.position, n.step, n.label, n.meaning, n.gpu_hours, n.cost,
    p.gpu_hours as paid_gpu_hours, p.cost as paid_cost,
    case when n.step = 'productive' then n.cost end as working_cost,
    case when n.step = 'host' then n.cost end as host_cost,
    case when n.step = 'unobserved' then n.cost end as unknown_cost,
    case when n.step not in ('productive', 'host', 'unobserved') then n.cost end as lost_cost,
    b.unpriced_gpu_hours, b.listed_cost
from named as n join step as p on p.step = 'paid' cross join beside as b
order by n.cost desc nulls last, n.gpu_hours desc nulls last, n.position

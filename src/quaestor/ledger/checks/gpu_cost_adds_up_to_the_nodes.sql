-- What a machine with GPUs cost on a day is owed by its GPU-hours of that day, to the last digit.
-- Machines on no bill, and days with a charge that has no rate, owe null and are left out.
with node as (
    select hour::date as day, provider_id
    from usage.node_hour
    where gpus > 0
    qualify row_number() over (
        partition by cluster, node, hour order by source, provider_id
    ) = 1
),
machine as (
    select distinct day, provider_id from node
),
billed as (
    select m.day, m.provider_id, c.cost as billed_cost
    from machine as m
    join ledger.machine_day as c on c.day = m.day and c.machine = m.provider_id
),
owed as (
    select day, provider_id, sum(cost) as owed_cost, sum(idle_cost) as idle_cost
    from ledger.gpu_hour
    group by all
)
select b.day, b.provider_id, b.billed_cost, o.owed_cost, o.idle_cost
from billed as b
left join owed as o on o.day = b.day and o.provider_id = b.provider_id
where o.owed_cost is distinct from b.billed_cost
order by b.day, b.provider_id

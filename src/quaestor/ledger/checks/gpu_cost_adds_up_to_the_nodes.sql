-- What a machine with GPUs cost on a day is its GPUs' part and that of its cores and memory, both
-- owed by its GPU-hours of that day, to the last digit. Machines without a price, and days with a
-- charge that has no rate, owe null and are left out.
-- rows from ledger.gpu_cluster_day, ledger.gpu_hour, ledger.machine_day
with machine as (
    select distinct day, machine from ledger.gpu_cluster_day where machine is not null
),
priced as (
    select m.day, m.machine, c.cost
    from machine as m
    join ledger.machine_day as c on c.day = m.day and c.machine = m.machine
),
owed as (
    select
        day, provider_id, sum(cost) as gpu_cost, sum(host_cost) as host_cost,
        sum(cost + coalesce(host_cost, 0)) as owed_cost
    from ledger.gpu_hour
    where kind = 'cluster'
    group by day, provider_id
)
select p.day, p.machine as provider_id, p.cost, o.gpu_cost, o.host_cost
from priced as p
left join owed as o on o.day = p.day and o.provider_id = p.machine
where o.owed_cost is distinct from p.cost
order by p.day, p.machine

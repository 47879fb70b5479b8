-- The steps of a GPU waterfall add up to what was paid, none is negative where nothing was
-- refunded, and what was paid is the bill of these machines, to the last digit.
-- rows from ledger.charge_day, ledger.gpu_hour, ledger.gpu_waterfall, ledger.lineage
with scope as (
    select
        month, source, cluster, gpu_model,
        sum(cost) filter (where step = 'paid') as paid,
        sum(cost) filter (where step <> 'paid') as steps,
        min(cost) as least_step,
        count(*) as rows
    from ledger.gpu_waterfall
    group by month, source, cluster, gpu_model
),
owed as (
    select
        date_trunc('month', day)::date as month, source, cluster, gpu_model,
        sum(cost + coalesce(host_cost, 0)) as owed, min(cost) as least_cost
    from ledger.gpu_hour
    group by date_trunc('month', day)::date, source, cluster, gpu_model
),
machine as (
    select
        day, provider_id,
        sum(cost + coalesce(host_cost, 0)) as owed, count(*) = count(cost) as is_priced
    from ledger.gpu_hour
    where price_source = 'bill' and kind <> 'commitment' and provider_id is not null
    group by day, provider_id
),
known as (
    select resource_id, min(split_key) as machine
    from ledger.lineage
    where split_key is not null and kind not in ('volume', 'load-balancer', 'store')
    group by resource_id
),
billed as (
    select
        c.day, coalesce(k.machine, c.resource_id) as machine,
        sum(money_at_rate(c.billing_effective_cost, c.rate)) as billed
    from ledger.charge_day as c
    left join known as k on k.resource_id = c.resource_id
    where coalesce(k.machine, c.resource_id) in (select provider_id from machine)
    group by c.day, coalesce(k.machine, c.resource_id)
)
select
    s.month as since, s.source, s.cluster, s.gpu_model, s.paid as stated, s.steps as found
from scope as s
left join owed as o
    on o.month = s.month and o.source = s.source and o.cluster = s.cluster
    and o.gpu_model is not distinct from s.gpu_model
where s.paid is distinct from s.steps or s.paid is distinct from o.owed or s.rows <> 9
    or (o.least_cost >= 0 and s.least_step < 0)
union all
select m.day, m.provider_id, null, null, b.billed, m.owed
from machine as m
left join billed as b on b.day = m.day and b.machine = m.provider_id
where m.is_priced and m.owed is distinct from b.billed

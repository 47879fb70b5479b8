-- What the machines with idle GPUs cost on the days that they were idle: by the ledger, and billed.
--
-- grain     one row for each month with such a machine on a bill
-- input     $months
-- money     reporting currency, effective cost of whole machines, of which idle GPUs are a part:
--           `machine_cost` as the ledger divides it, `charged` as the charges come to; both without
--           days with a charge that has no rate. `idle_cost` is the part of these that was idle
-- method    a machine's charges are those of its resources (ledger.lineage, else its own name).
--           Behind list prices and unused commitments stands no charge of a machine
with machine as (
    select
        strftime(date_trunc('month', day), '%Y-%m') as month, day, provider_id as machine,
        sum(cost + coalesce(host_cost, 0)) as machine_cost, sum(idle_cost) as idle_cost
    from ledger.gpu_hour
    where
        strftime(date_trunc('month', day), '%Y-%m') in (select unnest($months::varchar[]))
        and price_source = 'bill' and kind <> 'commitment' and provider_id is not null
    group by all
    having count(*) = count(cost) and (sum(idle_gpu_hours) > 0 or sum(idle_cost) <> 0)
),
known as (
    select resource_id, min(split_key) as machine
    from ledger.lineage
    where split_key is not null and kind not in ('volume', 'load-balancer', 'store')
    group by resource_id
),
billed as (
    select
        m.month, m.day, m.machine, count(*) as charges,
        sum(money_at_rate(c.EffectiveCost, c.x_billing_currency_rate)) as charged
    from focus.charge as c
    left join known as k on k.resource_id = c.ResourceId
    join machine as m
        on m.day = c.ChargePeriodStart::date and m.machine = coalesce(k.machine, c.ResourceId)
    group by all
)
select
    m.month, count(*) as machine_days, sum(m.machine_cost) as machine_cost,
    sum(m.idle_cost) as idle_cost, sum(b.charged) as charged,
    coalesce(sum(b.charges), 0)::bigint as charges
from machine as m
left join billed as b on b.month = m.month and b.day = m.day and b.machine = m.machine
group by m.month
order by m.month

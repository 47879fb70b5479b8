-- What is divided is made up by its parts, resource by resource, and what is not stays what it
-- was, day by day: charge for charge, in the currency it was billed in and in the reporting one.
-- No tolerance.
-- rows from ledger.charge_day, ledger.part
with split as (
    select distinct day, resource_id
    from ledger.part
    where allocated_to is not null
        and date_trunc('month', day)::date in (select month from ledger.stale_month)
),
line as (
    select
        l.day, l.source, s.resource_id, l.charge_category, l.billing_currency,
        sum(l.charges) as charges, sum(l.billing_billed_cost) as billing_billed,
        sum(l.billing_effective_cost) as billing_effective,
        sum(money_at_rate(l.billing_billed_cost, l.rate)) as billed,
        sum(money_at_rate(l.billing_effective_cost, l.rate)) as effective
    from ledger.charge_day as l
    left join split as s on s.day = l.day and s.resource_id = l.resource_id
    where date_trunc('month', l.day)::date in (select month from ledger.stale_month)
    group by l.day, l.source, s.resource_id, l.charge_category, l.billing_currency
),
part as (
    select
        day, source, case when allocated_to is not null then resource_id end as resource_id,
        charge_category, billing_currency, sum(charges) as charges,
        sum(billing_billed_cost) as billing_billed, sum(billing_effective_cost) as billing_effective,
        sum(billed_cost) as billed, sum(effective_cost) as effective
    from ledger.part
    where date_trunc('month', day)::date in (select month from ledger.stale_month)
    group by all
)
select
    coalesce(l.day, p.day) as day, coalesce(l.source, p.source) as source,
    coalesce(l.resource_id, p.resource_id) as resource_id,
    l.charges as line_charges, p.charges as part_charges,
    l.billing_billed as line_billed, p.billing_billed as part_billed,
    l.billing_effective as line_effective, p.billing_effective as part_effective
from line as l
full join part as p
    on p.day = l.day and p.source = l.source
    and p.resource_id is not distinct from l.resource_id
    and p.charge_category is not distinct from l.charge_category
    and p.billing_currency is not distinct from l.billing_currency
where p.charges is distinct from l.charges
    or p.billing_billed is distinct from l.billing_billed
    or p.billing_effective is distinct from l.billing_effective
    or p.billed is distinct from l.billed
    or p.effective is distinct from l.effective
order by 1, 2, 3

-- What is divided is made up by its parts, resource by resource: on every cost basis, in the
-- currency it was billed in and in the reporting one, charge for charge. No tolerance.
with line as (
    select
        day, source, resource_id, charge_category, billing_currency, sum(charges) as charges,
        sum(billing_billed_cost) as billing_billed, sum(billing_effective_cost) as billing_effective,
        sum(money_at_rate(billing_billed_cost, rate)) as billed,
        sum(money_at_rate(billing_effective_cost, rate)) as effective,
        case when count(*) = count(billing_list_cost)
            then sum(money_at_rate(billing_list_cost, rate)) end as listed,
        case when count(*) = count(billing_contracted_cost)
            then sum(money_at_rate(billing_contracted_cost, rate)) end as contracted
    from ledger.charge_day
    where date_trunc('month', day)::date in (select month from ledger.stale_month)
    group by all
),
part as (
    select
        day, source, resource_id, charge_category, billing_currency, sum(charges) as charges,
        sum(billing_billed_cost) as billing_billed, sum(billing_effective_cost) as billing_effective,
        case when count(*) = count(billed_cost) then sum(billed_cost) end as billed,
        case when count(*) = count(effective_cost) then sum(effective_cost) end as effective,
        case when count(*) = count(list_cost) then sum(list_cost) end as listed,
        case when count(*) = count(contracted_cost) then sum(contracted_cost) end as contracted
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
    or p.listed is distinct from l.listed
    or p.contracted is distinct from l.contracted
order by 1, 2, 3

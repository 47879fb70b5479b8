-- What `shared:` divides is owed by those it is divided over, to the last digit, and what it leaves
-- alone stays as it is: by day, service and kind of charge, on every cost basis.
-- rows from ledger.cost, ledger.part
with part as (
    select
        day, source, service, charge_category, billing_currency, sum(charges) as charges,
        sum(billing_billed_cost) as billing_billed, sum(billing_effective_cost) as billing_effective,
        case when count(*) = count(billed_cost) then sum(billed_cost) end as billed,
        case when count(*) = count(effective_cost) then sum(effective_cost) end as effective,
        case when count(*) = count(list_cost) then sum(list_cost) end as listed,
        case when count(*) = count(contracted_cost) then sum(contracted_cost) end as contracted
    from ledger.part
    where date_trunc('month', day)::date in (select month from ledger.stale_month)
    group by all
),
owed as (
    select
        day, source, service, charge_category, billing_currency, sum(charges) as charges,
        sum(billing_billed_cost) as billing_billed, sum(billing_effective_cost) as billing_effective,
        case when count(*) = count(billed_cost) then sum(billed_cost) end as billed,
        case when count(*) = count(effective_cost) then sum(effective_cost) end as effective,
        case when count(*) = count(list_cost) then sum(list_cost) end as listed,
        case when count(*) = count(contracted_cost) then sum(contracted_cost) end as contracted
    from ledger.cost
    where date_trunc('month', day)::date in (select month from ledger.stale_month)
    group by all
)
select
    coalesce(p.day, o.day) as day, coalesce(p.source, o.source) as source,
    coalesce(p.service, o.service) as service,
    p.charges, o.charges as charges_owed, p.billing_billed, o.billing_billed as billed_owed,
    p.billing_effective, o.billing_effective as effective_owed
from part as p
full join owed as o
    on o.day = p.day and o.source = p.source
    and o.service is not distinct from p.service
    and o.charge_category is not distinct from p.charge_category
    and o.billing_currency is not distinct from p.billing_currency
where o.charges is distinct from p.charges
    or o.billing_billed is distinct from p.billing_billed
    or o.billing_effective is distinct from p.billing_effective
    or o.billed is distinct from p.billed
    or o.effective is distinct from p.effective
    or o.listed is distinct from p.listed
    or o.contracted is distinct from p.contracted
order by 1, 2, 3

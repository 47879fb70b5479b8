-- The ledger equals the bill per day, currency and cost basis, charge for charge. No tolerance.
-- List and contracted cost are held against it in the reporting currency, where every charge of a
-- day states them. Days that this build did not touch were held against it by the one that did.
-- rows from focus.charge, ledger.cost
with bill as (
    select
        ChargePeriodStart::date as day, BillingCurrency as currency, count(*) as charges,
        sum(BilledCost) as billed_cost, sum(EffectiveCost) as effective_cost,
        case when count(*) = count(ListCost) then sum(ListCost) end as list_cost,
        case when count(*) = count(ContractedCost) then sum(ContractedCost) end as contracted_cost
    from focus.charge
    where ChargePeriodStart::date in (select day from ledger.stale_day)
    group by all
),
owed as (
    select
        day, billing_currency as currency, sum(charges) as charges,
        sum(billing_billed_cost) as billed_cost, sum(billing_effective_cost) as effective_cost,
        case when count(*) = count(list_cost) then sum(list_cost) end as list_cost,
        case when count(*) = count(contracted_cost) then sum(contracted_cost) end
            as contracted_cost
    from ledger.cost
    where day in (select day from ledger.stale_day)
    group by all
)
select
    coalesce(bill.day, owed.day) as day, coalesce(bill.currency, owed.currency) as currency,
    bill.charges as charges_billed, owed.charges as charges_owed,
    bill.billed_cost, owed.billed_cost as billed_cost_owed,
    bill.effective_cost, owed.effective_cost as effective_cost_owed,
    bill.list_cost, owed.list_cost as list_cost_owed,
    bill.contracted_cost, owed.contracted_cost as contracted_cost_owed
from bill
full join owed on owed.day = bill.day and owed.currency is not distinct from bill.currency
where owed.charges is distinct from bill.charges
    or owed.billed_cost is distinct from bill.billed_cost
    or owed.effective_cost is distinct from bill.effective_cost
    or (
        bill.currency = (select value from config.setting where name = 'currency')
        and (
            owed.list_cost is distinct from bill.list_cost
            or owed.contracted_cost is distinct from bill.contracted_cost
        )
    )
order by 1, 2

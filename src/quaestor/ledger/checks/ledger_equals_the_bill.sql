-- The ledger equals the bill per day, currency and cost basis, charge for charge. No tolerance.
with bill as (
    select
        ChargePeriodStart::date as day, BillingCurrency as currency, count(*) as charges,
        sum(BilledCost) as billed_cost, sum(EffectiveCost) as effective_cost
    from focus.charge group by all
),
owed as (
    select
        day, billing_currency as currency, sum(charges) as charges,
        sum(billing_billed_cost) as billed_cost, sum(billing_effective_cost) as effective_cost
    from ledger.cost group by all
)
select
    coalesce(bill.day, owed.day) as day, coalesce(bill.currency, owed.currency) as currency,
    bill.charges as charges_billed, owed.charges as charges_owed,
    bill.billed_cost, owed.billed_cost as billed_cost_owed,
    bill.effective_cost, owed.effective_cost as effective_cost_owed
from bill
full join owed on owed.day = bill.day and owed.currency is not distinct from bill.currency
where owed.charges is distinct from bill.charges
    or owed.billed_cost is distinct from bill.billed_cost
    or owed.effective_cost is distinct from bill.effective_cost
order by all

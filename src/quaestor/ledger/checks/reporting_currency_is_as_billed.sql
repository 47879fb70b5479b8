-- Cost billed in the reporting currency is not changed by conversion. No tolerance.
-- rows from ledger.cost
select
    day, billing_currency, sum(billing_billed_cost) as billed, sum(billed_cost) as reported,
    sum(billing_effective_cost) as effective, sum(effective_cost) as effective_reported
from ledger.cost
where billing_currency = (select value from config.setting where name = 'currency')
group by all
having sum(billed_cost) is distinct from sum(billing_billed_cost)
    or sum(effective_cost) is distinct from sum(billing_effective_cost)
order by all

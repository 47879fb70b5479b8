-- Charges that no figure of this report holds, because their currency has no rate.
--
-- grain     one row per billing currency, over all months; none where every charge has a rate
-- money     billing_cost is in that currency, as billed
select
    billing_currency, sum(charges)::bigint as charges, sum(billing_effective_cost) as billing_cost,
    min(day) as first_day, max(day) as last_charge_day
from ledger.cost
where effective_cost is null
group by all
order by billing_currency nulls last

-- Effective cost: what files state beside what was charged, line by line.
--
-- grain     one row per source, billing period, account, sub account and currency
-- money     in the row's currency; NULL where no file states that cost
-- order     what does not add up first, then as in a bill
select
    source, billing_period_start, billing_account_id, sub_account_id, currency,
    landed_effective_cost as landed_cost, quarantined_effective_cost as quarantined_cost,
    effective_cost as charged_cost, effective_difference as difference
from ledger.reconciliation
where landed_effective_cost is not null or effective_cost is not null
order by
    coalesce(effective_difference <> 0, false) desc, source,
    billing_period_start, billing_account_id, sub_account_id, currency

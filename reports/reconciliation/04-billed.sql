-- Rows and billed cost: what files state beside what was charged, line by line.
--
-- grain     one row per source, billing period, account, sub account and currency
-- money     in the row's currency; NULL where no file states that cost
-- order     what does not add up first, then as in a bill
select
    source, billing_period_start, billing_account_id, sub_account_id, currency,
    rows_landed, rows_loaded, rows_left_out, rows_quarantined, rows_difference,
    files_refused,
    landed_billed_cost as landed_cost, quarantined_billed_cost as quarantined_cost,
    billed_cost as charged_cost, billed_difference as difference
from ledger.reconciliation
order by
    coalesce(rows_difference <> 0 or billed_difference <> 0, false) desc, source,
    billing_period_start, billing_account_id, sub_account_id, currency

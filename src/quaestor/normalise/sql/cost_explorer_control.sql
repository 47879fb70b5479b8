-- What Cost Explorer says was spent, row by row (normalise/format.py says what a control is).
--
-- grain     one row per period and group
-- money     DECIMAL(38, 20), in the row's currency
select
    x_row, reason, date_trunc('month', time_period_start) as billing_period_start,
    null::varchar as billing_account_id, linked_account as sub_account_id, currency,
    coalesce(net_unblended_cost, unblended_cost) as billed_cost,
    coalesce(net_amortized_cost, amortized_cost) as effective_cost,
    null::varchar as left_out
from landed

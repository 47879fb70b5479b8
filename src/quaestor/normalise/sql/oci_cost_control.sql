-- What an Oracle cost report claims to cost, row by row (normalise/format.py says what a control
-- is).
--
-- grain     one row per row of the report
-- money     DECIMAL(38, 20), in the row's currency; overage is part of myCost
select
    x_row, reason,
    date_trunc('month', line_item_interval_usage_start)::timestamp as billing_period_start,
    line_item_tenant_id as billing_account_id, product_compartment_id as sub_account_id,
    cost_currency_code as currency, cost_my_cost as billed_cost, cost_my_cost as effective_cost,
    null::varchar as left_out
from landed

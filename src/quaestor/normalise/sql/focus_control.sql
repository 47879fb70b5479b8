-- What a FOCUS export claims to cost, row by row (normalise/format.py says what a control is).
--
-- grain     one row per row of the export
-- money     DECIMAL(38, 20), in the row's billing currency
select
    x_row, reason, BillingPeriodStart as billing_period_start,
    BillingAccountId as billing_account_id, SubAccountId as sub_account_id,
    BillingCurrency as currency, BilledCost as billed_cost, EffectiveCost as effective_cost,
    null::varchar as left_out
from landed

-- What an invoice that is read by a mapping claims to cost, row by row (normalise/format.py).
--
-- grain     one row per row of the invoice
-- money     DECIMAL(38, 20), in the row's billing currency
select
    x_row, reason,
    coalesce(BillingPeriodStart, date_trunc('month', ChargePeriodStart))::timestamp
        as billing_period_start,
    BillingAccountId as billing_account_id, SubAccountId as sub_account_id,
    BillingCurrency as currency, BilledCost as billed_cost,
    coalesce(EffectiveCost, BilledCost) as effective_cost, null::varchar as left_out
from landed

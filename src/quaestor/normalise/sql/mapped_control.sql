-- What an invoice that is read by a mapping claims to cost, row by row (normalise/format.py).
--
-- grain     one row per row of the invoice
-- money     DECIMAL(38, 20), in the row's billing currency; a line of totals that the source
--           leaves out claims nothing
select
    x_row, reason,
    coalesce(BillingPeriodStart, date_trunc('month', ChargePeriodStart))::timestamp
        as billing_period_start,
    BillingAccountId as billing_account_id, SubAccountId as sub_account_id,
    BillingCurrency as currency,
    case when left_out is null then BilledCost end as billed_cost,
    case when left_out is null then coalesce(EffectiveCost, BilledCost) end as effective_cost,
    left_out
from landed

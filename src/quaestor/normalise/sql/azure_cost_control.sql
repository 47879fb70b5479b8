-- What an Azure cost details file claims to cost, row by row (normalise/format.py says what a
-- control is).
--
-- grain     one row per row of the file
-- money     DECIMAL(38, 20), in the row's billing currency. An amortised row does not state what
--           was billed for the commitment that covers it, nor does a purchase state its use; of
--           an actual and an amortised file together each states one cost (azure_pair.py)
with row_of_file as (
    select *, coalesce(BenefitId, ReservationId) as benefit from landed
)
select
    x_row, reason,
    coalesce(BillingPeriodStartDate, date_trunc('month', Date)::timestamp) as billing_period_start,
    case when PricingCurrency is null then coalesce(BillingAccountId, BillingProfileId)
        else coalesce(BillingProfileId, BillingAccountId) end as billing_account_id,
    SubscriptionId as sub_account_id, Currency as currency,
    case when not azure_is_covered(PricingModel, ChargeType, benefit) then Cost end as billed_cost,
    case when not azure_is_purchase(PricingModel, ChargeType, benefit) then Cost
    end as effective_cost,
    null::varchar as left_out, Date::date as day
from row_of_file

-- What an answer of Azure's query API claims to cost, row by row (normalise/format.py says what
-- a control is).
--
-- grain     one row per row of the answer
-- money     DECIMAL(38, 20), in the row's billing currency; which row states which cost is as in
--           azure_cost_control.sql
with row_of_file as (
    select *, coalesce(BenefitId, ReservationId) as benefit from landed
)
select
    x_row, reason, date_trunc('month', Date)::timestamp as billing_period_start,
    BillingAccountId as billing_account_id, SubscriptionId as sub_account_id,
    Currency as currency,
    case when not azure_is_covered(PricingModel, ChargeType, benefit) then Cost end as billed_cost,
    case when not azure_is_purchase(PricingModel, ChargeType, benefit) then Cost
    end as effective_cost,
    null::varchar as left_out, Date::date as day
from row_of_file

-- What a Cost and Usage Report claims to cost, row by row (normalise/format.py says what a
-- control is).
--
-- grain     one row per line item
-- money     DECIMAL(38, 20), in the row's currency. Billed: the net cost where there is one, else
--           the unblended one, of every row: what a Savings Plan covers nets to nothing with its
--           negation, and a reservation's use costs nothing. That is what an invoice says
-- method    the sum of effective costs is that of a report without fees that cover later use, with
--           the amortised cost of covered use and what nobody used of each fee instead
with claim as (
    select
        *,
        coalesce(
            line_item_net_unblended_cost,
            case
                when
                    line_item_line_item_type like '%Discount'
                    and exists (from landed where line_item_net_unblended_cost is not null)
                then 0::decimal(38, 20)
            end,
            line_item_unblended_cost
        ) as billed
    from landed
)
select
    x_row,
    reason,
    bill_billing_period_start_date as billing_period_start,
    bill_payer_account_id as billing_account_id,
    line_item_usage_account_id as sub_account_id,
    line_item_currency_code as currency,
    billed as billed_cost,
    case line_item_line_item_type
        when 'SavingsPlanCoveredUsage'
        then coalesce(
            savings_plan_net_savings_plan_effective_cost, savings_plan_savings_plan_effective_cost
        )
        when 'DiscountedUsage'
        then coalesce(
            reservation_net_effective_cost,
            reservation_effective_cost,
            (reservation_amortized_upfront_cost_for_usage + reservation_recurring_fee_for_usage)
            ::decimal(38, 20)
        )
        when 'SavingsPlanRecurringFee'
        then coalesce(
            (savings_plan_total_commitment_to_date - savings_plan_used_commitment)
            ::decimal(38, 20),
            0::decimal(38, 20)
        )
        when 'RIFee'
        then (
            coalesce(
                reservation_net_unused_amortized_upfront_fee_for_billing_period,
                reservation_unused_amortized_upfront_fee_for_billing_period,
                0::decimal(38, 20)
            )
            + coalesce(
                reservation_net_unused_recurring_fee,
                reservation_unused_recurring_fee,
                0::decimal(38, 20)
            )
        )::decimal(38, 20)
        when 'SavingsPlanUpfrontFee' then 0::decimal(38, 20)
        when 'SavingsPlanNegation' then 0::decimal(38, 20)
        when 'Fee'
        then case
            when
                savings_plan_savings_plan_a_r_n is null
                and savings_plan_savings_plan_arn is null
                and coalesce(
                    reservation_reservation_a_r_n,
                    reservation_reservation_arn,
                    ':capacity-reservation/'
                ) like '%:capacity-reservation/%'
            then billed
            else 0::decimal(38, 20)
        end
        else billed
    end as effective_cost,
    case when line_item_line_item_type = 'SavingsPlanNegation'
        then 'a negation takes back what a Savings Plan covered; that row is billed 0 instead'
    end as left_out
from claim

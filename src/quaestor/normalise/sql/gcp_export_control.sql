-- What a Google Cloud billing export claims to cost, row by row (normalise/format.py says what a
-- control is).
--
-- grain     one row per row of the export
-- money     DECIMAL(38, 20), in the row's billing currency: cost and all credits. Over an
--           invoice month what is effective is what is billed
select
    x_row, reason, gcp_month_start(invoice_month, 0) as billing_period_start,
    billing_account_id, project_id as sub_account_id, currency,
    (cost + gcp_sum(gcp_credit_list(credits)))::decimal(38, 20) as billed_cost,
    (cost + gcp_sum(gcp_credit_list(credits)))::decimal(38, 20) as effective_cost,
    null::varchar as left_out
from landed

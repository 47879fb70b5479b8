-- A part of a charge line is below zero only where the line is, and above zero only where the line
-- is: nobody is paid with what another owes. Looked at where a line is divided.
-- rows from ledger.part
with part as (
    select
        day, source, provider, service, sub_account, region, resource_id, charge_category, tags,
        facts, billing_currency,
        min(billing_billed_cost) as least_billed, max(billing_billed_cost) as most_billed,
        min(billing_effective_cost) as least_effective,
        max(billing_effective_cost) as most_effective,
        sum(billing_billed_cost) as billed, sum(billing_effective_cost) as effective,
        min(allocated_ratio) as least_ratio
    from ledger.part
    where allocated_to is not null
    and date_trunc('month', day)::date in (select month from ledger.stale_month)
    group by all
)
select
    day, source, resource_id, billed, least_billed, most_billed, effective, least_effective,
    most_effective, least_ratio
from part
where (billed >= 0 and least_billed < 0) or (billed <= 0 and most_billed > 0)
    or (effective >= 0 and least_effective < 0) or (effective <= 0 and most_effective > 0)
    or least_ratio < 0
order by 1, 2, 3

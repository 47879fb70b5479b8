-- What each commitment cost in the latest month that has one, and how much of it was used.
--
-- grain     one row per source, commitment and billing currency; the row without a commitment is
--           what ran at standard prices though a commitment could have covered it
-- money     as billed, in billing_currency; currencies are never added
-- method    ledger.commitment; `ends` is known where the term was bought at once, in any month
with latest as (
    select max(month) as month from ledger.commitment
),
term as (
    select commitment_id, max(ends) as ends
    from ledger.commitment where commitment_id is not null group by commitment_id
)
select
    c.month, c.source, c.provider, c.commitment_id, coalesce(c.name, c.commitment_id) as label,
    c.type, c.billing_currency, c.committed_cost, c.used_cost, c.unused_cost,
    c.utilization_ratio, c.eligible_cost, c.coverage_ratio, c.coverage_basis, t.ends
from ledger.commitment as c
join latest as l on l.month = c.month
left join term as t on t.commitment_id = c.commitment_id
order by
    c.commitment_id is null, c.billing_currency, c.unused_cost desc nulls last, c.source,
    c.commitment_id

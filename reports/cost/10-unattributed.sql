-- The largest spending of the latest month that names neither team nor model.
--
-- grain     one row per provider, service, account and resource; the 20 most expensive
-- money     reporting currency, effective cost; unattributed is all of it, the rest included
with period as (
    select date_trunc('month', max(day))::date as month from ledger.cost
),
resource as (
    select
        p.month, c.provider, c.service, c.sub_account, c.resource_id,
        sum(c.effective_cost) as cost, count(distinct c.day) as days
    from ledger.cost as c, period as p
    where date_trunc('month', c.day) = p.month and c.cost_kind = 'unattributed'
    group by all
),
ranked as (
    select
        *,
        row_number() over (
            order by cost desc nulls last, provider, service, sub_account, resource_id
        ) as place
    from resource
)
select
    *, count(*) over () as resources, sum(cost) over () as unattributed,
    sum(cost) filter (where place <= 20) over () as shown_cost,
    sum(cost) filter (where place > 20) over () as other_cost
from ranked
qualify place <= 20
order by place

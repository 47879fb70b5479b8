-- What the bill's charges say that figures are: the third sum of a trace.
--
-- grain     one row for each figure with lines in the ledger
-- input     $figures, JSON: id, month, and what their lines have in common
-- money     reporting currency, effective cost of what has a rate
-- method    a cell is what the ledger's lines and the bill's are both told by, whatever is split or
--           pooled: day, source, provider, service, category and currency. What a figure has of
--           the bill is what of its cells the ledger gives to nobody else
with figure as (
    select unnest(
        json_transform($figures, '[{
            "id": "VARCHAR", "month": "DATE", "model": "VARCHAR", "team": "VARCHAR",
            "environment": "VARCHAR", "provider": "VARCHAR", "stage": "VARCHAR",
            "cost_kind": "VARCHAR"
        }]'),
        recursive := true
    )
),
line as (
    select
        date_trunc('month', day)::date as month, day, source, provider, service, charge_category,
        billing_currency, team, model, environment, lifecycle_stage, cost_kind,
        coalesce(sum(effective_cost), 0) as cost
    from ledger.cost
    where date_trunc('month', day)::date in (select month from figure)
    group by all
),
owed as (
    select
        day, source, provider, service, charge_category, billing_currency, sum(cost) as owed
    from line
    group by all
),
billed as (
    select
        day, source, provider, service, charge_category, billing_currency,
        coalesce(sum(effective_cost), 0) as billed
    from ledger.line
    where date_trunc('month', day)::date in (select month from figure)
    group by all
),
gap as (
    select o.*, coalesce(b.billed, 0) - o.owed as gap
    from owed as o
    left join billed as b
        on b.day = o.day and b.source = o.source
        and b.provider is not distinct from o.provider
        and b.service is not distinct from o.service
        and b.charge_category is not distinct from o.charge_category
        and b.billing_currency is not distinct from o.billing_currency
    where coalesce(b.billed, 0) <> o.owed
),
mine as (
    select
        f.id, l.day, l.source, l.provider, l.service, l.charge_category, l.billing_currency,
        sum(l.cost) as mine
    from figure as f
    join line as l
        on l.month = f.month
        and (f.model is null or l.model = f.model)
        and (f.team is null or l.team = f.team)
        and (f.environment is null or l.environment = f.environment)
        and (f.provider is null or l.provider = f.provider)
        and (f.stage is null or l.lifecycle_stage = f.stage)
        and (f.cost_kind is null or l.cost_kind = f.cost_kind)
    group by all
)
select m.id, sum(m.mine + coalesce(g.gap, 0)) as charged
from mine as m
left join gap as g
    on g.day = m.day and g.source = m.source
    and g.provider is not distinct from m.provider
    and g.service is not distinct from m.service
    and g.charge_category is not distinct from m.charge_category
    and g.billing_currency is not distinct from m.billing_currency
group by m.id

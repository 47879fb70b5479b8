-- By how much the bill differs from the ledger where figures have lines: the third sum of a trace.
--
-- grain     one row for each figure with a cell that differs; none where all is well
-- input     $figures, JSON: id, month, and what their lines have in common: '' is no name
-- money     reporting currency, effective cost of what has a rate
-- method    a cell is what the ledger's lines and the bill's are both told by, whatever is split or
--           pooled: day, source, provider, service, category and currency. What a figure has of
--           the bill is what of its cells the ledger gives to nobody else: its lines, and the gap
with figure as (
    select unnest(
        json_transform($figures, '[{
            "id": "VARCHAR", "month": "DATE", "model": "VARCHAR", "team": "VARCHAR",
            "environment": "VARCHAR", "provider": "VARCHAR", "service": "VARCHAR",
            "stage": "VARCHAR", "cost_kind": "VARCHAR", "is_modelled": "BOOLEAN"
        }]'),
        recursive := true
    )
),
owed as (
    select
        day, source, provider, service, charge_category, billing_currency,
        coalesce(sum(effective_cost), 0) as owed
    from ledger.cost
    where date_trunc('month', day)::date in (select month from figure)
    group by day, source, provider, service, charge_category, billing_currency
),
billed as (
    select
        day, source, provider, service, charge_category, billing_currency,
        coalesce(sum(effective_cost), 0) as billed
    from ledger.line
    where date_trunc('month', day)::date in (select month from figure)
    group by day, source, provider, service, charge_category, billing_currency
),
gap as materialized (
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
line as (
    select distinct
        date_trunc('month', c.day)::date as month, g.day, g.source, g.provider, g.service,
        g.charge_category, g.billing_currency, g.gap, c.team, c.model, c.environment,
        c.lifecycle_stage, c.cost_kind
    from ledger.cost as c
    join gap as g
        on g.day = c.day and g.source = c.source
        and g.provider is not distinct from c.provider
        and g.service is not distinct from c.service
        and g.charge_category is not distinct from c.charge_category
        and g.billing_currency is not distinct from c.billing_currency
),
touched as (
    select distinct
        f.id, l.day, l.source, l.provider, l.service, l.charge_category, l.billing_currency, l.gap
    from figure as f
    join line as l
        on l.month = f.month
        and (f.is_modelled is null or (l.model is not null) = f.is_modelled)
        and (f.model is null or l.model = f.model)
        and (f.team is null or coalesce(l.team, '') = f.team)
        and (f.environment is null or l.environment = f.environment)
        and (f.provider is null or coalesce(l.provider, '') = f.provider)
        and (f.service is null or coalesce(l.service, '') = f.service)
        and (f.stage is null or coalesce(l.lifecycle_stage, '') = f.stage)
        and (f.cost_kind is null or l.cost_kind = f.cost_kind)
)
select id, sum(gap) as gap from touched group by id

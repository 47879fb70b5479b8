-- The ledger's lines behind figures, summed by the rule that decided who owns them.
--
-- grain     one row for each figure, rule and kind of cost; with `by_owner` also for each owner
-- input     $figures, JSON: id, month, by_owner, and what their lines have in common: '' is no name
-- money     reporting currency, effective and billed; NULL where a charge has no rate.
--           `rated_cost` is the sum of the lines that have one
-- order     the most money first
with figure as (
    select unnest(
        json_transform($figures, '[{
            "id": "VARCHAR", "month": "DATE", "by_owner": "BOOLEAN", "model": "VARCHAR",
            "team": "VARCHAR", "environment": "VARCHAR", "provider": "VARCHAR",
            "service": "VARCHAR", "stage": "VARCHAR", "cost_kind": "VARCHAR",
            "is_modelled": "BOOLEAN"
        }]'),
        recursive := true
    )
),
line as (
    select
        date_trunc('month', day)::date as month, rule, cost_kind, team, model, environment,
        lifecycle_stage, provider, service, sum(effective_cost) as rated_cost,
        sum(billed_cost) as rated_billed_cost, count(*) as lines,
        count(effective_cost) as rated_lines, count(billed_cost) as rated_billed_lines,
        sum(charges) as charges, min(day) as first_day, max(day) as last_day
    from ledger.cost
    where date_trunc('month', day)::date in (select month from figure)
    group by all
),
mine as (
    select
        f.id, l.rule, l.cost_kind,
        case when f.by_owner then l.team end as team,
        case when f.by_owner then l.model end as model,
        case when f.by_owner then l.environment end as environment,
        case when f.by_owner then l.lifecycle_stage end as lifecycle_stage,
        l.rated_cost, l.rated_billed_cost, l.lines, l.rated_lines, l.rated_billed_lines,
        l.charges, l.first_day, l.last_day
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
select
    id, rule, cost_kind, team, model, environment, lifecycle_stage,
    case when sum(lines) = sum(rated_lines) then sum(rated_cost) end as effective_cost,
    case when sum(lines) = sum(rated_billed_lines) then sum(rated_billed_cost) end as billed_cost,
    sum(charges) as charges, min(first_day) as first_day, max(last_day) as last_day,
    (sum(lines) - sum(rated_lines))::bigint as lines_without_rate,
    sum(lines)::bigint as lines, sum(rated_cost) as rated_cost
from mine
group by id, rule, cost_kind, team, model, environment, lifecycle_stage
order by
    id, abs(sum(rated_cost)) desc nulls last,
    rule, cost_kind, team, model, environment, lifecycle_stage

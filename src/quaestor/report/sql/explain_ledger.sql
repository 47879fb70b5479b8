-- The ledger's lines behind a figure, summed by the rule that decided who owns them.
--
-- money     reporting currency, effective and billed; NULL where a charge has no rate
-- order     the most money first
select
    rule, cost_kind, team, model, environment, lifecycle_stage,
    case when count(*) = count(effective_cost) then sum(effective_cost) end as effective_cost,
    case when count(*) = count(billed_cost) then sum(billed_cost) end as billed_cost,
    sum(charges) as charges, min(day) as first_day, max(day) as last_day,
    count(*) filter (effective_cost is null) as lines_without_rate
from ledger.cost
where date_trunc('month', day)::date = $month::date
    and ($model::varchar is null or model = $model)
    and ($team::varchar is null or team = $team)
    and ($environment::varchar is null or environment = $environment)
group by all
order by
    abs(sum(effective_cost)) desc nulls last,
    rule, cost_kind, team, model, environment, lifecycle_stage

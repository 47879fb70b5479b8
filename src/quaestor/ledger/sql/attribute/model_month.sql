-- What each model cost in each month, by lifecycle stage, against the month before.
--
-- grain     one row per month and model that a charge names
-- money     reporting currency; effective (amortised) cost in the stages, which add up to it
-- method    a month is complete when the bill has charges on each of its days; a change is given
--           only against a month right before it. A stage without charges costs zero. Where
--           any charge of the model has no rate, its cost and those of its stages are NULL.
--           Shared and idle cost are split onto models from `cost_kind`; zero where nothing was
--           split. The team is the one with the largest sum, the first by name of equal ones;
--           NULL where there are several and one's sum is not known
with line as (
    select date_trunc('month', day)::date as month, * from ledger.cost where model is not null
),
billed_days as (
    select date_trunc('month', day)::date as month, count(distinct day) as days
    from ledger.cost group by all
),
team_month as (
    select
        month, model, team,
        case when count(*) = count(effective_cost) then sum(effective_cost) end as cost
    from line where team is not null group by all
),
owner as (
    select
        month, model,
        case when count(*) = count(cost) or count(*) = 1
            then first(team order by cost desc, team) end as team
    from team_month group by all
),
model_month as (
    select
        month, model,
        count(*) = count(effective_cost) as is_known,
        case when count(*) = count(billed_cost) then sum(billed_cost) end as billed_cost,
        case when count(*) = count(effective_cost) then sum(effective_cost) end as effective_cost,
        sum(effective_cost) filter (lifecycle_stage = 'data') as data_cost,
        sum(effective_cost) filter (lifecycle_stage = 'training') as training_cost,
        sum(effective_cost) filter (lifecycle_stage = 'evaluation') as evaluation_cost,
        sum(effective_cost) filter (lifecycle_stage = 'inference') as inference_cost,
        sum(effective_cost) filter (lifecycle_stage = 'experimentation') as experimentation_cost,
        sum(effective_cost) filter (lifecycle_stage = 'platform') as platform_cost,
        sum(effective_cost) filter (lifecycle_stage is null) as unstaged_cost,
        sum(effective_cost) filter (cost_kind = 'shared') as shared_cost,
        sum(effective_cost) filter (cost_kind = 'idle') as idle_cost
    from line group by all
)
select
    m.month, m.model, o.team, m.billed_cost, m.effective_cost,
    case when m.is_known then coalesce(m.data_cost, 0) end as data_cost,
    case when m.is_known then coalesce(m.training_cost, 0) end as training_cost,
    case when m.is_known then coalesce(m.evaluation_cost, 0) end as evaluation_cost,
    case when m.is_known then coalesce(m.inference_cost, 0) end as inference_cost,
    case when m.is_known then coalesce(m.experimentation_cost, 0) end as experimentation_cost,
    case when m.is_known then coalesce(m.platform_cost, 0) end as platform_cost,
    case when m.is_known then coalesce(m.unstaged_cost, 0) end as unstaged_cost,
    coalesce(m.shared_cost, 0)::double / nullif(m.effective_cost, 0)::double as shared_ratio,
    coalesce(m.idle_cost, 0)::double / nullif(m.effective_cost, 0)::double as idle_ratio,
    before.effective_cost as previous_effective_cost,
    (m.effective_cost - before.effective_cost)::double / nullif(before.effective_cost, 0)::double
        as change_ratio,
    d.days,
    d.days = day(last_day(m.month)) as complete
from model_month as m
join billed_days as d on d.month = m.month
left join owner as o on o.month = m.month and o.model = m.model
left join model_month as before
    on before.model = m.model and before.month = (m.month - interval 1 month)::date

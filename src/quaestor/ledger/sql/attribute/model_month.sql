-- What each model cost in each month, by lifecycle stage, against the month before.
--
-- grain     one row per month and model that a charge names
-- money     reporting currency; effective (amortised) cost in the stages, which add up to it.
--           shared_cost and idle_cost are parts of it, too, across stages: what `shared:` gave the
--           model, and what idle capacity that is its own cost
-- method    a month is complete when the bill has charges on each of its days; a change is given
--           only against a month right before it. A stage without charges costs zero. Where
--           any charge of the model has no rate, its cost and those of its stages are NULL.
--           The team is the one with the largest sum, the first by name of equal ones;
--           NULL where there are several and one's sum is not known
-- rows from ledger.model_day
with line as (
    select date_trunc('month', day)::date as month, * from ledger.model_day
),
billed_days as (
    select date_trunc('month', day)::date as month, count(distinct day) as days
    from ledger.billed_day group by all
),
team_month as (
    select
        month, model, team,
        case when count(*) = count(effective_cost) then sum(effective_cost) end as cost
    from line where team is not null group by all
),
team_rank as (
    select
        month, model, team,
        row_number() over (partition by month, model order by cost desc, team) as rank,
        count(*) over (partition by month, model) as teams,
        count(cost) over (partition by month, model) as known_teams
    from team_month
),
owner as (
    select
        month, model, case when known_teams = teams or teams = 1 then team end as team
    from team_rank where rank = 1
),
model_month as (
    select
        month, model,
        count(*) = count(effective_cost) as is_known,
        case when count(*) = count(billed_cost) then sum(billed_cost) end as billed_cost,
        case when count(*) = count(effective_cost) then sum(effective_cost) end as effective_cost,
        sum(effective_cost) filter (where lifecycle_stage = 'data') as data_cost,
        sum(effective_cost) filter (where lifecycle_stage = 'training') as training_cost,
        sum(effective_cost) filter (where lifecycle_stage = 'evaluation') as evaluation_cost,
        sum(effective_cost) filter (where lifecycle_stage = 'inference') as inference_cost,
        sum(effective_cost) filter (where lifecycle_stage = 'experimentation')
            as experimentation_cost,
        sum(effective_cost) filter (where lifecycle_stage = 'platform') as platform_cost,
        sum(effective_cost) filter (where lifecycle_stage is null) as unstaged_cost,
        sum(effective_cost) filter (where cost_kind = 'shared') as shared_cost,
        sum(effective_cost) filter (where cost_kind = 'idle') as idle_cost
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
    d.days = day(last_day(m.month)) as complete,
    case when m.is_known then coalesce(m.shared_cost, 0) end as shared_cost,
    case when m.is_known then coalesce(m.idle_cost, 0) end as idle_cost
from model_month as m
join billed_days as d on d.month = m.month
left join owner as o on o.month = m.month and o.model = m.model
left join model_month as before
    on before.model = m.model and before.month = (m.month - interval 1 month)::date

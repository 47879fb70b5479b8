-- What each team's work cost in the latest month.
--
-- grain     one row per team; the row without a team is cost that reached none
-- money     reporting currency, effective cost; the rows add up to the month
-- method    a month that is not over is compared with the same days of the month before
with period as (
    select
        date_trunc('month', max(day))::date as month, max(day) as last_day,
        max(day) = last_day(max(day)) as is_complete,
        -- Of a month that began before the bill, a part is no month to compare with.
        min(day) <= date_trunc('month', max(day)) - interval 1 month as has_previous
    from ledger.cost
),
compared as (
    select
        p.month, p.is_complete, (p.month - interval 1 month)::date as previous_month,
        date_trunc('month', c.day) = p.month as is_current, c.*
    from ledger.cost as c, period as p
    where
        date_trunc('month', c.day) in (p.month, p.month - interval 1 month)
        and (p.is_complete or day(c.day) <= day(p.last_day))
        and (p.has_previous or c.day >= p.month)
)
select
    month, previous_month, is_complete, team, coalesce(team, 'no team') as label,
    sum(effective_cost) filter (where is_current) as cost,
    sum(effective_cost) filter (where is_current and team is not null) as owned_cost,
    sum(effective_cost) filter (where is_current and team is null) as ownerless_cost,
    sum(effective_cost) filter (where not is_current) as previous_cost,
    sum(effective_cost) filter (where is_current and model is not null) as model_cost,
    count(distinct model) filter (where is_current) as models
from compared
group by month, previous_month, is_complete, team
order by team is null, cost desc nulls last, team

-- What each team's work cost in the latest month.
--
-- grain     one row per team; the row without a team is cost that reached none
-- money     reporting currency, effective cost; the rows add up to the month
-- method    a month that is not over is compared with the same days of the month before
select
    month, previous_month, is_complete, team, coalesce(team, 'no team') as label,
    sum(effective_cost) filter (where is_current) as cost,
    sum(effective_cost) filter (where is_current and team is not null) as owned_cost,
    sum(effective_cost) filter (where is_current and team is null) as ownerless_cost,
    sum(effective_cost) filter (where not is_current) as previous_cost,
    sum(effective_cost) filter (where is_current and model is not null) as model_cost,
    count(distinct model) filter (where is_current) as models
from ledger.latest_cost
group by month, previous_month, is_complete, team
order by team is null, cost desc nulls last, team

-- The five models that cost most in the latest month, and what the others come to.
--
-- grain     one row per model of the five, one for all others, one for cost that reaches no model
-- money     reporting currency, effective cost; the rows add up to the month
-- method    as in cost/06-models.sql; a month that is not over is compared with the same days of
--           the month before. failed counts the findings of the latest audit that are violations
with period as (
    select
        date_trunc('month', max(day))::date as month, max(day) as last_day,
        max(day) = last_day(max(day)) as is_complete,
        -- Of a month that began before the bill, a part is no month to compare with.
        min(day) <= date_trunc('month', max(day)) - interval 1 month as has_previous
    from ledger.cost
),
model as (
    select
        p.month, (p.month - interval 1 month)::date as previous_month, p.is_complete, c.model,
        array_to_string(list_sort(list(distinct c.team)
            filter (where date_trunc('month', c.day) = p.month)), ', ') as teams,
        sum(c.effective_cost) filter (where date_trunc('month', c.day) = p.month) as cost,
        sum(c.effective_cost) filter (where date_trunc('month', c.day) < p.month)
            as previous_cost
    from ledger.cost as c, period as p
    where
        date_trunc('month', c.day) in (p.month, p.month - interval 1 month)
        and (p.is_complete or day(c.day) <= day(p.last_day))
        and (p.has_previous or c.day >= p.month)
    group by all
),
ranked as (
    select
        *, case
            when model is null then 7
            else least(6, row_number() over (
                partition by model is null order by cost desc nulls last, model
            ))
        end as place
    from model
)
select
    month, previous_month, is_complete, place, count(*) as models,
    case when place < 6 then any_value(model) end as model,
    case when place < 6 then any_value(teams) end as teams,
    sum(cost) as cost, sum(previous_cost) as previous_cost
from ranked
group by month, previous_month, is_complete, place
order by place

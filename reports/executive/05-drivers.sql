-- The five models that cost most in the latest month, and what the others come to.
--
-- grain     one row per model of the five, one for all others, one for cost that reaches no model
-- money     reporting currency, effective cost; the rows add up to the month
-- method    as in cost/06-models.sql; a month that is not over is compared with the same days of
--           the month before. failed counts the findings of the latest audit that are violations
with model as (
    select
        month, previous_month, is_complete, model,
        array_to_string(list_sort(list(distinct team) filter (where is_current)), ', ') as teams,
        sum(effective_cost) filter (where is_current) as cost,
        sum(effective_cost) filter (where not is_current) as previous_cost
    from ledger.latest_cost
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

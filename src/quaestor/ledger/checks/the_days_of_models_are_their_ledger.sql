-- What ledger.model_day says of a model in a month is what ledger.cost does. No tolerance.
-- rows from ledger.cost, ledger.model_day
with charged as (
    select
        date_trunc('month', day)::date as month, model,
        case when count(*) = count(effective_cost) then sum(effective_cost) end as cost
    from ledger.cost where model is not null group by all
),
told as (
    select
        date_trunc('month', day)::date as month, model,
        case when count(*) = count(effective_cost) then sum(effective_cost) end as cost
    from ledger.model_day group by all
)
select
    coalesce(c.month, t.month) as month, coalesce(c.model, t.model) as model, c.cost as charged,
    t.cost as told
from charged as c
full join told as t on t.month = c.month and t.model = c.model
where c.model is null or t.model is null or c.cost is distinct from t.cost
order by month, model

-- The versions of a model, and what no version caused, are its runs and its other cost: no cent is
-- counted twice and none is lost. No tolerance.
with line as (
    select model, effective_cost as cost from ledger.model_day where kept is distinct from 'run'
    union all
    select model, cost from ledger.run_cost where model is not null
),
owed as (
    select
        model, count(*) = count(cost) as is_known, coalesce(sum(cost), 0)::decimal(38, 20) as cost
    from line group by model
),
told as (
    select
        model, sum(known_cost) as cost,
        sum(case when lifetime_cost is null then 1 else 0 end) = 0 as is_known
    from ledger.version_cost group by model
)
select o.model, o.cost as owed, t.cost as told
from owed as o
full join told as t on t.model = o.model
where o.is_known is distinct from t.is_known
    or (o.is_known and o.cost is distinct from t.cost)
order by o.model

-- The versions of a model, and what no version caused, are its runs and its other cost: no cent is
-- counted twice and none is lost. Models with a charge that has no rate are left out. No tolerance.
-- rows from ledger.model_day, ledger.run_cost, ledger.version_cost
with line as (
    select model, effective_cost as cost, effective_cost is not null as is_known
    from ledger.model_day where kept is distinct from 'run'
    union all
    select model, cost, true from ledger.run_cost where model is not null
),
owed as (
    select model, coalesce(sum(cost), 0)::decimal(38, 20) as cost
    from line group by model having bool_and(is_known)
),
told as (
    select model, sum(known_cost) as cost from ledger.version_cost group by model
)
select o.model, o.cost as owed, t.cost as told
from owed as o
left join told as t on t.model = o.model
where o.cost is distinct from t.cost
order by o.model

-- Which models it is that the absence of MLOps costs most with.
--
-- grain     one row per model with an estimate
-- money     reporting currency, a month
with dearest as (
    select model, arg_max(title, base) as title from ledger.cost_of_no_mlops
    where model is not null and category <> 'total' and base > 0
    group by model
),
unknown as (
    select model, count(*) as categories from ledger.cost_of_no_mlops
    where model is not null and category <> 'total' and base is null
    group by model
)
select t.model, t.low, t.base, t.high, d.title, coalesce(u.categories, 0) as unknown
from ledger.cost_of_no_mlops as t
left join dearest as d on d.model = t.model
left join unknown as u on u.model = t.model
where t.category = 'total' and t.model is not null
order by t.base desc nulls last, t.high desc nulls last, t.model

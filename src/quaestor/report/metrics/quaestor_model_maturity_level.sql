-- Level at which a model is run, 0 (by hand) to 4 (continuous deployment).
--
-- labels    the 500 models that cost most in the latest month; a level that cannot be said is
--           absent. quaestor_models counts all of them
with spent as (
    select model, sum(effective_cost) as cost from ledger.model_month
    where month = (select date_trunc('month', max(day)) from ledger.cost) group by model
)
select left(m.model, 200) as model, min(m.level) as value
from ledger.maturity as m
left join spent as s on s.model = m.model
where m.scope = 'model'
group by all
order by max(s.cost) desc nulls last, 1
limit 500

-- The figures of the first screen.
--
-- grain     one row
-- money     reporting currency, a month; spend is that of the latest whole month
with whole as (
    select low, base, high from ledger.cost_of_no_mlops where category = 'total' and model is null
),
counted as (
    select count(*) as categories, count(base) as known
    from ledger.cost_of_no_mlops where category <> 'total' and model is null
),
dearest as (
    select model as dearest_model, base as dearest_base from ledger.cost_of_no_mlops
    where category = 'total' and model is not null and base > 0
    order by base desc, model limit 1
),
period as (
    select effective_cost as cost, month from ledger.coverage
    where month = coalesce(
        (select max(month) from ledger.model_month where complete),
        (select max(month) from ledger.coverage)
    )
)
select counted.*, whole.*, dearest.*, period.*
from counted left join whole on true left join dearest on true left join period on true

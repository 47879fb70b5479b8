-- The estimate of all categories, and the dearest of them.
--
-- grain     one row; nulls where nothing is estimated
-- money     reporting currency, a month
with whole as (
    select low, base, high, reason from ledger.cost_of_no_mlops
    where category = 'total' and model is null
),
dearest as (
    select title, base as dearest_base from ledger.cost_of_no_mlops
    where category <> 'total' and model is null and base > 0
    order by base desc, position limit 1
),
counted as (
    select
        count(*) as categories, count(*) filter (where base is null) as unknown,
        string_agg(title, ', ' order by position) filter (where base is null) as unknown_titles
    from ledger.cost_of_no_mlops
    where category <> 'total' and model is null
)
select counted.*, whole.*, dearest.*
from counted left join whole on true left join dearest on true

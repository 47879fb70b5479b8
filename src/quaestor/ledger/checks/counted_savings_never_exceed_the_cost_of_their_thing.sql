-- What counts of the advice on a thing, or inside it, is no more than what the bill says it costs.
-- Costs have four digits after the point, and so has what is scaled down to them.
-- rows from ledger.recommendation, ledger.resource_rate
with counted as (
    select coalesce(saves_on, subject) as thing, counted_saving_per_month as saving
    from ledger.recommendation where counted_saving_per_month is not null
    union all
    select inside, counted_saving_per_month
    from ledger.recommendation
    where counted_saving_per_month is not null and inside is distinct from saves_on
),
summed as (
    select thing, sum(saving) as saving from counted group by thing
)
select s.thing, s.saving, r.cost_per_month
from summed as s
join ledger.resource_rate as r on r.resource_id = s.thing
where s.saving > r.cost_per_month
order by all

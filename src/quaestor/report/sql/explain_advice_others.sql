-- Other advice about the same money: alternatives, the larger thing, and its parts.
select
    recommendation, kind, name, action, saving_per_month, counted_saving_per_month, counts_because
from ledger.recommendation
where recommendation <> $recommendation
    and (saves_on = $saves_on or inside = $saves_on or saves_on = $inside)
order by saving_per_month desc nulls last, kind, subject
limit 10

-- A model's cost by lifecycle stage adds up to its cost of the month. No tolerance.
-- rows from ledger.model_month
select month, model, effective_cost
from ledger.model_month
where effective_cost is distinct from
    data_cost + training_cost + evaluation_cost + inference_cost + experimentation_cost
    + platform_cost + unstaged_cost
order by all

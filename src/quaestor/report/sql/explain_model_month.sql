-- One model's month, as the reports show it.
select
    model, month, team, effective_cost, billed_cost, data_cost, training_cost, evaluation_cost,
    inference_cost, experimentation_cost, platform_cost, unstaged_cost, previous_effective_cost,
    change_ratio, days, complete
from ledger.model_month
where model = $name and month = $month::date

-- What each model cost in each month, by the stage of its life, with change and shares.
--
-- grain     one row per model and month, oldest first
-- money     reporting currency, effective cost; the stages add up to the month. Shared and idle
--           cost are parts of it, across stages; null: a charge has no rate
-- method    a change is against a whole month right before it, and none where the month runs
select
    model, month, effective_cost as cost, inference_cost, training_cost, evaluation_cost,
    experimentation_cost, data_cost, platform_cost, unstaged_cost, shared_cost, idle_cost,
    case when complete then previous_effective_cost end as previous_cost,
    days, complete as is_complete
from ledger.model_month
order by model, month

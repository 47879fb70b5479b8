-- The budgets of each model in the latest month: what is spent, and what it will come to.
--
-- grain     one row per model and budget that names it
-- money     reporting currency, effective cost; null: not known
select
    model, budget, month, environment, amount, spent, spent_ratio, forecast_cost, forecast_low,
    forecast_high, status
from ledger.budget
where model is not null and month = (select max(month) from ledger.budget)
order by model, budget

-- Each budget against what was spent and what is expected, in the latest month of the bill.
--
-- grain     one row per budget; none where no budget is configured
-- money     reporting currency, effective cost; null where a charge of the budget has no rate
-- method    month_ratio is the part of the month that is billed: a budget spent faster than the
--           days go by is on its way past its amount. What the month will come to, and the state
--           that makes, are ledger.budget's
select
    month, budget, team, model, environment, amount, spent, spent_ratio,
    amount - spent as remaining, days, days / day(last_day(month)) as month_ratio,
    forecast_cost, forecast_low, forecast_high, status
from ledger.budget
where month = (select date_trunc('month', max(day)) from ledger.cost)
order by spent_ratio desc nulls last, budget

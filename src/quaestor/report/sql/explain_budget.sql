-- One budget's month, as the reports show it, with what the budget holds.
select budget, month, team, model, environment, amount, spent, spent_ratio, days
from ledger.budget
where budget = $name and month = $month::date

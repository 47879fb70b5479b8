-- How the budgets of the latest month stand.
--
-- grain     one row
select
    count(*) as budgets, count(*) filter (where status = 'breach') as exceeded,
    count(*) filter (where status <> 'breach' and forecast_cost > amount) as expected_over,
    count(*) filter (where status is null) as unknown
from ledger.budget
where month = (select date_trunc('month', max(day)) from ledger.cost)

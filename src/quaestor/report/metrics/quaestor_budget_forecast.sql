-- What the latest month of a budget is expected to come to.
--
-- money     reporting currency, effective cost; absent where it is not known
select b.budget, s.value as currency, b.forecast_cost as value
from ledger.budget as b
join config.setting as s on s.name = 'currency'
where b.month = (select date_trunc('month', max(day)) from ledger.cost)
order by b.budget

-- Cost of the latest month that reaches neither a team nor a model.
--
-- money     reporting currency, effective cost; absent where a charge of the month has no rate
select s.value as currency, c.unattributed as value
from ledger.coverage as c
join config.setting as s on s.name = 'currency'
where c.month = (select date_trunc('month', max(day)) from ledger.cost)

-- How advice would have done on days that it was not made from.
select * exclude (kind, subject)
from ledger.backtest
where kind = $kind and subject = $subject
order by what

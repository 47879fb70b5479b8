-- What the audit could not see, the most money first.
--
-- grain     one row per blind spot
-- money     amount, in the currency of the row
select source, scope, period, reason, fix, amount, currency, count(*) over () as of_all
from audit.blind_spot
order by amount desc nulls last, rows desc nulls last, source, scope, period, reason, currency
limit $most

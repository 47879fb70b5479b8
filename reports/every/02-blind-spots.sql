-- What could not be seen, and what that hides. Printed before any figure.
--
-- grain     one row per blind spot
-- money     amount, in the currency of the row, which is the bill's and not always ours
-- order     the most money first, then the most rows
select source, scope, period, reason, fix, rows as hidden_rows, amount, currency
from audit.blind_spot
order by amount desc nulls last, rows desc nulls last, source, scope, period, reason, currency

-- What each month cost, by the stage of a model's life it served, and what the last will come to.
--
-- grain     one row per month, oldest first
-- money     reporting currency, effective cost; a month's stages add up to its cost
from ledger.cost_month order by month

-- Which models have a page: every one that a registry, a bill or a policy knows; the dearest first.
--
-- grain     one row per model
-- money     reporting currency, effective cost of all months that the bill knows; null: unknown
select model, cost
from audit.known_model
order by cost desc nulls last, model

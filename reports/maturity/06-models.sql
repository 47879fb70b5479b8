-- Each team and model: its level, what is missing, and whether the next one pays.
--
-- grain     one row per team, then one per model
-- money     reporting currency, a month
select
    scope, team, model, level, next_level, missing, unknown, next_value_per_month as value,
    next_cost_per_month as cost, is_next_advised, models, releases_per_month
from ledger.maturity
where scope <> 'organisation'
order by
    scope desc, is_next_advised desc nulls last, value desc nulls last, level nulls last, team, model

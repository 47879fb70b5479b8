-- How models are run as a whole, and whether the next level pays.
--
-- grain     one row; nulls where there is no model
-- money     reporting currency, a month
select
    o.level, o.next_level, o.missing, o.unknown, o.next_value_per_month, o.next_cost_per_month,
    o.is_next_advised, o.advice, o.models, o.releases_per_month,
    (select count(*) from ledger.maturity where scope = 'model') as known_models,
    ['manual', 'continuous data', 'continuous training', 'continuous integration',
        'continuous deployment'] as level_names
from (select 1) as one
left join ledger.maturity as o on o.scope = 'organisation'

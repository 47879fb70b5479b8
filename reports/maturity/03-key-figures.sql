-- The figures of the first screen.
--
-- grain     one row
-- money     reporting currency, a month
with model as (
    select
        count(*) as models, count(*) filter (where level is null) as unknown,
        count(*) filter (where level = 0) as manual,
        count(*) filter (where level >= 3) as integrated,
        count(*) filter (where is_next_advised) as advised
    from ledger.maturity where scope = 'model'
)
select model.*, o.level, o.releases_per_month, o.next_level, o.next_value_per_month,
    o.next_cost_per_month
from model left join ledger.maturity as o on o.scope = 'organisation'

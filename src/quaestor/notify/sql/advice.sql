-- What the advice that stands would save.
--
-- grain     one row
-- money     reporting currency, alternatives counted once; null: none is priced. ending_per_month
--           is what jobs that run now cost, which may end by itself, and is no part of the saving
select
    count(*) as open, count(*) filter (where counts_because = 'unpriced') as unpriced,
    sum(counted_saving_per_month) filter (where not may_end) as saving_per_month,
    sum(counted_saving_per_month) filter (where may_end) as ending_per_month
from audit.standing_recommendation
where state in ('open', 'reopened')

-- What the advice that stands would save.
--
-- grain     one row
-- money     saving_per_month, reporting currency, alternatives counted once; null: none is priced
select
    count(*) as open, count(*) filter (where counts_because = 'unpriced') as unpriced,
    sum(counted_saving_per_month) as saving_per_month
from audit.standing_recommendation
where state in ('open', 'reopened')

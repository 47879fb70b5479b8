-- How many objects each kind of advice looked at, and what came of it.
--
-- grain     one row per kind that looked at anything
select
    kind, count(*) as objects,
    count(*) filter (where answer = 'advise') as advised,
    count(*) filter (where answer = 'clean') as clean,
    count(*) filter (where answer = 'cannot-say') as cannot_say,
    count(*) filter (where answer = 'withheld') as withheld,
    count(*) filter (where answer = 'left-alone') as left_alone
from ledger.assessment
group by kind
order by kind

-- The days that are held against each other: an unusual day and its baseline day.
--
-- grain     one row per subject of ledger.compared and day, whether it is of now or of before
-- rows from ledger.unusual_day
select scope, subject, day, day as charged_on, true as is_now
from ledger.unusual_day where place <= 100
union all
select scope, subject, day, baseline_day as charged_on, false as is_now
from ledger.unusual_day where place <= 100

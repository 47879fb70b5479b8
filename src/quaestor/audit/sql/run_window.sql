-- The window of an audit: the last days of the bill that were all there before it.
--
-- grain     one row; without a day where no day is complete
-- method    up to 30 days ending with the latest complete day (ledger.billed_day) before the day
--           of the audit; days before the first of the bill are not counted as billed
with last_complete as (
    select max(day) as last_day from ledger.billed_day where complete and day < $today
)
select
    (w.last_day - interval 29 day)::date as first_day, w.last_day,
    count(b.day)::integer as billed_days
from last_complete as w
left join ledger.billed_day as b
    on b.complete and b.day between (w.last_day - interval 29 day)::date and w.last_day
group by w.last_day

-- Which days of the bill can be relied on, and which are still being delivered.
--
-- grain     one row per day that any charge is on
-- method    bills come late: rows of a day are delivered for days after it. The days of a source
--           are complete up to the latest one that is neither its last (unless it ends a month)
--           nor, within its last 7 days, has fewer than half of the charges of each same weekday
--           of the 4 weeks before (2 at least). A day of the bill is complete when that is so of
--           every source that still delivers: that has charges within 7 days of the bill's last.
--           So a service that is really switched off is believed after a week, and a day that is
--           not all there never reads as a saving
-- source    AWS Data Exports are refreshed at least daily and final after the month; of one GCP
--           export 63 of 292 rows came more than 7 days late
with source_day as (
    select source, day, sum(charges)::bigint as charges from ledger.cost group by all
),
delivering as (
    select source, max(day) as last_day
    from source_day
    group by source
    having date_diff('day', max(day), (select max(day) from source_day)) <= 7
),
late as (
    select d.source, d.day
    from delivering as s
    join source_day as d on d.source = s.source and date_diff('day', d.day, s.last_day) < 7
    join source_day as before
        on before.source = d.source and date_diff('day', before.day, d.day) in (7, 14, 21, 28)
    group by d.source, d.day, d.charges
    having count(*) >= 2 and 2 * d.charges < min(before.charges)
),
on_time as (
    select d.source, d.day
    from source_day as d
    left join late as l on l.source = d.source and l.day = d.day
    where l.day is null
),
reliable as (
    select s.source, max(d.day) as until
    from delivering as s
    left join on_time as d
        on d.source = s.source and (d.day < s.last_day or d.day = last_day(d.day))
    group by s.source
),
bill as (
    select min(until) as until, count(*) = count(until) as is_known from reliable
)
select
    d.day, sum(d.charges)::bigint as charges,
    coalesce(b.is_known and d.day <= b.until, false) as complete
from source_day as d
cross join bill as b
group by d.day, b.is_known, b.until

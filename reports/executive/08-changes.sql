-- What is different since the audit before.
--
-- grain     one row; without an audit before, its figures are null
-- money     reporting currency; the cost of the 30 days before each audit, as it was then
-- method    a violation is new where the audit before did not have it, and ended where the latest
--           does not: kept, waived, or without an answer
with run as (
    select *, row_number() over (order by audited_at desc, run_id desc) as place from audit.run
),
violation as (
    select distinct run.place, f.fingerprint
    from audit.finding as f join run using (run_id)
    where run.place <= 2 and f.verdict = 'fail'
),
moved as (
    select
        count(*) filter (where b.fingerprint is null) as begun,
        count(*) filter (where a.fingerprint is null) as ended
    from (select fingerprint from violation where place = 1) as a
    full join (select fingerprint from violation where place = 2) as b using (fingerprint)
),
cost as (
    select
        run.place,
        case when count(*) = count(c.effective_cost) then sum(c.effective_cost) end as cost
    from audit.run_cost as c join run using (run_id)
    where run.place <= 2
    group by run.place
),
advice as (
    select
        count(*) filter (where r.state = 'taken') as taken,
        sum(r.realised_per_month) filter (where r.state = 'taken') as realised
    from audit.recommendation as r join run using (run_id)
    where run.place = 1
)
select
    run.audited_at, earlier.audited_at as previous_audited_at, moved.begun, moved.ended,
    c.cost, cc.cost as previous_cost, w.currency, ww.currency as previous_currency, advice.*
from run
cross join moved cross join advice
left join run as earlier on earlier.place = 2
left join cost as c on c.place = 1
left join cost as cc on cc.place = 2
left join audit.run_window as w on w.run_id = run.run_id
left join audit.run_window as ww on ww.run_id = earlier.run_id
where run.place = 1

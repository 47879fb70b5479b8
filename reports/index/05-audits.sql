-- Every audit that is kept: what it found, what the days before it had cost, what was advised.
--
-- grain     one row per audit, newest first; the latest 400
-- money     the currency of each audit; cost is that of the 30 days before it, as it was then,
--           without charges that had no rate (is_partial). Savings are a month of 730 hours, those
--           of jobs that may end by themselves left out; realised is what was measured on the bill
-- method    traced is the part of that cost that reached a model
with run as (
    select *, count(*) over () as audits
    from audit.run order by audited_at desc, run_id desc limit 400
),
violation as (
    select
        f.run_id, count(*) filter (where f.severity = 'critical') as critical,
        count(*) filter (where f.severity = 'high') as high
    from audit.finding as f join run using (run_id)
    where f.verdict = 'fail'
    group by f.run_id
),
cost as (
    select
        c.run_id,
        sum(c.effective_cost) as cost,
        sum(c.effective_cost) filter (where c.model is not null) as model_cost,
        count(*) > count(c.effective_cost) as is_partial
    from audit.run_cost as c join run using (run_id)
    group by c.run_id
),
advice as (
    select
        r.run_id,
        sum(r.counted_saving_per_month) filter (
            where r.state in ('open', 'reopened') and not r.may_end
        ) as saving,
        sum(r.realised_per_month) filter (where r.state = 'taken') as realised
    from audit.recommendation as r join run using (run_id)
    group by r.run_id
)
select
    run.audited_at, run.exit_code, run.failed, run.unanswered, run.blind_spots, run.audits,
    coalesce(v.critical, 0) as critical, coalesce(v.high, 0) as high,
    w.currency, w.billed_days, c.cost, c.is_partial,
    case when c.cost <> 0 then (coalesce(c.model_cost, 0) / c.cost)::double end as traced,
    a.saving, a.realised
from run
left join violation as v on v.run_id = run.run_id
left join audit.run_window as w on w.run_id = run.run_id
left join cost as c on c.run_id = run.run_id
left join advice as a on a.run_id = run.run_id
order by run.audited_at desc, run.run_id desc

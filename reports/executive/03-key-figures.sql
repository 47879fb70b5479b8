-- The figures of the first screen, each beside the period before.
--
-- grain     one row
-- money     reporting currency, effective cost; savings are a month of 730 hours, alternatives
--           counted once; ending is what jobs that run now cost, apart from saving because they
--           may end by themselves
-- method    cost, coverage, idle GPUs and budgets as in cost/03-key-figures.sql, savings as in
--           rightsizing/03-key-figures.sql, findings as in compliance/03-key-figures.sql
with cost as (
    select
        sum(c.effective_cost) filter (where c.is_current) as cost,
        sum(c.effective_cost) filter (where not c.is_current)
            as previous_cost
    from ledger.latest_cost as c
),
gpu as (
    select
        sum(g.idle_cost) filter (where g.is_current) as idle_cost,
        sum(g.idle_cost) filter (where not g.is_current)
            as previous_idle_cost,
        sum(g.gpu_hours) filter (where g.is_current) as gpu_hours
    from ledger.latest_gpu_hour as g
),
expected as (
    select f.expected
    from ledger.forecast as f join ledger.latest_month as s on f.month = s.month
    where f.scope = 'total' and f.day is null
),
budget as (
    select
        count(*) as budgets, count(*) filter (where b.spent > b.amount) as exceeded,
        count(*) filter (where b.spent is null) as unknown_budgets,
        sum(b.spent - b.amount) filter (where b.spent > b.amount) as over_budget
    from ledger.budget as b join ledger.latest_month as s on b.month = s.month
),
saving as (
    select
        count(*) as advised,
        sum(counted_saving_per_month) filter (where not may_end) as saving,
        sum(counted_saving_per_month) filter (where may_end) as ending,
        sum(counted_saving_per_month) filter (where confidence = 'high' and not may_end)
            as sure_saving
    from audit.standing_recommendation
    where state <> 'dismissed'
),
run as (
    select *, row_number() over (order by audited_at desc, run_id desc) as place from audit.run
),
realised as (
    select
        count(*) as taken, sum(r.realised_per_month) as realised,
        count(*) filter (where r.realised_per_month is null) as unmeasured
    from audit.recommendation as r join run using (run_id)
    where run.place = 1 and r.state = 'taken'
),
finding as (
    select
        run.place, count(*) filter (where f.verdict <> 'skip') as judged,
        count(*) filter (where f.verdict = 'fail') as failed,
        count(*) filter (where f.verdict = 'fail' and f.severity = 'critical') as critical,
        count(*) filter (where f.verdict = 'fail' and f.severity = 'high') as high,
        count(*) filter (where f.verdict = 'fail' and f.severity = 'medium') as medium,
        count(*) filter (where f.verdict = 'fail' and f.severity = 'low') as low,
        count(*) filter (where f.verdict in ('unknown', 'error')) as unanswered,
        count(distinct f.model) filter (where f.verdict <> 'skip') as models,
        count(distinct f.model) filter (where f.verdict = 'fail' and f.blocking)
            as stopped_models
    from audit.finding as f join run using (run_id)
    where run.place <= 2
    group by run.place
)
select
    s.month, s.previous_month, s.is_complete, day(s.last_day) as days,
    c.*, u.unrated, u.previous_unrated, g.*, e.expected, b.*, a.*, r.*,
    covered.model_ratio, before.model_ratio as previous_model_ratio,
    latest.audited_at, earlier.audited_at as previous_audited_at,
    f.judged, f.failed, f.critical, f.high, f.medium, f.low, f.unanswered, f.models,
    f.stopped_models, ff.judged as previous_judged, ff.failed as previous_failed,
    ff.stopped_models as previous_stopped_models
from ledger.latest_month as s cross join cost as c cross join ledger.latest_unrated as u cross join gpu as g cross join budget as b
cross join saving as a cross join realised as r
left join expected as e on true
left join ledger.coverage as covered on covered.month = s.month
left join ledger.coverage as before on before.month = s.previous_month
left join run as latest on latest.place = 1
left join run as earlier on earlier.place = 2
left join finding as f on f.place = 1
left join finding as ff on ff.place = 2

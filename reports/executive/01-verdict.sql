-- What a director has to know in one sentence: money, direction, and the worst of governance.
--
-- grain     one row, with nulls where nothing was billed or nothing was audited
-- money     reporting currency, effective cost; charges in a currency without a rate are not in it,
--           and are in unrated and previous_unrated
-- method    a month that is not over is compared with the same days of the month before, as in
--           cost/01-verdict.sql. stopped_models break a rule that stops a release (blocking).
--           Of models, the one that is named breaks the worst rule, and costs most of those;
--           of advice, the one that saves most
with cost as (
    select
        m.month, m.is_complete, day(m.last_day) as days_billed,
        day(last_day(m.month)) as days_of_month, m.previous_month,
        sum(c.effective_cost) filter (where c.is_current) as cost,
        sum(c.effective_cost) filter (where not c.is_current) as previous_cost
    from ledger.latest_month as m left join ledger.latest_cost as c on true
    group by all
),
run as (select * from audit.latest_run),
finding as (
    select f.*, array_position(['critical', 'high', 'medium', 'low'], f.severity) as severity_rank
    from audit.finding as f join run using (run_id)
    where f.verdict <> 'skip'
),
governed as (
    select
        count(*) as evaluated, count(distinct model) as models,
        count(distinct model) filter (where verdict = 'fail' and blocking) as stopped_models,
        count(distinct model) filter (where verdict = 'fail') as failing_models,
        count(*) filter (where verdict = 'fail') as failed,
        count(*) filter (where verdict in ('unknown', 'error')) as unanswered
    from finding
),
worst as (
    select model as worst_model, title as worst_title, severity as worst_severity
    from finding
    where verdict = 'fail' and model is not null
    order by severity_rank, at_stake_per_month desc nulls last, model, policy
    limit 1
),
best as (
    select name, kind, may_end, counted_saving_per_month as best_saving
    from audit.standing_recommendation
    where state <> 'dismissed' and counted_saving_per_month > 0
    order by counted_saving_per_month desc, kind, subject
    limit 1
)
select
    cost.*, u.unrated, u.previous_unrated, run.run_id, run.audited_at, governed.*, worst.*, best.*
from cost cross join governed cross join ledger.latest_unrated as u
left join run on true left join worst on true left join best on true

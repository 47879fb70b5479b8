-- The figures of the first screen, each beside the audit before.
--
-- grain     one row; nulls for a run that does not exist
-- method    a model that no rule applies to is not judged, and so not clean: it is not counted
-- money     reporting currency; a model counts once, with the most that any of its findings puts
--           at stake, so that two broken rules do not double its cost; the share of the latest
--           month that reaches a model is ledger.coverage's
with run as (
    select *, row_number() over (order by audited_at desc, run_id desc) as place from audit.run
),
judged as (
    select
        run.place, f.model,
        count(*) filter (where f.verdict = 'fail') as failed,
        count(*) filter (where f.verdict in ('unknown', 'error')) as unanswered,
        max(f.at_stake_per_month) filter (where f.verdict = 'fail') as at_stake
    from audit.finding as f join run using (run_id)
    where run.place <= 2 and f.model is not null and f.verdict <> 'skip'
    group by all
),
model as (
    select
        place, count(*) as models,
        count(*) filter (where failed = 0 and unanswered = 0) as clean_models,
        sum(at_stake) as at_stake,
        count(*) filter (where failed > 0 and at_stake is null) as failing_without_cost
    from judged group by place
),
finding as (
    select
        run.place,
        count(distinct f.policy) filter (where f.verdict = 'fail') as broken,
        count(*) filter (where f.verdict = 'fail') as failed,
        count(*) filter (where f.verdict = 'fail' and f.first_seen >= run.audited_at) as new_failed,
        count(*) filter (where f.verdict in ('unknown', 'error')) as unanswered,
        count(*) filter (where f.verdict = 'waived') as waived
    from audit.finding as f join run using (run_id)
    where run.place <= 2
    group by run.place
),
covered as (
    select month, model_ratio from ledger.coverage order by month desc limit 1
)
select
    run.audited_at, earlier.audited_at as previous_audited_at,
    f.broken, f.failed, f.new_failed, f.unanswered, f.waived, m.models, m.clean_models, m.at_stake,
    m.failing_without_cost, ff.broken as previous_broken, ff.unanswered as previous_unanswered,
    mm.models as previous_models, mm.clean_models as previous_clean_models,
    c.month, c.model_ratio
from run
left join run as earlier on earlier.place = 2
left join finding as f on f.place = 1
left join model as m on m.place = 1
left join finding as ff on ff.place = 2
left join model as mm on mm.place = 2
left join covered as c on true
where run.place = 1

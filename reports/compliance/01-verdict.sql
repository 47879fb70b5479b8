-- The latest audit in one row: what it found, and against the audit before.
--
-- grain     one row, with nulls where nothing has been audited
with run as (select * from audit.latest_run),
found as (
    select
        count(distinct f.model) filter (where f.verdict <> 'skip') as models,
        count(distinct f.model) as models_seen,
        count(distinct f.model) filter (where f.verdict = 'fail') as failing_models,
        count(*) filter (where f.verdict <> 'skip') as evaluated,
        count(*) filter (where f.verdict = 'fail') as failed,
        count(*) filter (where f.verdict = 'fail' and f.severity = 'critical') as critical,
        count(*) filter (where f.verdict = 'fail' and f.severity = 'high') as high,
        count(*) filter (where f.verdict in ('unknown', 'error')) as unanswered
    from audit.finding as f join run using (run_id)
),
-- Asked, whether or not there was anything to judge.
asked as (
    select count(*) as policies
    from (
        select policy from audit.policy join run using (run_id)
        union
        select policy from audit.finding join run using (run_id)
    )
)
select run.run_id, run.audited_at, run.exit_code, run.fail_on, found.*, asked.policies
from found cross join asked left join run on true

-- How the latest audit answered, by severity.
--
-- grain     one row per severity that any policy has, worst first
with run as (
    select * from audit.run order by audited_at desc, run_id desc limit 1
),
ranked as (
    select f.*, array_position(['critical', 'high', 'medium', 'low'], f.severity) as severity_rank
    from audit.finding as f join run using (run_id)
)
select
    severity,
    count(*) filter (where verdict = 'fail') as failed,
    count(*) filter (where verdict in ('unknown', 'error')) as unanswered,
    count(*) filter (where verdict = 'waived') as waived,
    count(*) filter (where verdict = 'pass') as passed,
    count(*) filter (where verdict = 'skip') as skipped,
    count(*) filter (where verdict <> 'skip') as evaluated,
    count(distinct policy) as policies
from ranked
group by severity, severity_rank
order by severity_rank

-- How the latest audit answered, by severity.
--
-- grain     one row per severity that any policy has that was asked, worst first
with run as (select * from audit.latest_run),
answered as (
    select f.policy, f.severity, f.verdict from audit.finding as f join run using (run_id)
    union all
    select p.policy, p.severity, null from audit.policy as p join run using (run_id)
),
ranked as (
    select *, array_position(['critical', 'high', 'medium', 'low'], severity) as severity_rank
    from answered
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

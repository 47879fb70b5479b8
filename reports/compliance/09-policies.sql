-- Every policy of the latest audit and how it was answered.
--
-- grain     one row per policy, by family and name
with run as (
    select * from audit.run order by audited_at desc, run_id desc limit 1
),
finding as (
    select f.* from audit.finding as f join run using (run_id)
)
select
    family, policy, any_value(title) as title, any_value(severity) as severity,
    bool_or(blocking) as blocking,
    count(*) filter (where verdict = 'fail') as failed,
    count(*) filter (where verdict in ('unknown', 'error')) as unanswered,
    count(*) filter (where verdict = 'waived') as waived,
    count(*) filter (where verdict = 'pass') as passed,
    count(*) filter (where verdict = 'skip') as skipped,
    count(*) filter (where verdict <> 'skip') as evaluated
from finding
group by family, policy
order by family, policy

-- Every policy of the latest audit and how it was answered.
--
-- grain     one row per policy that was asked, by family and name; all zero where there was
--           nothing that it could judge
with run as (select * from audit.latest_run),
asked as (
    select p.family, p.policy, p.title, p.severity, p.blocking, null::varchar as verdict
    from audit.policy as p join run using (run_id)
),
finding as (
    select f.family, f.policy, f.title, f.severity, f.blocking, f.verdict
    from audit.finding as f join run using (run_id)
    union all
    select * from asked
)
select
    family, policy, any_value(title) as title, any_value(severity) as severity,
    bool_or(blocking) as blocking,
    count(*) filter (where verdict = 'fail') as failed,
    count(*) filter (where verdict in ('unknown', 'error')) as unanswered,
    count(*) filter (where verdict = 'waived') as waived,
    count(*) filter (where verdict = 'pass') as passed,
    count(*) filter (where verdict = 'skip') as skipped,
    count(*) filter (where verdict <> 'skip') as evaluated,
    count(verdict) as judged
from finding
group by family, policy
order by family, policy

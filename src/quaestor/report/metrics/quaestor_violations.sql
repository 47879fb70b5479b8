-- Violations in the latest audit by severity, zero where there is none.
with latest as (
    select run_id from audit.latest_run
)
select level.severity, count(f.fingerprint) as value
from latest
cross join unnest(['critical', 'high', 'medium', 'low']) as level (severity)
left join audit.finding as f
    on f.run_id = latest.run_id and f.severity = level.severity and f.verdict = 'fail'
group by level.severity
order by level.severity

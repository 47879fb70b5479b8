-- Violations that the latest audit was the first to see, by severity, zero where there is none;
-- of the first audit nothing is new.
with latest as (
    select run_id, audited_at from audit.latest_run
)
select level.severity, count(f.fingerprint) as value
from latest
cross join unnest(['critical', 'high', 'medium', 'low']) as level (severity)
left join audit.finding as f
    on f.run_id = latest.run_id and f.severity = level.severity and f.verdict = 'fail'
    and f.first_seen = latest.audited_at
where exists (from audit.run as r where r.audited_at < latest.audited_at)
group by level.severity
order by level.severity

-- The findings of the latest audit that a fingerprint, or its beginning, names.
--
-- order     worst first, then by name
with latest as (
    select run_id, audited_at from audit.latest_run
)
select
    f.policy, f.title, f.family, f.source, f.subject, f.model, f.severity, f.verdict, f.reason,
    f.at_stake_per_month, f.evidence, f.blocking, f.fingerprint, f.waiver, f.first_seen,
    f.remedy, f.why, l.audited_at
from audit.finding as f
join latest as l using (run_id)
where starts_with(f.fingerprint, $prefix)
order by
    list_position(['critical', 'high', 'medium', 'low'], f.severity), f.policy, f.subject

-- Every finding of the latest audit about a subject, or about all that belongs to a model.
--
-- order     violations, then what has no answer, then the rest; worst first in each
with latest as (
    select run_id, audited_at from audit.latest_run
)
select
    f.policy, f.title, f.family, f.source, f.subject, f.model, f.severity, f.verdict, f.reason,
    f.at_stake_per_month, f.evidence, f.blocking, f.fingerprint, f.waiver, f.first_seen,
    f.remedy, f.why, l.audited_at
from audit.finding as f
join latest as l using (run_id)
where (f.subject = $subject or f.model = $subject) and f.verdict <> 'skip'
order by
    list_position(['fail', 'error', 'unknown', 'waived', 'pass'], f.verdict),
    list_position(['critical', 'high', 'medium', 'low'], f.severity), f.policy, f.subject

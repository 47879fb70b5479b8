-- The violations of an audit that the audit before did not have, the worst first.
--
-- grain     one row per violation
-- money     at_stake_per_month, reporting currency; null: unknown
-- order     severity, then money, then names
with known as (
    select fingerprint from audit.finding where run_id = $before and verdict = 'fail'
)
select
    f.policy, f.title, f.family, f.severity, f.source, f.subject, f.model, f.reason, f.remedy,
    f.at_stake_per_month, f.fingerprint, f.first_seen, count(*) over () as of_all
from audit.finding as f
left join known as k on k.fingerprint = f.fingerprint
where f.run_id = $run and f.verdict = 'fail' and k.fingerprint is null
order by
    list_position(['critical', 'high', 'medium', 'low'], f.severity),
    f.at_stake_per_month desc nulls last, f.policy, f.source nulls first, f.subject
limit $most

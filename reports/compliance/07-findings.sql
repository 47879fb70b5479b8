-- Every broken rule of the latest audit, worst first.
--
-- grain     one row per finding; rows of one policy share `place`
-- money     reporting currency, a month; null: unknown
-- order     policies by severity, then by the most that one finding puts at stake; findings by
--           what they put at stake
with run as (select * from audit.latest_run),
finding as (
    select
        f.*, run.audited_at,
        array_position(['critical', 'high', 'medium', 'low'], f.severity) as severity_rank,
        max(f.at_stake_per_month) over (partition by f.policy) as most_at_stake
    from audit.finding as f join run using (run_id)
    where f.verdict = 'fail'
)
select
    dense_rank() over (order by severity_rank, most_at_stake desc nulls last, policy) as place,
    policy, title, family, severity, verdict, source, subject, model, reason,
    at_stake_per_month, blocking, fingerprint, first_seen, audited_at, remedy, why,
    evidence
from finding
order by place, at_stake_per_month desc nulls last, subject, source

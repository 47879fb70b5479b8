-- What the latest audit says of each model: what it breaks, what has no answer, what is waived.
--
-- grain     one row per model whose `verdict` is null, with how many findings are what; then one
--           row per finding that is neither kept nor without application
-- money     reporting currency, a month; null: unknown
-- order     violations, unanswered ones, waived ones; each by severity and what is at stake
with run as (select * from audit.latest_run),
finding as (
    select f.*, run.audited_at
    from audit.finding as f join run using (run_id)
    where f.model is not null
),
counted as (
    select
        model, audited_at,
        count(*) filter (where verdict = 'pass') as kept,
        count(distinct policy) filter (where verdict = 'pass') as kept_policies,
        count(*) filter (where verdict = 'skip') as not_applicable,
        count(*) filter (where verdict = 'fail') as broken,
        count(*) filter (where verdict in ('unknown', 'error')) as unanswered,
        count(*) filter (where verdict = 'waived') as waived
    from finding group by model, audited_at
)
select
    f.model, case f.verdict when 'error' then 'unknown' else f.verdict end as verdict,
    f.verdict = 'error' as is_broken_rule, f.policy, f.title, f.severity, f.blocking, f.source,
    f.subject, f.reason, f.remedy, f.evidence, f.at_stake_per_month, f.fingerprint, f.first_seen,
    f.audited_at,
    w.expires, w.approved_by, w.reason as waived_because, w.waiver,
    null::bigint as kept, null::bigint as kept_policies, null::bigint as not_applicable,
    null::bigint as broken, null::bigint as unanswered, null::bigint as waived
from finding as f
left join audit.waiver as w on w.run_id = f.run_id and w.waiver = f.waiver
where f.verdict not in ('pass', 'skip')
union all by name
select * from counted
order by
    model, array_position(['fail', 'unknown', 'waived'], verdict) nulls first,
    array_position(['critical', 'high', 'medium', 'low'], severity),
    at_stake_per_month desc nulls last, policy, subject, source

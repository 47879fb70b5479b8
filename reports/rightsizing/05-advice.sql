-- Every piece of advice, what saves most first.
--
-- grain     one row per advice
-- money     reporting currency a month of 730 hours; `counted` is its part of the total
with run as (
    select * from audit.run order by audited_at desc, run_id desc limit 1
),
kept as (
    select r.recommendation, r.state, r.first_seen, r.state_reason, run.audited_at
    from audit.recommendation as r join run using (run_id)
)
select
    r.recommendation, r.kind, r.name, r.subject, r.action, r.current, r.proposed, r.reason,
    r.saving_per_month as saving, r.counted_saving_per_month as counted,
    r.stranded_per_month as stranded, r.saving_basis, r.confidence, r.risk, r.command,
    r.counts_because, r.team, r.model, r.model_version, r.environment,
    k.state, k.state_reason, k.first_seen, k.audited_at,
    other.name as instead_name
from ledger.recommendation as r
left join kept as k on k.recommendation = r.recommendation
left join ledger.recommendation as other on other.recommendation = r.instead_of
order by
    r.counted_saving_per_month desc nulls last, r.saving_per_month desc nulls last, r.kind,
    r.subject

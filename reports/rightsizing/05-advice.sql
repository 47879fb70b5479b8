-- Every piece of advice, what saves most first.
--
-- grain     one row per advice
-- money     reporting currency a month of 730 hours; `counted` is its part of the total
select
    r.recommendation, r.kind, r.name, r.subject, r.action, r.current, r.proposed, r.reason,
    r.saving_per_month as saving, r.counted_saving_per_month as counted,
    r.stranded_per_month as stranded, r.saving_basis, r.confidence, r.risk, r.command, r.evidence,
    r.counts_because, r.team, r.model, r.model_version, r.environment,
    r.state, r.state_reason, r.first_seen, r.audited_at, other.name as instead_name
from audit.standing_recommendation as r
left join ledger.recommendation as other on other.recommendation = r.instead_of
order by
    r.state = 'dismissed', r.counted_saving_per_month desc nulls last,
    r.saving_per_month desc nulls last, r.kind, r.subject

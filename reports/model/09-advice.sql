-- What is advised for each model, what saves most first.
--
-- grain     one row per model and advice
-- money     reporting currency a month of 730 hours; `counted` is its part of the sum, in which
--           alternatives count once
select
    r.model, r.recommendation, r.kind, r.name, r.action, r.current, r.proposed, r.reason,
    r.saving_per_month as saving, r.counted_saving_per_month as counted, r.saving_basis,
    r.confidence, r.risk, r.command, r.evidence, r.model_version, r.state, r.state_reason, r.first_seen,
    r.audited_at, other.name as instead_name
from audit.standing_recommendation as r
left join ledger.recommendation as other on other.recommendation = r.instead_of
where r.model is not null
order by
    r.model, r.state = 'dismissed', r.counted_saving_per_month desc nulls last,
    r.saving_per_month desc nulls last, r.kind, r.subject

-- Advice that an id, its beginning, or a subject names: as it is, and as the latest audit has it.
--
-- grain     one row per kind and subject; objects that got no advice too, by their answer
-- order     what saves most first
with recorded as (
    select r.*, a.audited_at
    from audit.recommendation as r
    join audit.run as a using (run_id)
    where starts_with(r.recommendation, $prefix) or r.subject = $subject
    qualify row_number() over (
        partition by r.recommendation order by a.audited_at desc, r.run_id desc
    ) = 1
),
looked_at as (
    select left(sha256(kind || ':' || subject), 16) as recommendation, a.*
    from ledger.assessment as a
),
given as (
    select
        l.*, r.counted_saving_per_month, r.stranded_per_month, r.counts_because, r.instead_of
    from looked_at as l
    left join ledger.recommendation as r on r.kind = l.kind and r.subject = l.subject
    where starts_with(l.recommendation, $prefix) or l.subject = $subject
)
select
    coalesce(g.recommendation, r.recommendation) as recommendation,
    coalesce(g.kind, r.kind) as kind, coalesce(g.subject, r.subject) as subject,
    coalesce(g.name, r.name) as name, coalesce(g.source, r.source) as source,
    g.answer, g.reason, coalesce(g.action, r.action) as action,
    coalesce(g.current, r.current) as current, coalesce(g.proposed, r.proposed) as proposed,
    coalesce(g.cost_per_month, r.cost_per_month) as cost_per_month,
    case when g.kind is null then r.saving_per_month else g.saving_per_month end
        as saving_per_month,
    coalesce(g.saving_basis, r.saving_basis) as saving_basis,
    case when g.kind is null then r.counted_saving_per_month else g.counted_saving_per_month end
        as counted_saving_per_month,
    g.stranded_per_month, g.counts_because, g.instead_of, g.committed_ratio,
    coalesce(g.confidence, r.confidence) as confidence, g.risk, g.command, g.evidence,
    coalesce(g.team, r.team) as team, coalesce(g.model, r.model) as model, g.model_version,
    coalesce(g.environment, r.environment) as environment,
    coalesce(g.resource_id, r.resource_id) as resource_id, g.saves_on,
    coalesce(g.inside, r.inside) as inside,
    r.state, r.state_reason, r.first_seen, r.state_since, r.audited_at,
    r.realised_per_month, r.realised_low, r.realised_high, r.realised_how
from given as g
full join recorded as r on r.recommendation = g.recommendation
order by saving_per_month desc nulls last, kind, subject

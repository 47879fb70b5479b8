-- What to change, and what of its saving counts towards the total.
--
-- grain     one row per advice in ledger.assessment
-- money     reporting currency a month of 730 hours; null where no price is known, never zero
-- rows from ledger.assessment
select
    subject, action, kind, current, proposed, saving_per_month, saving_basis, confidence, risk,
    evidence, command,
    left(sha256(kind || ':' || subject), 16) as recommendation,
    source, name, reason, cost_per_month,
    saving_per_month as counted_saving_per_month,
    null::decimal(38, 20) as stranded_per_month,
    case when saving_per_month is null then 'unpriced' else 'best' end as counts_because,
    null::varchar as instead_of,
    team, model, model_version, environment, resource_id, saves_on, inside, tags
from ledger.assessment
where answer = 'advise'

-- Versions that something deployed would be rolled back to: kept on purpose.
--
-- grain     one row per model and version
-- source    registry.deployment and registry.model_version, rollback_to
-- rows from ledger.served_version
select distinct model, rollback_to as model_version
from ledger.served_version
where rollback_to is not null and rollback_to <> model_version
union
select distinct coalesce(n.new, v.model), v.rollback_to
from registry.model_version as v
join ledger.served_version as s on s.model_version = v.version
left join config.renaming as n on n.field = 'model' and n.old = v.model
where v.rollback_to is not null and v.rollback_to <> v.version
    and coalesce(n.new, v.model) = s.model

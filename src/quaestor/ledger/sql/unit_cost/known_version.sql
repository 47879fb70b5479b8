-- Every version of every model, as the ledger names it, with the run that made it.
--
-- grain     one row per model, version and run that a registry names (null: none does)
-- method    models are called by their new names (`names:` in quaestor.yaml). Where registries
--           tell of different times, a version was created at the first of them
select
    coalesce(n.new, v.model) as model, v.version, v.run_id,
    min(min(v.created_at)) over (partition by coalesce(n.new, v.model), v.version) as created_at
from registry.model_version as v
left join config.renaming as n on n.field = 'model' and n.old = v.model
group by coalesce(n.new, v.model), v.version, v.run_id

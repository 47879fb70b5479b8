-- Every name that `quaestor explain` takes, for a suggestion when it was given another.
select distinct subject as name from audit.finding
union
select model from registry.model
union
select model || ':' || version from registry.model_version
union
select 'model_month/' || model || '/' || strftime(month, '%Y-%m') from ledger.model_month
union
select 'budget/' || budget || '/' || strftime(month, '%Y-%m') from ledger.budget
order by name

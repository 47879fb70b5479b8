-- Every name that `quaestor explain` takes, for a suggestion when it was given another.
select distinct subject as name from audit.finding
union
select model from registry.model
union
select model || ':' || version from registry.model_version
union
select deployment from registry.deployment
union
select dataset from registry.dataset
union
select store from registry.store
union
select endpoint from usage.endpoint
union
select subject from ledger.recommendation
union
select subject from audit.recommendation
union
select 'model_month/' || model || '/' || strftime(month, '%Y-%m') from ledger.model_month
union
select 'budget/' || budget || '/' || strftime(month, '%Y-%m') from ledger.budget
order by name

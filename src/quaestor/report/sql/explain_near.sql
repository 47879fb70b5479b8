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
union
select distinct kind || '/' || strftime(month, '%Y-%m')
from (select distinct date_trunc('month', day) as month from ledger.billed_day) as m
cross join (
    select unnest([
        'month', 'reaches_model', 'unattributed', 'idle_gpu', 'no_model', 'no_team', 'no_stage',
        'no_provider'
    ]) as kind
) as k
union
select kind || '/' || name || '/' || strftime(month, '%Y-%m')
from (
    select distinct
        date_trunc('month', day) as month,
        unnest(['team_month', 'provider_month', 'stage_month']) as kind,
        unnest([team, provider, lifecycle_stage]) as name
    from ledger.cost
)
where name is not null
union
select distinct
    'service_month/' || replace(replace(coalesce(provider, ''), '%', '%25'), '/', '%2F') || '/'
        || coalesce(service, '') || '/' || strftime(date_trunc('month', day), '%Y-%m')
from ledger.cost
order by name

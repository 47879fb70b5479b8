-- Who was paid for what in the latest month.
--
-- grain     one row per provider and service
-- money     reporting currency, effective cost; the rows add up to the month
-- method    a month that is not over is compared with the same days of the month before
with service as (
    select
        month, previous_month, is_complete, provider, service,
        sum(effective_cost) filter (where is_current) as cost,
        sum(effective_cost) filter (where not is_current) as previous_cost,
        sum(effective_cost) filter (where is_current and cost_kind = 'unattributed')
            as unattributed_cost
    from ledger.latest_cost
    group by all
)
select
    *, concat_ws(' · ', coalesce(service, 'no service'), coalesce(provider, 'no provider')) as label,
    sum(cost) over (partition by provider) as provider_cost,
    sum(previous_cost) over (partition by provider) as previous_provider_cost,
    row_number() over (partition by provider order by cost desc nulls last, service) = 1
        as is_first_of_provider
from service
order by cost desc nulls last, provider, service

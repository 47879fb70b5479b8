-- The charges of the bill behind a figure, by resource: the ten that cost most.
--
-- money     `effective_cost` in the reporting currency, NULL where a charge has no rate;
--           `billing_effective_cost` as billed
-- method    `total_*` count and sum every resource, the ones past the tenth included;
--           `charge` names the dearest charge of each, for `quaestor explain charge/...`
with charge as (
    select *
    from ledger.ruled_charge
    where date_trunc('month', ChargePeriodStart)::date = $month::date
        and ($model::varchar is null or model = $model)
        and ($team::varchar is null or team = $team)
        and ($environment::varchar is null or environment = $environment)
),
resource as (
    select
        provider, ServiceName as service, ResourceId as resource_id,
        ChargeCategory as charge_category, rule, BillingCurrency as billing_currency,
        case when count(*) = count(effective_cost) then sum(effective_cost) end as effective_cost,
        sum(EffectiveCost) as billing_effective_cost,
        count(*) as charges,
        arg_max(
            'charge/' || x_file_sha256[:12] || '/' || x_row,
            (abs(EffectiveCost), x_file_sha256, x_row)
        ) as charge
    from charge
    group by all
)
select
    *,
    count(*) over () as total_resources,
    sum(charges) over () as total_charges,
    case when count(*) over () = count(effective_cost) over () then sum(effective_cost) over ()
    end as total_effective_cost
from resource
order by
    abs(effective_cost) desc nulls last, abs(billing_effective_cost) desc, charge
limit 10
